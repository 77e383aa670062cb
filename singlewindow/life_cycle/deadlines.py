"""When a declaration's life begins in which state, and until when a state may last."""

from __future__ import annotations

from typing import Final

from singlewindow.declarations.rules.profiles import Periods, Profile
from singlewindow.life_cycle.machine import BEGINNING, DEADLINES, EXPECTED, Presentation, State, Term
from singlewindow.times import MICROSECONDS

DAY: Final = 24 * 3600 * MICROSECONDS
EXPORT: Final = "EX"


def presentation_of(type_code: str, profile: Profile) -> Presentation:
    """When the goods of a type of declaration (WCO D013) are presented; a type that is in no list has them there."""
    letter = type_code[2:3]
    if letter in profile.after_release:
        return Presentation.NEVER
    return Presentation.AFTER_LODGEMENT if letter in profile.before_arrival else Presentation.BEFORE_LODGEMENT


def first_state(type_code: str, profile: Profile) -> State:
    """The state in which a declaration of this type begins."""
    return BEGINNING[presentation_of(type_code, profile)]


def deadline_of(state: State, now: int, lodged_at: int, type_code: str, periods: Periods) -> int | None:
    """Until when a state that begins now may last (microseconds); None if nothing in the state itself ends it.

    `lodged_at` is when the declaration was first lodged. Open questions have deadlines of their own, and only an export
    waits for its exit.
    """
    deadline = DEADLINES.get(state)
    if deadline is None or deadline.term is Term.ANSWERS:
        return None
    if deadline.term is Term.EXIT:
        return now + _days(periods.exit) if type_code.startswith(EXPORT) else None
    if deadline.term is Term.ARRIVAL:
        return lodged_at + _days(periods.arrival)
    return now + _days(periods.documents if deadline.term is Term.DOCUMENTS else periods.inspection)


def warning_at(state: State, lodged_at: int, periods: Periods) -> int | None:
    """When the party is warned that the declaration will lapse; None if it cannot lapse in this state."""
    return lodged_at + _days(periods.arrival - periods.arrival_warning) if state in EXPECTED else None


def _days(days: float) -> int:
    return int(days * DAY)
