"""The elements that agencies must have by law: at lodgement the trader gets a warning for each one that is missing.

The lists of all agencies count, not only of those that are asked: otherwise the warnings would show the trader which
agencies look at the goods, and traders must not know that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from singlewindow.agencies.agency import Agency
from singlewindow.declarations.faults import Fault, Path, Severity, Step
from singlewindow.declarations.model import ROOT, Tree, text_of
from singlewindow.risk.facts import ITEM_PATH

RULE = "AGENCY-MINIMUM"
CODE = "MINIMUM_MISSING"
ADVICE = "Add it: an agency that misses it may hold the goods. /entitlements has the lists of all agencies."
SHIPMENT, ITEM = ITEM_PATH.split("/")[1:]


def missing_elements(agencies: Mapping[str, Agency], declaration: Tree) -> Iterator[Fault]:
    """One warning for each element of a minimum list that is missing from the declaration or one of its items."""
    items = declaration.get(SHIPMENT, {}).get(ITEM, [])
    for (of_item, names), needing in _needed_elements(tuple(agencies.values())):
        element = "/".join(names)
        if not of_item:
            if not _has_value(declaration, names):
                yield _missing_warning(f"The declaration has no {element}", needing, (ROOT,))
            continue
        bare = [position for position, item in enumerate(items, start=1) if not _has_value(item, names)]
        if bare:
            more = f", nor do {len(bare) - 1} other items" if len(bare) > 1 else ""
            place = (ROOT, Step(SHIPMENT), Step(ITEM, bare[0]))
            yield _missing_warning(f"Item {bare[0]} has no {element}{more}", needing, place)


def _missing_warning(lack: str, needing: str, place: Path) -> Fault:
    text = f"{lack}. It is in the legal minimum of {needing}."
    return Fault(RULE, CODE, Severity.WARNING, text, ADVICE, place)


Need = tuple[bool, tuple[str, ...]]


@lru_cache(maxsize=8)
def _needed_elements(agencies: tuple[Agency, ...]) -> list[tuple[Need, str]]:
    """Each element of any minimum list, whether it is an item's, and the agencies that have it in theirs."""
    needed: dict[str, list[str]] = {}
    for agency in agencies:
        for path in agency.entitlement.minimum:
            if "/@" not in path:
                needed.setdefault(path, []).append(agency.name)
    return [(_split_path(path), _agency_names(names, len(agencies))) for path, names in sorted(needed.items())]


def _split_path(path: str) -> Need:
    of_item = path.startswith(f"{ITEM_PATH}/")
    below = path.removeprefix(f"{ITEM_PATH}/" if of_item else "Declaration/")
    return of_item, tuple(below.split("/"))


def _agency_names(names: Iterable[str], total: int) -> str:
    listed = sorted(names)
    return "every agency" if len(listed) == total > 1 else ", ".join(listed)


def _has_value(node: object, names: tuple[str, ...]) -> bool:
    """Whether there is a value at this path, in any of the classes that repeat on the way."""
    if isinstance(node, list):
        return any(_has_value(entry, names) for entry in node)
    if not names:
        return bool(text_of(node))
    return isinstance(node, dict) and names[0] in node and _has_value(node[names[0]], names[1:])
