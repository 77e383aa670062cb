"""One change of a declaration: the element that it concerns, and how elements of the same name are numbered.

Elements with a SequenceNumeric of their own, such as goods items, are known by that number, all others by their place
from 1 (WCO 97A/006). Sources: published amendments give an item's SequenceNumeric in the pointer, and repeat the
documents before a new one, so that its place among the values is the number in the pointer; a published rejection
names item 1000 where the declaration has no thousand items.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.faults import Fault, Path, Severity
from singlewindow.declarations.model import text_of
from singlewindow.declarations.pointers import WcoStep, wco_steps

NUMBER = "SequenceNumeric"
CODE = "RULE_VIOLATED"


class RequestRule(StrEnum):
    """Why a request about a declaration is not granted as it stands; the `rule` of these faults."""

    FUNCTION = "REQUEST-FUNCTION"
    TYPE = "REQUEST-TYPE"
    MRN = "REQUEST-MRN"
    MRN_SHAPE = "REQUEST-MRN-SHAPE"
    REFERENCE = "REQUEST-REFERENCE"
    WORDS = "REQUEST-WORDS"
    NO_CHANGE = "AMEND-NONE"
    NO_POINTER = "AMEND-POINTER"
    START = "AMEND-START"
    WHOLE = "AMEND-WHOLE"
    CLASS = "AMEND-CLASS"
    TAG = "AMEND-TAG"
    SEQUENCE = "AMEND-SEQUENCE"
    ORDER = "AMEND-ORDER"
    FIXED = "AMEND-FIXED"
    TWICE = "AMEND-TWICE"
    WITHIN = "AMEND-WITHIN"
    ABSENT = "AMEND-ABSENT"
    GAP = "AMEND-GAP"
    PLACE = "AMEND-PLACE"
    REQUIRED = "AMEND-REQUIRED"
    UNNAMED = "AMEND-UNNAMED"
    BESIDE = "AMEND-BESIDE"
    TOO_MANY = "AMEND-TOO-MANY"
    CANCEL_REASON = "CANCEL-REASON"
    CANCEL_POINTER = "CANCEL-POINTER"
    CANCEL_DATA = "CANCEL-DATA"
    ARRIVAL_CHANGE = "ARRIVAL-CHANGE"
    ARRIVAL_DATA = "ARRIVAL-DATA"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `path` is the element that is added, replaced or removed, from `Declaration` down.

    The index of a step is the number explained above, None where the element cannot repeat. `at` is where the message
    asks for it: its Amendment, or the element itself. `reason` is the ChangeReasonCode (WCO 099), `words` are the
    texts that explain it.
    """

    path: Path
    at: Path
    reason: str | None = None
    words: tuple[str, ...] = ()

    @property
    def pointer(self) -> tuple[WcoStep, ...]:
        """The change as the Pointers of a message name it, from 42A down."""
        return tuple(wco_steps(self.path))


def has_number(element: Element) -> bool:
    """Whether entries of this element carry a SequenceNumeric."""
    return NUMBER in element.children


def numbered(element: Element, entries: Sequence[Any]) -> dict[int, Any]:
    """The entries of a repeatable element by their number, rising.

    Entries whose own numbers do not rise from 1 or more cannot be told apart by them: they count by their place.
    """
    declared = declared_numbers(entries) if has_number(element) else []
    if declared and declared[0] > 0 and _rise(declared):
        return dict(zip(declared, entries, strict=True))
    return dict(enumerate(entries, start=1))


def declared_numbers(entries: Iterable[Any]) -> list[int]:
    """The SequenceNumeric of each entry, in canonical form; 0 where there is none."""
    texts = (text_of(entry.get(NUMBER)) for entry in entries)
    return [int(text) if text and text.isascii() and text.isdigit() else 0 for text in texts]


def in_order(entries: Sequence[Any]) -> bool:
    """Whether the own numbers of these entries rise, so that each stands for one entry."""
    return _rise(declared_numbers(entries))


def _rise(numbers: list[int]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


def child_of(element: Element, name: str) -> Element:
    """The element of this name below another one."""
    return ELEMENTS[f"{element.path}/{name}"]


def is_value(element: Element) -> bool:
    """Whether an element holds one value, which only changes as a whole: a leaf, or the class around a date."""
    return element.kind == "leaf" or element.is_date


def broken(rule: RequestRule, path: Path, text: str, advice: str) -> Fault:
    """The fault of a request that breaks a rule; AMEND-BESIDE alone only warns."""
    severity = Severity.WARNING if rule is RequestRule.BESIDE else Severity.HARD
    return Fault(rule.value, CODE, severity, text, advice, path)
