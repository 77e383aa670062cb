"""Overrides: what an officer wants against the records, or before they are complete, needs a second person.

Persons, not keys, are counted: two keys of one person are one person, and a key without a person is nobody.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.inspecting.conclude import Outcome, write_results
from singlewindow.clearance.inspecting.locked import LockedInspection, lock_inspection
from singlewindow.clearance.news import NO_NEWS, News, publish
from singlewindow.clearance.transaction import changing
from singlewindow.inspections.results import RESULTS, Unfit, controls_by_item
from singlewindow.life_cycle.machine import State
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.inspections import outcomes
from singlewindow.storage.inspections.outcomes import Override
from singlewindow.storage.trail import events


class NobodyKnown(Exception):  # noqa: N818 - an answer to the officer
    """The key does not say who uses it."""

    def __init__(self) -> None:
        super().__init__("Your key does not say who you are. Ask the operator for a key of your own, with --person.")


class SamePerson(Exception):  # noqa: N818 - an answer to the officer
    """Whoever asks cannot agree."""

    def __init__(self) -> None:
        super().__init__("You have asked for this yourself. A second person must agree or refuse.")


class OverrideWaits(Exception):  # noqa: N818 - an answer to the officer
    """Another override of this inspection waits for a second person."""

    def __init__(self) -> None:
        super().__init__("Another override of this inspection waits for a second person. It must be answered first.")


class OverrideAnswered(Exception):  # noqa: N818 - an answer to the officer
    """A second person has answered, and otherwise."""


class Wanted(NamedTuple):
    """What an officer wants: a result for items (none: all that are open), with the reason, and words for the party."""

    items: tuple[str, ...]
    result: State
    reason: str
    trader: str


class SecondWord(NamedTuple):
    """What a second person says, with words for the record."""

    agreed: bool
    words: str


class Overridden(NamedTuple):
    """An override as stored; `replayed` if this was said before."""

    mrn: str
    override: Override
    replayed: bool = False


def ask_override(context: ClearanceContext, officer: Caller, inspection_id: int, wanted: Wanted) -> Overridden | None:
    """Ask for a result; None if the officer's agency takes no part. Nothing changes until a second person agrees.

    Raises NobodyKnown, Unfit, OverrideWaits or InspectionEnded.
    """
    if not officer.person:
        raise NobodyKnown
    with changing(context.engine) as connection:
        locked = lock_inspection(context, connection, officer, inspection_id)
        if locked is None:
            return None
        items = _items(locked, wanted)
        waiting = [each for each in outcomes.overrides_of(connection, inspection_id) if each.answered_at is None]
        asked = Override(
            new_id(), inspection_id, msgspec.json.encode(items), wanted.result, wanted.reason, wanted.trader,
            officer.agency or "", officer.key_id, officer.person, locked.transaction.now,
        )  # fmt: skip
        if waiting:
            if _same(waiting[0], asked):
                return Overridden(locked.version.mrn, waiting[0], replayed=True)
            raise OverrideWaits
        locked.need_open()
        outcomes.add_override(connection, asked)
        detail = {"override": str(asked.id), "result": wanted.result.value, "reason": wanted.reason,
                  "count": len(items), "items": list(items[:50])}  # fmt: skip
        publish(locked.transaction, [News((locked.event(events.Kind.OVERRIDE_ASKED, officer, **detail),))])
        return Overridden(locked.version.mrn, asked)


def _items(locked: LockedInspection, wanted: Wanted) -> tuple[str, ...]:
    if wanted.result not in RESULTS:
        raise Unfit(f"The result is one of {', '.join(RESULTS)}.")
    known = controls_by_item(locked.inspection.controls)
    wrong = next((item for item in wanted.items if item not in known), None)
    if wrong is not None:
        raise Unfit(f"Item {wrong} is not inspected.")
    results = outcomes.results_of(locked.transaction.connection, locked.inspection.id)
    return wanted.items or tuple(item for item in known if item not in results)


def _same(standing: Override, asked: Override) -> bool:
    names = ("stored_items", "result", "reason", "trader", "person")
    return all(getattr(standing, name) == getattr(asked, name) for name in names)


def answer_override(
    context: ClearanceContext, second: Caller, inspection_id: int, override_id: int, said: SecondWord
) -> Overridden | None:
    """A second person agrees, and the result stands at once, or refuses; None if the agency takes no part.

    Raises NobodyKnown, SamePerson, OverrideAnswered or InspectionEnded.
    """
    if not second.person:
        raise NobodyKnown
    with changing(context.engine) as connection:
        locked = lock_inspection(context, connection, second, inspection_id)
        known = {each.id: each for each in outcomes.overrides_of(connection, inspection_id)} if locked else {}
        waiting = known.get(override_id)
        if locked is None or waiting is None:
            return None
        if waiting.person == second.person:
            raise SamePerson
        if waiting.answered_at is not None:
            if (waiting.agreed, waiting.second_person) != (int(said.agreed), second.person):
                raise OverrideAnswered("A second person has answered this, and otherwise.")
            return Overridden(locked.version.mrn, waiting, replayed=True)
        locked.need_open()
        if said.agreed and outcomes.recorded_since(connection, inspection_id, waiting.id):
            raise OverrideAnswered("Records have come since this was asked for. Refuse it; then it can be asked again.")
        answered = waiting._replace(agreed=int(said.agreed), second_officer=second.key_id, second_person=second.person,
                                    answered_at=locked.transaction.now, words=said.words)  # fmt: skip
        outcomes.answer_override(connection, answered)
        publish(locked.transaction, [_event(locked, second, answered), _carry_out(locked, second, answered)])
        return Overridden(locked.version.mrn, answered)


def _event(locked: LockedInspection, second: Caller, answered: Override) -> News:
    detail = {"override": str(answered.id), "agreed": bool(answered.agreed), "words": answered.words,
              "asked_by": answered.person}  # fmt: skip
    return News((locked.event(events.Kind.OVERRIDE_ANSWERED, second, **detail),))


def _carry_out(locked: LockedInspection, second: Caller, answered: Override) -> News:
    if not answered.agreed:
        return NO_NEWS
    found = dict.fromkeys(answered.items, State(answered.result))
    reasons = dict.fromkeys(answered.items, answered.trader)
    outcome = Outcome(found, reasons, second.actor, answered.id)
    return write_results(locked.transaction, locked.version, locked.inspection, outcome)
