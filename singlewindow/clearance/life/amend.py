"""Amending: a new version replaces the one before, and only agencies whose view has changed are asked again.

The new version is validated whole, as if it were lodged. That needs no lock; if another version has come meanwhile, it
is done again on that one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.agencies.routing import Routing, after_release, asked_agencies, items_of
from singlewindow.audit import commitments
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import asked_entry, detailed
from singlewindow.clearance.deciding.ask_again import new_question
from singlewindow.clearance.life.arrive import REPORTS
from singlewindow.clearance.life.own_answers import border_answer, keep_order
from singlewindow.clearance.life.requests import (
    Granted,
    Receipt,
    RequestMade,
    RequestOutcome,
    answer,
    earlier_answer,
    outcome_of,
)
from singlewindow.clearance.life.withdraw import end_version
from singlewindow.clearance.lodging.admission import need_quota, not_admitted, not_here
from singlewindow.clearance.lodging.lodge import Examined, Lodging
from singlewindow.clearance.lodging.preparation import NUMBERING
from singlewindow.clearance.lodging.store import Message
from singlewindow.clearance.news import NO_NEWS, News, news_of
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import BORDER, Answer
from singlewindow.decisions.inspected import inspected_by, touches
from singlewindow.decisions.merge import Reason, Verdict
from singlewindow.declarations.amending.apply import apply
from singlewindow.declarations.amending.changes import in_order
from singlewindow.declarations.amending.differences import changes_between
from singlewindow.declarations.amending.requests import RequestKind
from singlewindow.declarations.canonical import FORM, decode_canonical, fingerprint
from singlewindow.declarations.faults import FaultReport, Found
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.message import Media, media_of
from singlewindow.declarations.validation import describe_fault
from singlewindow.declarations.writing.binding import to_xml
from singlewindow.life_cycle.arrival import Arrival, differences
from singlewindow.life_cycle.machine import EXPECTED, TRANSITIONS, State, Step
from singlewindow.life_cycle.news import Detail
from singlewindow.storage import assessments, decisions, declarations
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.declarations import Content, LockedVersion, Move, NewVersion, Summary
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.open_questions import NewQuestion
from singlewindow.storage.requests import Request
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

_verdict = msgspec.json.Decoder(Verdict)
TRIES = 5
"""How often a new version is worked out again because another one came first."""


class Composed(NamedTuple):
    """A new version: its document, what it holds and warns of, and the reason for the first change (WCO 099).

    `old` is the content that it replaces. `step` is what it means for the declaration; `kept` are the reasons of an
    inspection that it leaves as ordered.
    """

    message: Message
    examined: Examined
    reason_code: str
    old: Tree
    step: Step = Step.AMENDED
    kept: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Amender:
    """Amends declarations; threads may share it."""

    context: ClearanceContext
    lodging: Lodging

    def amend(self, asked: RequestMade) -> Receipt | None:
        """Answer a request to amend; None if there is no such declaration of the caller's party.

        Its message is an amendment (COR) or the whole new declaration. Raises `Refused` or `NotAdmitted` for what it
        says, NewerVersion or StillOpen; nothing is stored then.
        """
        for _ in range(TRIES):
            standing = self._newest_or_answer(asked)
            if standing is None or isinstance(standing, Receipt):
                return standing
            outcome, _words = outcome_of(standing.state, asked.kind.step)
            composed = None
            if outcome is not RequestOutcome.REFUSED:
                need_quota(asked.caller, self.lodging.quotas)
                composed = self.compose(standing.version_id, asked.message, asked.caller)
            with changing(self.context.engine) as connection:
                version = declarations.lock_newest(connection, asked.mrn, asked.caller.party)
                if version is None or version.version_id != standing.version_id:
                    continue
                transaction = Transaction(connection, self.context.rulebooks, clock(connection))
                placed = None if composed is None else self._beside(transaction, version, composed)
                step = Step.AMENDED if placed is None else placed.step
                return answer(transaction, version, asked, partial(self._carry_out, placed), step)
        raise TimeoutError("other requests about this declaration came first each time")

    def carry_out(self, transaction: Transaction, version: LockedVersion, granted: Request) -> Granted:
        """Amend a (locked) version as an officer has granted."""
        message = Message(granted.received, media_of(granted.media))
        composed = self._compose_locked(transaction.connection, version, message)
        return self._carry_out(composed, transaction, version, granted)

    def _newest_or_answer(self, asked: RequestMade) -> Summary | Receipt | None:
        """The newest version now, or the answer to the same request of before."""
        with reading(self.context.engine) as connection:
            found = declarations.newest_version(connection, asked.mrn, asked.caller.party)
            if found is None:
                return None
            return earlier_answer(connection, found.summary, asked) or found.summary

    def compose(self, version_id: int, message: Message, caller: Caller | None) -> Composed:
        """The version that a request would make of this one."""
        with reading(self.context.engine) as connection:
            content = declarations.contents_of(connection, [version_id])[version_id]
        return self._composed(content, message, caller)

    def _compose_locked(self, connection: Connection, version: LockedVersion, message: Message) -> Composed:
        content = declarations.contents_of(connection, [version.version_id])[version.version_id]
        return self._composed(content, message, None)

    def _composed(self, content: Content, message: Message, caller: Caller | None) -> Composed:
        old, sent = decode_canonical(content.canonical), self.lodging.examine_content(message, caller)
        request, code = sent.prepared.request, ""
        if request is not None and (request.kind is not RequestKind.AMENDMENT or request.mrn != content.mrn):
            raise not_here()
        if request is not None and request.values is not None:
            amended = apply(old, request.changes, request.values)
            _refuse(
                [describe_fault(fault, sent.prepared.header.enveloped) for fault in amended.faults],
                amended.tree is None,
            )
            code = next((each.reason for each in request.changes if each.reason), "")
            header = {"WCODataModelVersionCode": "3.6", "WCOTypeName": "DEC", "ResponsibleCountryCode": content.country}
            document = to_xml(Declaration(amended.tree or {}, header), enveloped=True)
            message = replace(message, content=document, media=Media.XML)
            sent = self.lodging.examine_content(message, caller)
        sent = _with_gaps(sent)
        if request is None and not sent.forbidding:
            new = decode_canonical(sent.prepared.form)
            fixed = apply(old, changes_between(old, new), new)
            _refuse(
                [describe_fault(fault, sent.prepared.header.enveloped) for fault in fixed.faults], fixed.tree is None
            )
        if sent.forbidding:
            raise not_admitted(sent.forbidding, sent.found)
        return Composed(message, sent, code, old)

    def _beside(self, transaction: Transaction, version: LockedVersion, composed: Composed) -> Composed:
        """The new version; if it touches nothing of what is inspected, the inspection stays as ordered."""
        if (version.state, Step.AMENDED_BESIDE) not in TRANSITIONS:
            return composed
        decided = decisions.last_decision(transaction.connection, version.declaration_id)
        if decided is None or decided.outcome == "release" or _speaks_against(transaction, version):
            return composed
        inspected = inspected_by(_verdict.decode(decided.body))
        changes = changes_between(composed.old, decode_canonical(composed.examined.prepared.form))
        entitlements = {code: agency.entitlement for code, agency in self.context.agencies.items()}
        if touches(inspected, changes, entitlements):
            return composed
        return composed._replace(step=Step.AMENDED_BESIDE, kept=inspected.reasons)

    def _carry_out(
        self, composed: Composed | None, transaction: Transaction, version: LockedVersion, granted: Request
    ) -> Granted:
        if composed is None:
            raise LookupError("a request that is refused is not carried out")
        move = transaction.move(version, composed.step)
        end_version(transaction, version, Move(version.version_id, composed.step, version.state, None, None))
        row = _version_row(version, composed, move, transaction.now)
        plan = self._plan(transaction, version, composed, row)
        declarations.add_versions(transaction.connection, [row], plan.questions)
        carried = _carry_over(transaction, row, plan.carried, version.number)
        standing = {each.agency for each in plan.carried}
        own = _seen_at_the_border(transaction, version, row) | keep_order(
            transaction, row.id, [each for each in composed.kept if each.agency not in standing]
        )
        detail = {
            "request": str(granted.id),
            "replaces": version.number,
            "asked": [each.agency for each in plan.questions],
            "carried": [each.agency for each in plan.carried],
            "study": {"begins": row.state, **composed.examined.prepared.dimensions},
            **commitments.of_document({"mrn": version.mrn, "party": version.party, "lrn": version.lrn}, row._asdict()),
        }
        event = Event(transaction.now, events.Kind.AMENDED, granted.actor, row.id, detail)
        told = news_of(transaction, version, move._replace(version_id=row.id), event, "ended")
        asked = News(feed=tuple(map(asked_entry, plan.questions)))
        notices = tuple(
            detailed(each, Detail(reason=composed.reason_code, words=granted.reason)) for each in told.notices
        )
        return Granted(told._replace(notices=notices, feed=()) | carried | own | asked, (_as_locked(version, row),))

    def _plan(self, transaction: Transaction, version: LockedVersion, composed: Composed, row: NewVersion) -> _Plan:
        """Which agencies are asked about the new version, and whose answers stand."""
        old, new, routing = composed.old, decode_canonical(row.canonical), composed.examined.prepared.routing
        given = assessments.newest_answers(transaction.connection, version.version_id)
        questions, carried = [], []
        for code in asked_agencies(routing):
            stands = given.get(code)
            if (
                stands is not None
                and stands.answer == Answer.ASSESSED
                and self._sees_no_change(code, (version.routing, old), (routing, new))
            ):
                carried.append(stands)
            else:
                items = items_of(routing, code)
                questions.append(new_question(self.context.agencies[code], row.id, items, transaction.now))
        return _Plan(questions, carried)

    def _sees_no_change(
        self, code: str, before: tuple[Sequence[Routing], Tree], now: tuple[Sequence[Routing], Tree]
    ) -> bool:
        """Whether an agency would be asked the same about both versions."""
        if code not in asked_agencies(before[0]):
            return False
        entitlement, items = (
            self.context.agencies[code].entitlement,
            [items_of(each[0], code) for each in (before, now)],
        )
        views = [project(each[1], entitlement, of) for each, of in zip((before, now), items, strict=True)]
        return items[0] == items[1] and views[0] == views[1]


def _speaks_against(transaction: Transaction, version: LockedVersion) -> bool:
    """Whether something was seen at the border that no decision has counted yet."""
    return version.decided_at is None and BORDER in assessments.newest_answers(
        transaction.connection, version.version_id
    )


def _with_gaps(examined: Examined) -> Examined:
    """A new version may lack an item that was removed: its items keep their numbers, which must still rise."""
    numbered = [fault for fault in examined.faults if fault.rule == NUMBERING]
    if not numbered or not examined.prepared.form:
        return examined
    shipment = decode_canonical(examined.prepared.form).get("GoodsShipment", {})
    if not in_order(shipment.get("GovernmentAgencyGoodsItem", [])):
        return examined
    kept = [fault for fault in examined.faults if fault.rule != NUMBERING]
    return replace(examined, faults=kept)


class _Plan(NamedTuple):
    questions: list[NewQuestion]
    carried: list[ClosedQuestion]


def _refuse(faults: list[FaultReport], forbidden: bool) -> None:
    if forbidden:
        raise not_admitted(faults, Found(faults, len(faults)))


def _version_row(version: LockedVersion, composed: Composed, move: Move, now: int) -> NewVersion:
    message, prepared = composed.message, composed.examined.prepared
    routing = prepared.routing
    if move.state is State.UNDER_ASSESSMENT:
        routing = after_release(routing)
    return NewVersion(
        id=new_id(),
        declaration_id=version.declaration_id,
        number=version.number + 1,
        media=message.media.mime,
        received=message.content,
        received_sha256=hashlib.sha256(message.content).digest(),
        canonical=prepared.form,
        content_sha256=fingerprint(prepared.form),
        form=FORM,
        warnings=msgspec.json.encode(composed.examined.warnings),
        routing=msgspec.json.encode(routing),
        trace_id=message.trace_id,
        received_at=now,
        lodged_at=now,
        state=move.state,
        state_until=move.until,
        due_at=move.due_at,
    )


def _as_locked(version: LockedVersion, row: NewVersion) -> LockedVersion:
    """A version that this transaction has made, which nobody else can see: as its (locked) predecessor, but new."""
    return version._replace(
        version_id=row.id, number=row.number, decided_at=None, decision_number=1, stored_routing=row.routing,
        stored_state=row.state, state_until=row.state_until, due_at=row.due_at, outcome=None,
    )  # fmt: skip


def _carry_over(transaction: Transaction, row: NewVersion, carried: Sequence[ClosedQuestion], number: int) -> News:
    """Write the answers that stand on the new version too, each with an event that says from where."""
    rows = [each._replace(version_id=row.id, round=1, asked_at=transaction.now, dispatched_at=None,
                          answered_at=transaction.now) for each in carried]  # fmt: skip
    assessments.add_assessments(transaction.connection, rows)
    return News(tuple(
        Event(transaction.now, events.Kind.ASSESSED, events.SYSTEM, row.id,
              {"lane": each.lane, "carried_from": number, **commitments.of_answer(each._asdict())})
        for each in rows
    ))  # fmt: skip


def _seen_at_the_border(transaction: Transaction, version: LockedVersion, row: NewVersion) -> News:
    """What was reported of the goods is compared with the new version."""
    if version.state in EXPECTED:
        return NO_NEWS
    declared = decode_canonical(row.canonical)
    trail = events.of_declaration(transaction.connection, version.declaration_id)
    reports = (msgspec.convert(event.detail["arrival"], Arrival) for event in trail if event.kind in REPORTS)
    found = tuple(dict.fromkeys(each for report in reports for each in differences(declared, report)))
    return border_answer(transaction, row.id, found) if found else NO_NEWS
