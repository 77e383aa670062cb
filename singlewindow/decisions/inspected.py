"""What a decision to inspect is about, and whether a change touches it. What is unknown counts as touched.

A control concerns the goods items that the reasons for it name. Changes of the header touch it if an agency that
ordered a control sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from singlewindow.decisions.assessment import Control
from singlewindow.decisions.merge import Reason, Verdict
from singlewindow.declarations.amending.changes import Change
from singlewindow.declarations.projection import Entitlement

ITEM = "GovernmentAgencyGoodsItem"


class Inspected(NamedTuple):
    """The reasons of an inspection, and its goods items by their SequenceNumeric; None if it may be about all goods."""

    reasons: tuple[Reason, ...]
    items: frozenset[int] | None


def inspected_by(verdict: Verdict) -> Inspected:
    """What a decision has ordered beyond a check of documents."""
    reasons = tuple(each for each in verdict.reasons if each.control is not Control.DOCUMENTS)
    unexplained = {*verdict.controls} - {Control.DOCUMENTS, *(each.control for each in reasons)}
    items = {_item_of(each) for each in reasons}
    if not reasons or unexplained or None in items:
        return Inspected(reasons, None)
    return Inspected(reasons, frozenset(item for item in items if item is not None))


def _item_of(reason: Reason) -> int | None:
    named = reason.item.isascii() and reason.item.isdecimal() and reason.more is not True
    return int(reason.item) if named else None


def touches(inspected: Inspected, changes: Iterable[Change], entitlements: Mapping[str, Entitlement]) -> bool:
    """Whether one of these changes concerns what is inspected; entitlements are by the codes of their agencies."""
    if inspected.items is None:
        return True
    ordering = {each.agency for each in inspected.reasons}
    known = ordering <= entitlements.keys()
    seen = [path for agency in ordering for path in entitlements[agency].maximum] if known else None
    return any(_is_touched(change, inspected.items, seen) for change in changes)


def _is_touched(change: Change, items: frozenset[int], seen: Iterable[str] | None) -> bool:
    item = next((step for step in change.path if step.name == ITEM), None)
    if item is not None:
        return item.index is None or item.index in items
    changed = "/".join(step.name for step in change.path)
    return seen is None or any(path == changed or path.startswith(f"{changed}/") for path in seen)
