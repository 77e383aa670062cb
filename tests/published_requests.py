"""The published amendments, cancellations and arrivals with their originals, and another way to apply an amendment."""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterator
from typing import Any

from lxml import etree

from singlewindow.declarations.amending.requests import RequestKind
from singlewindow.declarations.model import Tree
from singlewindow.declarations.reading.intake import Media, Reading, read_message
from tests.corpus import CORPUS
from tests.places import REPOSITORY
from tests.unit.declarations.amending.messages import MRN
from tests.unit.declarations.samples import DEC

AMENDMENTS = {
    "TT_Add_Item_Scenario_v1__amend": ("TT_Add_Item_Scenario_v1", 3, []),
    "TT_IM003a__amend": ("TT_IM003a", 1, []),
    "TT_IM003b__amend": ("TT_IM003b", 2, []),
    "TT_IM008b__amend": ("TT_IM008b", 1, ["AMEND-BESIDE"]),
    "TT_IM011a__amend": ("TT_IM011a", 1, []),
    "TT_IM016a__amend": ("TT_IM016a", 32, ["AMEND-BESIDE"]),
    "TT_IM017a__amend": ("TT_IM017a", 4, []),
    "TT_IM033b__amend": ("TT_IM033b", 1, []),
}
"""Each amendment: its original, how many changes it makes, and the warnings it meets with.

Both that are warned repeat a document of their original with another identifier.
"""
OTHERS = {
    "TT_EX052a__cancel": (RequestKind.CANCELLATION, "TT_EX052a"),
    "TT_IM011a__cancel": (RequestKind.CANCELLATION, "TT_IM011a"),
    "TT_IM026a__arrival": (RequestKind.ARRIVAL, "TT_IM026a"),
    "TT_IM077a__arrival": (RequestKind.ARRIVAL, "TT_IM077a"),
}


def published_bytes(name: str, mrn: str) -> bytes:
    """A published message; its MRN, if it has one, is replaced."""
    root = etree.parse(CORPUS / "uk" / f"{name}.xml").getroot()
    for found in root.iterfind(f"{{{DEC}}}Declaration/{{{DEC}}}ID"):
        found.text = mrn
    return etree.tostring(root)


def published(name: str, mrn: str = MRN) -> Reading:
    """A published message as read; its MRN, if it has one, is replaced by one with a right check digit."""
    reading = read_message(published_bytes(name, mrn), Media.XML)
    assert reading.faults == ()
    return reading


def applied_by_hand(tree: Tree, request: Tree) -> Tree:
    """The declaration after the request, found by another way: each pointer alone, removals last and from behind."""
    new, removals = copy.deepcopy(tree), []
    for amendment in request["Amendment"]:
        names = [*_names(amendment["Pointer"])]
        held, given = new, request
        for name, number in names[:-1]:
            given = _entry(given, name, number) or {}
            if _entry(held, name, number) is None:
                fresh = {"SequenceNumeric": str(number)} if name == "GovernmentAgencyGoodsItem" else {}
                held.setdefault(name, []).append(fresh) if number else held.setdefault(name, fresh)
            held = _entry(held, name, number)
        name, number = names[-1]
        old, value = _entry(held, name, number), _entry(given, name, number)
        if value is None:
            removals.append((held, name, old))
        elif number is None:
            held[name] = value
        elif old is None:
            held.setdefault(name, []).append(value)
        else:
            held[name][held[name].index(old)] = value
    for held, name, old in reversed(removals):
        if isinstance(held[name], list):
            held[name].remove(old)
        else:
            del held[name]
    return new


def _names(pointers: list[Tree]) -> Iterator[tuple[str, int | None]]:
    path = "Declaration"
    for pointer in pointers:
        if pointer["DocumentSectionCode"] != "42A":
            name, repeats = MODEL[path, pointer["DocumentSectionCode"]]
            path = f"{path}/{name}"
            yield name, int(pointer["SequenceNumeric"]) if repeats else None
        if "TagID" in pointer:
            yield MODEL[path, pointer["TagID"]][0], None


def _entry(tree: Tree, name: str, number: int | None) -> Any:
    if number is None or name not in tree:
        return tree.get(name)
    if name == "GovernmentAgencyGoodsItem":
        return next((entry for entry in tree[name] if entry["SequenceNumeric"] == str(number)), None)
    return tree[name][number - 1] if number <= len(tree[name]) else None


def _model() -> dict[tuple[str, str], tuple[str, bool]]:
    with (REPOSITORY / "schemas/wco_datamodel/elements.csv").open(encoding="utf-8") as lines:
        rows = [(*row["path"].rpartition("/")[::2], row) for row in csv.DictReader(lines)]
    return {(parent, row["wco_id"]): (name, row["maximum"] != "1") for parent, name, row in rows}


MODEL = _model()
