"""Ending a version: its open questions are withdrawn, and it is decided no more."""

from __future__ import annotations

from singlewindow.clearance.deciding.close_questions import unanswered_closure, write_answers
from singlewindow.clearance.inspecting.supersede import end_orders
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import Answer
from singlewindow.life_cycle.machine import State, Step
from singlewindow.storage import declarations, open_questions
from singlewindow.storage.declarations import LockedVersion, Move

ORDERED = frozenset({
    State.DOCUMENTS_ASKED_IN_ADVANCE, State.INSPECTION_ON_ARRIVAL, State.UNDER_REVIEW_IN_ADVANCE, State.DOCUMENTS_ASKED,
    State.INSPECTION_ORDERED, State.UNDER_REVIEW, State.UNDER_INSPECTION, State.DOCUMENTS_ASKED_AFTER_RELEASE,
})  # fmt: skip
"""There may be an inspection order: about this decision, or one before that holds a slot for the next."""


def end_version(transaction: Transaction, version: LockedVersion, move: Move) -> None:
    """Close a (locked) version: answers that still come are kept and change nothing.

    `decided_at` closes it for every process, whether there is a decision or not.
    """
    closed = {}
    if version.state in ORDERED:
        end_orders(transaction, version, keep_slot=move.step is Step.AMENDED_BESIDE)
    if version.decided_at is None:
        withdrawn = open_questions.take_all(transaction.connection, version.version_id)
        write_answers(transaction, [unanswered_closure(each, Answer.WITHDRAWN) for each in withdrawn])
        closed = {"decided_at": transaction.now}
    declarations.enter_state(transaction.connection, move, **closed)
