"""The officers of the simulator: they answer, ask, inspect and let time pass as the reference of a declaration says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from singlewindow.access.keys import Caller, Role
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import answer_for_silence
from singlewindow.clearance.inspecting.locked import InspectionEnded
from singlewindow.clearance.inspecting.record_controls import RecordMade, record_controls
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.life.answer_request import AnsweredDifferently, Ruling, answer_request
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.clearance.officers.answer_question import answer_question
from singlewindow.clearance.officers.hold import HeldByAnother, NotHeld, QuestionClosed, take
from singlewindow.clearance.officers.query_party import query_party
from singlewindow.inspections.results import Unfit, controls_by_item
from singlewindow.life_cycle.machine import EXPECTED, NotPossible, State
from singlewindow.simulator.words import INSPECTED, Word, inspected, words_in
from singlewindow.storage import declarations, queries, rehearsals
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.inspections import orders, outcomes
from singlewindow.storage.rehearsals import AwaitedQuestion, Waiting

AT_ONCE: Final = 200
ASKED: Final = "This is a rehearsal. Answer with any words."
GREEN: Final = msgspec.json.encode({"lane": "green"})
DENIED: Final = "You chose this answer with your reference."
HASTENED: Final = (*EXPECTED, State.DOCUMENTS_ASKED)
_OVERTAKEN: Final = (
    AnsweredDifferently, HeldByAnother, InspectionEnded, NotHeld, NotPossible, QuestionClosed, Unfit,
)  # fmt: skip
"""The party, or another process, has acted meanwhile: the next turn does what is left."""


def play(context: ClearanceContext, amender: Amender) -> None:
    """Do what officers would do now, and let time pass where the reference asks for that."""
    officer = Caller("simulator", Role.AGENCY, agency=context.settings.sw_customs, person="simulator")
    with reading(context.engine) as connection:
        requests = rehearsals.waiting_requests(connection, Word.WAITING, AT_ONCE)
        inspections = rehearsals.open_inspections(connection, INSPECTED, AT_ONCE)
        questions = rehearsals.awaited_questions(connection, AT_ONCE)
    _do_all(partial(_rule, amender, officer, each) for each in requests)
    _do_all(partial(_inspect, context, officer, each) for each in inspections)
    _do_all(partial(_ask_or_answer, context, officer, each) for each in questions)
    with context.engine.begin() as connection:
        now = clock(connection)
        rehearsals.end_deadlines(connection, now)
        rehearsals.end_terms(connection, Word.LATE, HASTENED, now)
    answer_for_silence(context)
    pass_deadlines(context)


def _do_all(acts: Iterable[Callable[[], None]]) -> None:
    for act in acts:
        try:
            act()
        except _OVERTAKEN:
            continue


def _rule(amender: Amender, officer: Caller, waiting: Waiting) -> None:
    denied = Word.DENIED in words_in(waiting.lrn)
    answer_request(amender, officer, waiting.mrn, waiting.id, Ruling(not denied, DENIED if denied else ""))


def _inspect(context: ClearanceContext, officer: Caller, waiting: Waiting) -> None:
    with reading(context.engine) as connection:
        order = orders.inspection_by_id(connection, waiting.id)
        current = declarations.newest_version(connection, waiting.mrn, None)
        ended = outcomes.results_of(connection, waiting.id)
    if order is None or current is None:
        return
    gone = current.summary.state is State.DOCUMENTS_ASKED_AFTER_RELEASE
    left = [item for item in controls_by_item(order.controls) if item not in ended]
    for control in order.controls:
        mine = [item for item in left if item in control.items]
        for items, said in inspected(words_in(waiting.lrn), mine, gone=gone):
            record_controls(context, officer, order.id, RecordMade(control.control, items, said))


def _ask_or_answer(context: ClearanceContext, officer: Caller, question: AwaitedQuestion) -> None:
    name = question_name(question.version_id, question.round)
    take(context, officer, name)
    with reading(context.engine) as connection:
        made = queries.queries_on(connection, [question.version_id], question.agency)
    if any(each.answer is not None for each in made if each.round == question.round):
        answer_question(context, officer, name, GREEN)
    else:
        query_party(context, officer, name, ASKED)
