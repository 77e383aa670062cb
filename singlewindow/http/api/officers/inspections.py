"""Inspections: officers read them, move them, record how controls went, and ask for overrides; the party follows."""

from __future__ import annotations

import re

import msgspec

from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.inspecting.move_slot import Moved, NewSlot, ask_for_slot, move_slot
from singlewindow.clearance.inspecting.override_result import (
    Overridden,
    SecondWord,
    Wanted,
    answer_override,
    ask_override,
)
from singlewindow.clearance.inspecting.record_controls import RecordMade, record_controls
from singlewindow.declarations.reading.json_shape import LARGEST, read_shape
from singlewindow.enquiries.shapes import InspectionContent, InspectionPage, OverrideShown, OwnInspection
from singlewindow.enquiries.worklists.inspections import (
    override_shown,
    read_inspection,
    read_inspections,
    read_own_inspection,
)
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.api.life import AFTER, REPLAYED
from singlewindow.http.api.own_agency import own_agency
from singlewindow.http.api.shapes import (
    ControlReceipt,
    ControlReport,
    OverrideRequest,
    OverrideRuling,
    SlotMove,
    SlotReceipt,
    SlotWish,
)
from singlewindow.http.parameters import LIMIT
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.inspections.results import ControlRecord, Found
from singlewindow.life_cycle.machine import State
from singlewindow.times import iso, microseconds

NO_INSPECTION = "There is no such inspection for this caller"
NUMBER = re.compile("[0-9]{1,19}")
_control = msgspec.json.Decoder(ControlReport)
_move = msgspec.json.Decoder(SlotMove)
_wish = msgspec.json.Decoder(SlotWish)
_override = msgspec.json.Decoder(OverrideRequest)
_ruling = msgspec.json.Decoder(OverrideRuling)


def get_inspections(request: Request) -> Response:
    """The open inspections in which the officer's agency takes part."""
    page = read_inspections(
        request.context.engine, own_agency(request, NO_INSPECTION), request.query["after"], request.query["limit"]
    )
    return Response(page, discloses={"mrns": sorted({each.mrn for each in page.inspections})})


def get_inspection(request: Request) -> Response:
    """One inspection, ended or not."""
    agency, inspection_id = own_agency(request, NO_INSPECTION), _number(request, "inspection")
    found = read_inspection(request.context.engine, agency, inspection_id)
    if found is None:
        raise ProblemError("NOT_FOUND", NO_INSPECTION)
    return Response(found, discloses={"mrns": [found.inspection.mrn]})


def post_control(request: Request) -> Response:
    """Record how a control went; the same record again gets the same receipt."""
    own_agency(request, NO_INSPECTION)
    said, inspection_id = read_shape(request.content, _control, "record"), _number(request, "inspection")
    found = tuple(
        Found(kind=each.kind, words=each.words, quantity=each.quantity, unit=each.unit) for each in said.found
    )
    record = ControlRecord(
        recorded=said.recorded, result=State(said.result) if said.result else None, found=found, words=said.words,
        trader=said.trader, done_by=said.done_by, evidence=tuple(said.evidence),
    )  # fmt: skip
    stored = record_controls(
        request.context, request.caller, inspection_id, RecordMade(said.control, tuple(said.items or ()), record)
    )
    if stored is None:
        raise ProblemError("NOT_FOUND", NO_INSPECTION)
    body = ControlReceipt(inspection=str(inspection_id), mrn=stored.mrn, recorded_at=iso(stored.recorded_at) or "",
                          state=stored.state, results=stored.results)  # fmt: skip
    return Response(body, 200, REPLAYED if stored.replayed else {})


def put_slot(request: Request) -> Response:
    """Move an inspection; the party is told why."""
    own_agency(request, NO_INSPECTION)
    said = read_shape(request.content, _move, "slot")
    wanted = NewSlot(microseconds(said.starts_at), said.reason, said.place)
    return _slot_response(
        move_slot(request.context, request.caller, _number(request, "inspection"), wanted), NO_INSPECTION
    )


def post_override(request: Request) -> Response:
    """Ask for a result against the records, or before they are complete."""
    own_agency(request, NO_INSPECTION)
    said = read_shape(request.content, _override, "override")
    wanted = Wanted(tuple(said.items or ()), State(said.result), said.reason, said.trader)
    return _override_response(ask_override(request.context, request.caller, _number(request, "inspection"), wanted))


def post_override_answer(request: Request) -> Response:
    """A second person agrees or refuses."""
    own_agency(request, NO_INSPECTION)
    said = read_shape(request.content, _ruling, "answer")
    answered = answer_override(
        request.context, request.caller, _number(request, "inspection"), _number(request, "override"),
        SecondWord(said.agreed, said.words),
    )  # fmt: skip
    return _override_response(answered)


def get_own_inspection(request: Request) -> Response:
    """The inspection of the party's goods."""
    context, mrn = request.context, request.path["mrn"]
    found = read_own_inspection(context.engine, context.rulebooks, request.caller, mrn)
    if found is None:
        raise ProblemError("NOT_FOUND", NO_INSPECTION)
    return Response(found, discloses={"mrns": [mrn]})


def put_own_slot(request: Request) -> Response:
    """The party asks for another time; an officer decides."""
    said = read_shape(request.content, _wish, "wish")
    at = None if said.starts_at is None else microseconds(said.starts_at)
    wished = ask_for_slot(request.context, request.caller, request.path["mrn"], at, said.reason)
    return _slot_response(wished, NO_DECLARATION)


def _slot_response(moved: Moved | None, missing: str) -> Response:
    if moved is None:
        raise ProblemError("NOT_FOUND", missing)
    body = SlotReceipt(place=moved.place, slot_at=iso(moved.slot_at))
    return Response(body, 200, REPLAYED if moved.replayed else {})


def _override_response(stored: Overridden | None) -> Response:
    if stored is None:
        raise ProblemError("NOT_FOUND", NO_INSPECTION)
    return Response(override_shown(stored.override), 200, REPLAYED if stored.replayed else {})


def _number(request: Request, name: str) -> int:
    text = request.path[name]
    if not NUMBER.fullmatch(text) or int(text) >= 2**63:
        raise ProblemError("NOT_FOUND", NO_INSPECTION)
    return int(text)


INSPECTION = "/v1/agencies/<code>/inspections/<inspection>"
ENDS = ("NOT_FOUND", "INSPECTION_ENDED", *ANSWER_PROBLEMS)

ROUTES = (
    Route(
        method="GET", path="/v1/agencies/<code>/inspections", handler=get_inspections, permission=May.INSPECT,
        discloses=Discloses.INSPECTIONS, parameters=(AFTER, LIMIT),
        summary="List the open inspections in which the agency takes part, the oldest first",
        responses={200: ResponseShape("A page", InspectionPage)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path=INSPECTION, handler=get_inspection, permission=May.INSPECT, discloses=Discloses.INSPECTIONS,
        summary="Read an inspection: what is to be done, what is recorded, and what has become of the items",
        responses={200: ResponseShape("The inspection", InspectionContent)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="POST", path=f"{INSPECTION}/records", handler=post_control, permission=May.INSPECT,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=ControlReport,
        summary="Record how a control went; the same record again gets the same receipt",
        responses={200: ResponseShape("Stored", ControlReceipt)}, problems=("RECORD_UNFIT", "NOT_POSSIBLE", *ENDS),
    ),
    Route(
        method="PUT", path=f"{INSPECTION}/slot", handler=put_slot, permission=May.INSPECT,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=SlotMove, largest=LARGEST,
        summary="Move an inspection to another time or place, with a reason that the party is told",
        responses={200: ResponseShape("Moved", SlotReceipt)}, problems=("SLOT_FULL", "MOMENT_UNLIKELY", *ENDS),
    ),
    Route(
        method="POST", path=f"{INSPECTION}/overrides", handler=post_override, permission=May.INSPECT,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=OverrideRequest,
        summary="Ask for a result against the records or before they are complete; a second person must agree",
        responses={200: ResponseShape("It waits for a second person", OverrideShown)},
        problems=("RECORD_UNFIT", "PERSON_UNKNOWN", "OVERRIDE_WAITS", *ENDS),
    ),
    Route(
        method="POST", path=f"{INSPECTION}/overrides/<override>/answer", handler=post_override_answer,
        permission=May.INSPECT, discloses=Discloses.RECEIPT, consumes=(JSON,), body=OverrideRuling, largest=LARGEST,
        summary="Agree to an override, as a second person, or refuse it",
        responses={200: ResponseShape("Stored; if agreed, the result stands", OverrideShown)},
        problems=("PERSON_UNKNOWN", "SECOND_PERSON_NEEDED", "OVERRIDE_ANSWERED", "NOT_POSSIBLE", *ENDS),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/inspection", handler=get_own_inspection, permission=May.READ,
        discloses=Discloses.DECLARATIONS, summary="Read when and where goods are inspected, and what has come of it",
        responses={200: ResponseShape("The inspection", OwnInspection)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="PUT", path="/v1/declarations/<mrn>/inspection/wish", handler=put_own_slot, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=SlotWish, largest=LARGEST,
        summary="Ask for another time of the inspection, with a reason; an officer decides",
        responses={200: ResponseShape("Stored; where and when the inspection is until it is moved", SlotReceipt)},
        problems=("NOT_FOUND", "MOMENT_UNLIKELY", *ANSWER_PROBLEMS),
    ),
)  # fmt: skip
