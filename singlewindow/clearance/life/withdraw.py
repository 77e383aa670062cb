"""Ending a version: its open questions are withdrawn, and it is decided no more."""

from __future__ import annotations

from singlewindow.clearance.deciding.close_questions import unanswered_closure, write_answers
from singlewindow.clearance.inspecting.supersede import end_orders
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import Answer
from singlewindow.life_cycle.machine import State, Step
from singlewindow.storage import declarations, open_questions
from singlewindow.storage.declarations import LockedVersion, Move

REVIEWED = (State.UNDER_REVIEW, State.UNDER_REVIEW_IN_ADVANCE)
"""An order about an earlier decision may hold a slot for the next one."""


def end_version(transaction: Transaction, version: LockedVersion, move: Move) -> None:
    """Close a (locked) version: answers that still come are kept and change nothing.

    `decided_at` closes it for every process, whether there is a decision or not.
    """
    closed = {}
    if version.decided_at is not None or version.state in REVIEWED:
        end_orders(transaction, version, keep_slot=move.step is Step.AMENDED_BESIDE)
    if version.decided_at is None:
        withdrawn = open_questions.take_all(transaction.connection, version.version_id)
        write_answers(transaction, [unanswered_closure(each, Answer.WITHDRAWN) for each in withdrawn])
        closed = {"decided_at": transaction.now}
    declarations.enter_state(transaction.connection, move, **closed)
