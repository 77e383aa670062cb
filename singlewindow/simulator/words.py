"""The words in a reference (LRN) that choose what officers do, once agencies have answered as `adapters.sandbox` says.

docs/trader.md has the table of all words. Without one of these, officers grant what is asked, and leave an ordered
inspection alone, so that it can be moved, amended or cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from singlewindow.inspections.results import ControlRecord, Found, Recorded
from singlewindow.life_cycle.machine import State


class Word(StrEnum):
    """What officers do."""

    CONFORM = "SANDBOX-CONFORM"
    """The inspection finds nothing; the goods are released."""
    REFUSED = "SANDBOX-REFUSED"
    """All inspected items are refused."""
    IMPOUNDED = "SANDBOX-IMPOUNDED"
    """All inspected items are impounded."""
    PARTLY = "SANDBOX-PARTLY"
    """The first inspected item is refused, the others are released."""
    DENIED = "SANDBOX-DENIED"
    """Requests to amend or cancel that need an officer are refused."""
    WAITING = "SANDBOX-WAITING"
    """Nobody answers such requests."""
    LATE = "SANDBOX-LATE"
    """The time for the arrival, or for documents that are asked for, is over at once."""


INSPECTED: Final = (Word.IMPOUNDED, Word.REFUSED, Word.PARTLY, Word.CONFORM)
"""The words that choose what an inspection finds, the strictest first."""
_RESULTS: Final = {Word.PARTLY: State.REFUSED, Word.REFUSED: State.REFUSED, Word.IMPOUNDED: State.IMPOUNDED}
_FOUND: Final = Found(kind="simulated", words="Chosen by the reference.")
_REASON: Final = "You chose this result with your reference."


def words_in(reference: str) -> frozenset[Word]:
    """The words in a reference, in capitals or not."""
    capitals = reference.upper()
    return frozenset(word for word in Word if word in capitals)


def inspected(
    words: frozenset[Word], items: Sequence[str], *, gone: bool
) -> list[tuple[tuple[str, ...], ControlRecord]]:
    """What officers record about the items of one control; nothing if no word says so. The strictest word counts.

    `gone`: the goods had left, so what was found changes nothing for them.
    """
    chosen = next((word for word in INSPECTED if word in words), None)
    if chosen is None or not items:
        return []
    conform = ControlRecord(recorded=Recorded.CONFORM)
    if chosen is Word.CONFORM:
        return [(tuple(items), conform)]
    result = State.RELEASED if gone else _RESULTS[chosen]
    wrong = ControlRecord(recorded=Recorded.NOT_CONFORM, result=result, found=(_FOUND,), trader=_REASON)
    if chosen is not Word.PARTLY or len(items) == 1:
        return [(tuple(items), wrong)]
    return [((items[0],), wrong), (tuple(items[1:]), conform)]
