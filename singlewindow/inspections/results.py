"""From what officers record to what becomes of each item: the strictest wins, and what is open releases nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from singlewindow.decisions.assessment import Control
from singlewindow.inspections.order import OrderedControl
from singlewindow.life_cycle.machine import State, strictest_of

RESULTS: Final = (State.RELEASED, State.REFUSED, State.IMPOUNDED)
"""What may become of an item, mildest first."""


class Recorded(StrEnum):
    """How a control went."""

    CONFORM = "conform"
    NOT_CONFORM = "not-conform"
    NOT_DONE = "not-done"
    SAMPLE_SENT = "sample-sent"
    """The result comes later, from a laboratory."""


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was found and is not as declared: its kind, in words, and how much of it (unit: UN/ECE Rec 20)."""

    kind: str
    words: str
    quantity: str = ""
    unit: str = ""


class ControlRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an officer records about one control of one item.

    `result` is what becomes of the item by this control: released if it conforms, and refused or impounded if it does
    not. `done_by` names a neighbouring post or a recognised party that did the control, with the digests of its
    `evidence`.
    """

    recorded: Recorded
    result: State | None = None
    found: tuple[Found, ...] = ()
    words: str = ""
    trader: str = ""
    done_by: str = ""
    evidence: tuple[str, ...] = ()


class Unfit(ValueError):  # noqa: N818 - an answer to the officer
    """A record that says too little or contradicts itself: the text says what is missing."""


def checked(record: ControlRecord, control: Control, *, gone: bool = False) -> ControlRecord:
    """The record, complete; raises Unfit. `gone`: the goods had left, so they can be neither refused nor impounded."""
    if record.recorded is Recorded.CONFORM and (record.found or record.result not in {None, State.RELEASED}):
        raise Unfit("What conforms has nothing in `found`, and no `result` but released.")
    if record.recorded is Recorded.NOT_CONFORM:
        if not record.found:
            raise Unfit("Say in `found` what is not as declared.")
        if gone and record.result is not State.RELEASED:
            raise Unfit("The goods have left: write `released` in `result`. What was found is recorded.")
        if not gone and record.result not in {State.REFUSED, State.IMPOUNDED}:
            raise Unfit("Say in `result`: refused or impounded. To release the goods, ask for an override.")
        if not record.trader.strip():
            raise Unfit("Say in `trader` why, in words for the party.")
    if record.recorded in {Recorded.NOT_DONE, Recorded.SAMPLE_SENT}:
        if record.result is not None:
            raise Unfit("A control without a result decides nothing: leave `result` out.")
        if not record.words.strip():
            raise Unfit("Say in `words` why it was not done, or where the sample is.")
    if record.recorded is Recorded.SAMPLE_SENT and control is not Control.SAMPLE:
        raise Unfit("Only the control `sample` sends samples.")
    if record.done_by and not record.evidence:
        raise Unfit("A control that others have done counts with its evidence only: name documents in `evidence`.")
    result = State.RELEASED if record.recorded is Recorded.CONFORM else record.result
    return msgspec.structs.replace(record, result=result)


def controls_by_item(order: Iterable[OrderedControl]) -> dict[str, tuple[Control, ...]]:
    """The controls of each item of an order, in the order in which they are done."""
    found: dict[str, dict[Control, None]] = {}
    for each in order:
        for item in each.items:
            found.setdefault(item, {})[each.control] = None
    return {item: tuple(controls) for item, controls in found.items()}


def item_result(controls: Sequence[Control], records: Mapping[Control, ControlRecord]) -> State | None:
    """What becomes of an item; None while a control has no result. `records` has the newest record of each control."""
    results = [records[control].result if control in records else None for control in controls]
    given = [result for result in results if result is not None]
    return strictest_of(given) if given and len(given) == len(results) else None
