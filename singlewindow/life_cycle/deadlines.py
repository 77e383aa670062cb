"""In which state a declaration begins, and until when a state may last."""

from __future__ import annotations

from typing import Final, NamedTuple

from singlewindow.declarations.rules.profiles import Periods, Profile
from singlewindow.life_cycle.machine import BEGINNING, DEADLINES, ORDERED, Presentation, State, Term
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


class Span(NamedTuple):
    """Until when a state may last, and when the service has something to do about it: warn, or end the state."""

    until: int | None
    due_at: int | None


ENDLESS: Final = Span(None, None)


def span_of(state: State, now: int, lodged_at: int, type_code: str, periods: Periods) -> Span:
    """How long a state that begins now lasts (microseconds).

    `lodged_at` is when the declaration was first lodged. Open questions have deadlines of their own, and only an export
    waits for its exit.
    """
    deadline = DEADLINES.get(state)
    if deadline is None or deadline.term is Term.ANSWERS:
        return ENDLESS
    if deadline.term is Term.EXIT:
        end = now + days(periods.exit)
        return Span(end, end) if type_code.startswith(EXPORT) else ENDLESS
    if deadline.term is Term.ARRIVAL:
        end, warning = lodged_at + days(periods.arrival), lodged_at + days(periods.arrival - periods.arrival_warning)
        return Span(end, warning if now < warning else end)
    end = now + days(periods.documents if deadline.term is Term.DOCUMENTS else periods.inspection)
    return Span(end, now if state in ORDERED else end)


def days(count: float) -> int:
    """So many days in microseconds."""
    return int(count * DAY)
