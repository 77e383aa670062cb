"""Ordering the one inspection of a decision, with a place and the first free slot: a sweep does it, once.

It is not part of the decision's own transaction, which so costs nothing more and waits for no slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from singlewindow.agencies.routing import basis_of, items_of
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import NO_DECISION, detailed, new_notice
from singlewindow.clearance.inspecting.supersede import carry_over
from singlewindow.clearance.inspecting.words import appointment
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import Answer, Control
from singlewindow.decisions.merge import DOCUMENTS_ASKED, Verdict
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.model import Tree, text_of
from singlewindow.inspections.order import OrderedControl, make_order
from singlewindow.inspections.slots import place_of, slots_after
from singlewindow.life_cycle.machine import ORDERED, State, Step
from singlewindow.life_cycle.news import CONTROL, Detail
from singlewindow.risk.facts import goods_items
from singlewindow.storage import assessments, decisions, declarations
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.inspections import orders, outcomes, slots
from singlewindow.storage.inspections.orders import Inspection
from singlewindow.storage.streams import NewFeedEntry
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import MICROSECONDS

_verdict = msgspec.json.Decoder(Verdict)
HOUR: Final = 3600 * MICROSECONDS


def waits_for_order(version: LockedVersion, now: int) -> bool:
    """Whether what is due about a version is its order, and not the end of its state."""
    return version.state in ORDERED and version.stored_state == version.state and (version.state_until or 0) >= now


def order_inspection(context: ClearanceContext, version_id: int) -> bool:
    """Order the inspection of a version's decision; False if somebody else does, or there is nothing to order."""
    with changing(context.engine) as connection:
        locked = declarations.lock_versions(connection, [version_id], skip_locked=True)
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        if not locked or locked[0].due_at is None or locked[0].due_at >= transaction.now:
            return False
        version = locked[0]
        if not waits_for_order(version, transaction.now):
            return False
        publish(transaction, _order(context, transaction, version))
        until = version.state_until
        declarations.enter_state(connection, Move(version_id, Step.DECIDED_INSPECTION, version.state, until, until))
        return True


def _order(context: ClearanceContext, transaction: Transaction, version: LockedVersion) -> Iterator[News]:
    connection = transaction.connection
    decision = decisions.current_decision(connection, version.version_id)
    if decision is None:
        return
    standing = orders.find_inspection(connection, version.version_id, version.decision_number)
    tree = decode_canonical(declarations.contents_of(connection, [version.version_id])[version.version_id].canonical)
    verdict = _verdict.decode(decision.body)
    basis = basis_of(version.routing)
    lead = basis.customs if basis else context.settings.sw_customs
    controls = standing.controls if standing else _controls(transaction, version, verdict, tree, lead)
    if version.state is State.INSPECTION_ORDERED and verdict.function_code == DOCUMENTS_ASKED:
        controls = _with_examination(controls)  # the documents were not given in time
    if standing is None:
        yield _news(transaction, version, _add(transaction, version, controls, tree, lead))
    elif controls != standing.controls:
        changed = standing._replace(stored_controls=msgspec.json.encode(controls))
        changed = _booked(transaction, version, changed, tree)
        orders.change_inspection(connection, changed)
        yield _news(transaction, version, changed)


def _add(
    transaction: Transaction, version: LockedVersion, controls: tuple[OrderedControl, ...], tree: Tree, lead: str
) -> Inspection:
    made = Inspection(new_id(), version.version_id, version.decision_number, msgspec.json.encode(controls), lead,
                      transaction.now, "", None)  # fmt: skip
    kept = carry_over(transaction, version, made)
    order = _booked(transaction, version, kept.order, tree)
    orders.add_inspection(transaction.connection, order)
    outcomes.add_records(transaction.connection, kept.records)
    return order


def _controls(
    transaction: Transaction, version: LockedVersion, verdict: Verdict, tree: Tree, lead: str
) -> tuple[OrderedControl, ...]:
    given = assessments.newest_answers(transaction.connection, version.version_id)
    items = [text_of(item.get("SequenceNumeric")) or "" for item in goods_items(tree)]
    answers = [each.assessment for each in given.values() if each.answer != Answer.REPLACED]
    return make_order(verdict, answers, lambda code: items_of(version.routing, code), items, lead)


def _with_examination(controls: tuple[OrderedControl, ...]) -> tuple[OrderedControl, ...]:
    if any(each.control is Control.PHYSICAL for each in controls):
        return controls
    papers = [each for each in controls if each.control is Control.DOCUMENTS]
    return (*controls, *(msgspec.structs.replace(each, control=Control.PHYSICAL) for each in papers))


def _booked(transaction: Transaction, version: LockedVersion, made: Inspection, tree: Tree) -> Inspection:
    """The order with the place that serves where the goods are, and its first free slot, if the goods are touched."""
    if made.slot_at is not None or all(each.control is Control.DOCUMENTS for each in made.controls):
        return made
    profile = transaction.rulebooks.profile_of(version.country)
    place = place_of(tree, _seen_at(transaction, version), profile.inspection_places)
    if place is None:
        return made
    notice = int(profile.inspection_notice_hours * HOUR)
    moments = slots_after(place, transaction.now + notice)
    at = slots.book_first(transaction.connection, place.code, place.capacity, moments)
    return made._replace(place=place.code, slot_at=at)


def _seen_at(transaction: Transaction, version: LockedVersion) -> str:
    trail = events.of_declaration(transaction.connection, version.declaration_id)
    said = [each.detail["arrival"] for each in trail if each.kind is events.Kind.ARRIVED]
    return str(said[-1].get("place", "")) if said else ""


def _news(transaction: Transaction, version: LockedVersion, made: Inspection) -> News:
    controls = sorted({str(each.control) for each in made.controls})
    detail = {"inspection": str(made.id), "number": made.decision_number, "controls": controls,
              "place": made.place, "slot_at": made.slot_at}  # fmt: skip
    event = Event(transaction.now, events.Kind.INSPECTION_ORDERED, events.SYSTEM, version.version_id, detail)
    concerned = sorted({agency for each in made.controls for agency in each.agencies})
    feed = tuple(NewFeedEntry(agency, version.version_id, "inspection", transaction.now) for agency in concerned)
    if version.state is not State.INSPECTION_ORDERED:
        return News((event,), (), feed)  # the notice that asked for documents has said it
    notice = new_notice(version.party, version.version_id, CONTROL, transaction.now)
    places = transaction.rulebooks.profile_of(version.country).inspection_places
    place = next((each for each in places if each.code == made.place), None)
    words = Detail(words=appointment(place, made.slot_at), happened_at=made.slot_at)
    return News((event,), (detailed(notice._replace(decision_number=NO_DECISION), words),), feed)
