"""An officer answers a request that the state of the declaration does not grant by itself."""

from __future__ import annotations

from dataclasses import dataclass

from singlewindow.access.keys import Caller
from singlewindow.clearance.life import cancel
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.life.requests import Kind, Receipt, RequestOutcome, receipt_of, settle, write_answer
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.machine import Actor, transition
from singlewindow.storage import declarations, requests
from singlewindow.storage.engine.connect import clock


@dataclass(frozen=True)
class Ruling:
    """An officer's answer, with its reason in words for the party."""

    granted: bool
    words: str


class AnsweredDifferently(Exception):  # noqa: N818 - an answer to the officer
    """Somebody has answered the request, and otherwise."""


def answer_request(amender: Amender, officer: Caller, mrn: str, request_id: int, ruling: Ruling) -> Receipt | None:
    """Answer a request once; None if there is none of this id. The same answer again gets the same receipt.

    Raises AnsweredDifferently, and NotPossible if the state does not allow any more what is granted.
    """
    context = amender.context
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, None)
        if version is None:
            return None
        found = {each.id: each for each in requests.requests_of(connection, version.declaration_id)}.get(request_id)
        if found is None:
            return None
        outcome = RequestOutcome.GRANTED if ruling.granted else RequestOutcome.REFUSED
        if found.answered_at is not None:
            if found.answer != outcome:
                raise AnsweredDifferently(f"This request was {found.answer} before.")
            return receipt_of(found, replayed=True)
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        if ruling.granted:
            transition(version.state, Kind(found.kind).step, Actor.OFFICER)
        stored = write_answer(transaction, found, outcome, officer.actor, ruling.words)
        settle(transaction, version, stored, cancel.carry_out if found.kind == Kind.CANCELLATION else amender.carry_out)
        return receipt_of(stored)
