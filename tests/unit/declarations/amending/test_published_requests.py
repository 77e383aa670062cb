"""The published amendments, cancellations and arrivals are read, and do to their originals what they say."""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from singlewindow.declarations.amending.apply import apply
from singlewindow.declarations.amending.differences import changed_values, changes_between
from singlewindow.declarations.amending.requests import Request, RequestKind, read_request
from singlewindow.declarations.canonical import canonical, decode
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.intake import Media, Reading, read
from singlewindow.declarations.reading.schema import is_valid
from singlewindow.declarations.writing.binding import to_xml
from singlewindow.declarations.writing.response import Amendment, Response, response_xml
from tests.corpus import CORPUS, needs_corpus
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
pytestmark = needs_corpus


def published(name: str) -> Reading:
    """A published message; its MRN, if it has one, is replaced by one with a right check digit."""
    root = etree.parse(CORPUS / "uk" / f"{name}.xml").getroot()
    for mrn in root.iterfind(f"{{{DEC}}}Declaration/{{{DEC}}}ID"):
        mrn.text = MRN
    reading = read(etree.tostring(root), Media.XML)
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


def _entry(tree: Tree, name: str, number: int | None) -> Any:
    if number is None or name not in tree:
        return tree.get(name)
    if name == "GovernmentAgencyGoodsItem":
        return next((entry for entry in tree[name] if entry["SequenceNumeric"] == str(number)), None)
    return tree[name][number - 1] if number <= len(tree[name]) else None


def _names(pointers: list[Tree]) -> Iterator[tuple[str, int | None]]:
    path = "Declaration"
    for pointer in pointers:
        if pointer["DocumentSectionCode"] != "42A":
            name, repeats = MODEL[path, pointer["DocumentSectionCode"]]
            path = f"{path}/{name}"
            yield name, int(pointer["SequenceNumeric"]) if repeats else None
        if "TagID" in pointer:
            yield MODEL[path, pointer["TagID"]][0], None


def _model() -> dict[tuple[str, str], tuple[str, bool]]:
    with (REPOSITORY / "schemas/wco_datamodel/elements.csv").open(encoding="utf-8") as lines:
        rows = [(*row["path"].rpartition("/")[::2], row) for row in csv.DictReader(lines)]
    return {(parent, row["wco_id"]): (name, row["maximum"] != "1") for parent, name, row in rows}


MODEL = _model()


@pytest.mark.parametrize("name", AMENDMENTS)
def test_a_published_amendment_changes_its_original_as_it_says(name: str) -> None:
    original, changes, warnings = AMENDMENTS[name]
    message = published(name)
    request = read_request(message.declaration, message.line_of)
    assert isinstance(request, Request)
    assert (request.kind, len(request.changes)) == (RequestKind.AMENDMENT, changes)
    assert request.values is not None
    assert len([change for change in request.changes if change.words]) == changes - (2 if changes == 32 else 0)
    old = decode(canonical(published(original).declaration))
    result = apply(old, request.changes, request.values, message.line_of)
    assert [fault.rule for fault in result.faults] == warnings
    by_hand = applied_by_hand(published(original).declaration.tree, message.declaration.tree)
    assert result.tree == decode(canonical(Declaration(by_hand)))
    assert result.tree != old


@pytest.mark.parametrize("name", AMENDMENTS)
def test_an_amended_declaration_is_valid_by_the_schema_and_tells_its_changes(name: str) -> None:
    message = published(name)
    request = read_request(message.declaration)
    assert isinstance(request, Request)
    assert request.values is not None
    old = decode(canonical(published(AMENDMENTS[name][0]).declaration))
    new = apply(old, request.changes, request.values).tree
    assert new is not None
    assert read(to_xml(Declaration(new), enveloped=False), Media.XML).faults == ()
    changes = changes_between(old, new)
    told = tuple(Amendment(change.reason, change.pointer) for change in changes)
    at = datetime(2026, 1, 31, tzinfo=UTC)
    response = Response("07", "0" * 32, at, "A", MRN, 2, amendments=told, values=changed_values(new, changes))
    assert is_valid(etree.fromstring(response_xml([response])))
    assert apply(old, changes, changed_values(new, changes)).tree == new


@pytest.mark.parametrize("name", OTHERS)
def test_a_published_cancellation_or_arrival_is_read(name: str) -> None:
    kind, original = OTHERS[name]
    request = read_request(published(name).declaration)
    assert isinstance(request, Request)
    assert (request.kind, request.mrn) == (kind, MRN)
    assert request.submitter
    assert bool(request.words) == (kind is RequestKind.CANCELLATION)
    assert published(original).declaration.function_code == "9"


def test_every_published_request_is_among_these() -> None:
    suffixes = ("__amend", "__cancel", "__arrival")
    found = {path.stem for path in (CORPUS / "uk").glob("*.xml") if path.stem.endswith(suffixes)}
    assert found == {*AMENDMENTS, *OTHERS}
