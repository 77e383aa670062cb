"""Answering when documents are asked for: with documents, with words, or with both.

The agencies that asked are asked again, in the same transaction, with what was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.ask_again import Round, open_round
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.declarations.faults import Refused
from singlewindow.life_cycle.machine import Actor, State, Step, possible_steps, transition
from singlewindow.storage import assessments, declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.documents import answers, files
from singlewindow.storage.documents.answers import PartyAnswer
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

REASON = "the party has given documents"


class Receipt(NamedTuple):
    """The answer as stored; `replayed` if it was given before."""

    mrn: str
    version: int
    answer: PartyAnswer
    replayed: bool = False


def answer_documents(
    context: ClearanceContext, party: Caller, mrn: str, words: str, documents: Sequence[str]
) -> Receipt | None:
    """Answer the request for documents; None if there is no such declaration of the caller's party.

    `documents` are hashes of some that were given. The same answer again gets the same receipt. Raises NotPossible if
    none are asked for, and `Refused` for a hash that was not given.
    """
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, party.party)
        if version is None:
            return None
        earlier = answers.newest_answer(connection, version.version_id)
        asked = Step.DOCUMENTS_GIVEN in possible_steps(version.state, Actor.TRADER)
        if earlier is not None and not asked and earlier.says(words, documents):
            return Receipt(mrn, version.number, earlier, replayed=True)
        state = transition(version.state, Step.DOCUMENTS_GIVEN, Actor.TRADER).to
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        _check_given(transaction, version, documents)
        answer = PartyAnswer(
            new_id(), version.version_id, version.decision_number, words, tuple(dict.fromkeys(documents)), {},
            party.actor, transaction.now,
        )  # fmt: skip
        return Receipt(mrn, version.number, _ask_again(context, transaction, version, answer, state))


def _check_given(transaction: Transaction, version: LockedVersion, documents: Sequence[str]) -> None:
    given = {each.sha256.hex() for each in files.documents_of(transaction.connection, version.declaration_id, "")}
    missing = sorted({*documents} - given)
    if missing:
        text = f"The document {missing[0]} was not given yet. Send it first, with PUT to its own address."
        raise Refused("DOCUMENT_MISSING", text)


def _ask_again(
    context: ClearanceContext, transaction: Transaction, version: LockedVersion, answer: PartyAnswer, state: State
) -> PartyAnswer:
    detail = {"answer": str(answer.id), "words": answer.words, "documents": list(answer.documents),
              "state": str(state)}  # fmt: skip
    event = Event(transaction.now, events.Kind.DOCUMENTS_GIVEN, answer.actor, version.version_id, detail)
    events.record(transaction.connection, [event])
    agencies = _agencies_that_asked(context, transaction, version)
    again = Round(agencies, answer.actor, REASON, Step.DOCUMENTS_GIVEN, answer.id)
    questions = open_round(context, transaction, version, again)
    stored = answer._replace(rounds={each.agency: each.round for each in questions})
    answers.add_answer(transaction.connection, stored)
    return stored


def _agencies_that_asked(context: ClearanceContext, transaction: Transaction, version: LockedVersion) -> list[str]:
    """Those whose last answer wants a control: in these states none but that of documents, whatever they named.

    Customs, if none of these can be asked.
    """
    last = assessments.newest_answers(transaction.connection, version.version_id)
    wanting = [code for code, closed in last.items() if closed.assessment.controls]
    return [code for code in wanting if code in context.agencies] or [context.settings.sw_customs]
