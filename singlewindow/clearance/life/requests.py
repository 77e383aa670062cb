"""Requests to amend or cancel: each is answered once, at once or by an officer, and the same again gets its answer.

A request is known by its declaration, its kind, its own reference and the digest of its bytes. Without a reference the
same bytes are the same request only while their answer stands: what has been amended since, or was refused in a state
that allows it now, can be asked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.clearance.deciding.announce import detailed, new_notice
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.lodging.store import Message
from singlewindow.clearance.news import NO_NEWS, News, publish
from singlewindow.clearance.transaction import Transaction
from singlewindow.life_cycle.machine import Actor, NotPossible, State, Step, transition
from singlewindow.life_cycle.news import ANSWERED, GRANTED, REFUSED, REGISTERED, Detail
from singlewindow.storage import requests
from singlewindow.storage.declarations import LockedVersion, Summary
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.requests import Request
from singlewindow.storage.streams import NewNotice
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import iso


class Kind(StrEnum):
    """What is asked for."""

    AMENDMENT = "amendment"
    CANCELLATION = "cancellation"

    @property
    def step(self) -> Step:
        """The step that grants it."""
        return Step.AMENDED if self is Kind.AMENDMENT else Step.CANCELLED


class RequestOutcome(StrEnum):
    """How a request is answered."""

    GRANTED = "granted"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True)
class RequestMade:
    """A request as it came; `against` is the number of the version that the requester had in mind, if it says so."""

    kind: Kind
    mrn: str
    reference: str
    reason: str
    message: Message
    caller: Caller
    against: int | None = None

    @property
    def content_sha256(self) -> bytes:
        """The digest of its bytes."""
        return hashlib.sha256(self.message.content).digest()


@dataclass(frozen=True)
class Receipt:
    """The answer to a request, as stored; `replayed` if it was made before. `received_at` is in microseconds."""

    request: int
    kind: Kind
    mrn: str
    reference: str
    answer: RequestOutcome
    words: str
    received_at: int
    refused_by_officer: bool = False
    replayed: bool = False


def receipt_of(stored: Request, *, replayed: bool = False) -> Receipt:
    """The receipt of a stored request."""
    return Receipt(
        request=stored.id,
        kind=Kind(stored.kind),
        mrn=stored.mrn,
        reference=stored.reference,
        answer=RequestOutcome(stored.answer),
        words=stored.words,
        received_at=stored.received_at,
        refused_by_officer=stored.answer == RequestOutcome.REFUSED and stored.answered_by != events.SYSTEM,
        replayed=replayed,
    )


class NewerVersion(Exception):  # noqa: N818 - an answer to the requester
    """The declaration has another version than the one that the requester had in mind."""

    def __init__(self, against: int, number: int) -> None:
        super().__init__(f"Your request is about version {against}, but version {number} is the newest.")


class StillOpen(Exception):  # noqa: N818 - an answer to the requester
    """Another request about this declaration waits for an officer."""

    def __init__(self, waiting: Request) -> None:
        since = f"since {iso(waiting.received_at)}, and until {iso(waiting.due_at)} at most"
        super().__init__(
            f"Your {waiting.kind} {waiting.reference} has waited for an officer {since}. Ask again when it is answered."
            if waiting.reference
            else f"Your {waiting.kind} has waited for an officer {since}. Ask again when it is answered."
        )


class Granted(NamedTuple):
    """What carrying out a request brought: its news, and the (locked) versions that may now be complete."""

    news: News
    versions: tuple[LockedVersion, ...] = ()


Grant = Callable[[Transaction, LockedVersion, Request], Granted]
"""What carries a granted request out."""


def answer(
    transaction: Transaction, version: LockedVersion, asked: RequestMade, grant: Grant, step: Step | None = None
) -> Receipt:
    """Answer a request about the (locked) newest version; raises NewerVersion or StillOpen.

    `step` is what it would mean for the declaration, if that is not the step of its kind.
    """
    earlier = earlier_answer(transaction.connection, version, asked)
    if earlier is not None:
        return earlier
    if asked.against not in {None, version.number}:
        raise NewerVersion(asked.against or 0, version.number)
    waiting = requests.open_request(transaction.connection, version.declaration_id)
    if waiting is not None:
        raise StillOpen(waiting)
    outcome, words = outcome_of(version.state, step or asked.kind.step)
    stored = _store(transaction, version, asked, outcome, words)
    news = _registered(transaction, version, stored)
    if outcome is RequestOutcome.WAITING:
        publish(transaction, [news])
    else:
        settle(transaction, version, stored, grant, news)
    return receipt_of(stored)


def earlier_answer(connection: Connection, version: LockedVersion | Summary, asked: RequestMade) -> Receipt | None:
    """The answer to the same request, if it was made before: about this version, or about the version it names."""
    found = requests.same_request(connection, version.declaration_id, asked.kind, asked.reference, asked.content_sha256)
    if found is None or asked.against not in {None, found.number}:
        return None
    same = bool(asked.reference) or _stands(connection, found, version.state)
    return receipt_of(found, replayed=True) if same else None


def _stands(connection: Connection, found: Request, state: State) -> bool:
    newest = requests.newest_request(connection, found.declaration_id)
    if newest is None or newest.id != found.id:
        return False
    by_state = found.answer == RequestOutcome.REFUSED and found.answered_by == events.SYSTEM
    return not by_state or outcome_of(state, Kind(found.kind).step)[0] is RequestOutcome.REFUSED


def write_answer(
    transaction: Transaction, waiting: Request, outcome: RequestOutcome, answered_by: str, words: str
) -> Request:
    """Write the answer to a request that has waited; the party is told by `settle` or `outcome_news`."""
    stored = waiting._replace(answer=outcome, answered_at=transaction.now, answered_by=answered_by, words=words)
    requests.answer_request(transaction.connection, stored)
    return stored


def settle(
    transaction: Transaction, version: LockedVersion, stored: Request, grant: Grant, before: News = NO_NEWS
) -> None:
    """Carry out a request if it is granted, tell the party, and decide what is then complete."""
    carried_out = grant(transaction, version, stored) if stored.answer == RequestOutcome.GRANTED else Granted(NO_NEWS)
    decide(transaction, carried_out.versions, before | outcome_news(transaction, version, stored) | carried_out.news)


def outcome_of(state: State, step: Step) -> tuple[RequestOutcome, str]:
    """How a party's request for a step is answered in a state, and in which words."""
    try:
        arrow = transition(state, step, Actor.TRADER)
    except NotPossible as refusal:
        return RequestOutcome.REFUSED, str(refusal)
    if Actor.TRADER in arrow.grant.at_once:
        return RequestOutcome.GRANTED, ""
    return RequestOutcome.WAITING, "An officer must agree."


def _store(
    transaction: Transaction, version: LockedVersion, asked: RequestMade, outcome: RequestOutcome, words: str
) -> Request:
    waits = outcome is RequestOutcome.WAITING
    made = Request(
        id=new_id(),
        declaration_id=version.declaration_id,
        mrn=version.mrn,
        version_id=version.version_id,
        number=version.number,
        kind=asked.kind,
        reference=asked.reference,
        content_sha256=asked.content_sha256,
        media=asked.message.media.mime,
        received=asked.message.content,
        reason=asked.reason,
        actor=asked.caller.actor,
        received_at=transaction.now,
        due_at=transaction.request_ends(version) if waits else None,
        answer=outcome,
        answered_at=None if waits else transaction.now,
        answered_by=None if waits else events.SYSTEM,
        words=words,
    )
    requests.add_request(transaction.connection, made)
    return made


def _registered(transaction: Transaction, version: LockedVersion, stored: Request) -> News:
    detail = {"request": str(stored.id), "kind": stored.kind, "reference": stored.reference, "reason": stored.reason}
    event = Event(transaction.now, events.Kind.REQUESTED, stored.actor, version.version_id, detail)
    return News((event,), (_notice(transaction, version, REGISTERED),))


def outcome_news(transaction: Transaction, version: LockedVersion, stored: Request) -> News:
    """The answer's event, and its notice: 39 granted, 41 refused."""
    status = GRANTED if stored.answer == RequestOutcome.GRANTED else REFUSED
    detail = {"request": str(stored.id), "kind": stored.kind, "answer": stored.answer, "words": stored.words}
    actor = stored.answered_by or events.SYSTEM
    event = Event(transaction.now, events.Kind.ANSWERED, actor, version.version_id, detail)
    return News((event,), (_notice(transaction, version, ANSWERED, Detail(status=status, words=stored.words)),))


def _notice(transaction: Transaction, version: LockedVersion, code: str, detail: Detail | None = None) -> NewNotice:
    return detailed(new_notice(version.party, version.version_id, code, transaction.now), detail or Detail())
