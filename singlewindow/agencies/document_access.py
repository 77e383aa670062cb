"""Which supporting documents an agency may read: those about its goods items, on lines whose elements the law shows it.

A document about the whole declaration shows all of its goods, so it is read only by an agency that sees them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import Routing, basis_of, items_of
from singlewindow.risk.facts import ITEM_PATH

_ELEMENTS: Final = ("CategoryCode", "ID", "TypeCode")
"""What names a document in a declaration; an agency that does not see these does not read the document either."""
ITEM_LINE: Final = frozenset(f"{ITEM_PATH}/AdditionalDocument/{name}" for name in _ELEMENTS)
HEADER_LINE: Final = frozenset(f"Declaration/AdditionalDocument/{name}" for name in _ELEMENTS)


class Binding(NamedTuple):
    """What a document is about.

    `item` is a SequenceNumeric, `line` the place of an AdditionalDocument in it (in the header without an item), from
    1. `query` names what an officer asked, `question` a question to an agency, `finding` a profile of that agency.
    """

    item: str = ""
    line: int = 0
    query: str = ""
    question: str = ""
    finding: str = ""


class AskedItems(NamedTuple):
    """The goods items that an agency was asked about, none for all of them; `whole` if these are all there are."""

    items: Collection[str]
    whole: bool


def asked_about(routing: Iterable[Routing], agency: str) -> AskedItems:
    """What a version's routing lets an agency see."""
    entries = list(routing)
    items, basis = items_of(entries, agency), basis_of(entries)
    return AskedItems(items, not items or (basis is not None and len(items) == basis.items))


def may_read(agency: Agency, asked: AskedItems, bound: Binding, for_agency: str, given_by: str) -> bool:
    """Whether an agency reads a document.

    `for_agency` is the one that asked for it, "" if none did, `given_by` the one whose officer gave it, "" for the
    party's own. An agency reads its own.
    """
    if given_by == agency.code:
        return True
    shown = agency.entitlement.maximum
    if bound.item:
        return shown >= ITEM_LINE and (not asked.items or bound.item in asked.items)
    if for_agency:
        return shown >= ITEM_LINE and for_agency == agency.code
    return shown >= HEADER_LINE and asked.whole
