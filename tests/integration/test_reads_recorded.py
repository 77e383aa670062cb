"""Who read what: every reading by somebody else than the trader is an event in the trail, or there is no answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate
from singlewindow.audit.checkpoint import Signer, new_key, read_checkpoints
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.enquiries import audit_trail
from singlewindow.http.request import Request, Response
from singlewindow.http.route import Discloses, Public, Route
from singlewindow.http.routes import ROUTES
from singlewindow.storage.trail import events
from tests.integration.conftest import Caller, Callers, app_over, body_of, problem, work
from tests.integration.documents import JSON_TYPE, PISTOLS, TRADER, as_json, tree
from tests.integration.supporting import LICENCE, give, sha256_of

TRADER_S = {"Acting-For": TRADER}
READING = [
    (route, role)
    for route in ROUTES
    if route.discloses.subject is not None and not isinstance(route.roles, Public)
    if route.discloses is not Discloses.QUESTIONS  # nothing is decided while officers have questions: test_officers
    for role in sorted(route.roles)
]


def recorded_readings(context: ClearanceContext) -> list[tuple[str, dict[str, Any]]]:
    with context.engine.connect() as connection:
        rows = connection.execute(text("SELECT actor, detail FROM event WHERE kind = 'read' ORDER BY id"))
        return [(row.actor, msgspec.json.decode(row.detail)) for row in rows]


def lodged(trader: Caller, context: ClearanceContext, lrn: str = "LRN1") -> str:
    """Lodge pistols with a licence; they are to be inspected, so that an officer must agree to their cancellation."""
    mrn = str(body_of(trader.lodge(tree(lrn, commodity=PISTOLS)))["mrn"])
    work(context)
    pass_deadlines(context)
    ask = json.dumps({"reason": "Sold elsewhere"}).encode()
    assert trader.post(ask, path=f"/v1/declarations/{mrn}/cancellation").status_code == 202
    assert give(trader, mrn).status_code == 200
    return mrn


def waiting(context: ClearanceContext, table: str) -> str:
    """The request, or the inspection, that waits for an officer."""
    with context.engine.connect() as connection:
        return str(connection.execute(text(f"SELECT id FROM {table}")).scalar_one())


@pytest.mark.parametrize(("route", "role"), READING, ids=lambda part: getattr(part, "endpoint", part))
def test_a_reading_is_recorded_with_who_read_and_what(
    callers: Callers, trader: Caller, context: ClearanceContext, route: Route, role: Role
) -> None:
    mrn, reader = lodged(trader, context), callers.of(role)
    audit_trail.sign_checkpoint(context.engine, Signer(new_key()))
    grant_mandate(context.engine, "BROKER1", TRADER)
    path = route.path.replace("<mrn>", mrn).replace("<code>", "customs").replace("<sha256>", sha256_of(LICENCE))
    path = path.replace("<request>", waiting(context, "request")).replace(
        "<inspection>", waiting(context, "inspection")
    )
    place = TRADER_S if role is Role.BROKER else {}
    told = {"mrns": [mrn], "checkpoints": [1], "fingerprint": ANY}
    for media in route.produces:
        answer = reader.call(route.method, path, headers={"Accept": media} | place, buffered=True)
        assert answer.status_code == 200, answer.data
    if role is Role.TRADER:
        assert recorded_readings(context) == []
        return
    key_id = reader.key.split("_")[1]
    actors = {Role.AGENCY: "agency:customs", Role.BROKER: f"broker:BROKER1 for {TRADER}"}
    recorded = recorded_readings(context)
    assert [actor for actor, _ in recorded] == [actors.get(role, f"{role}:{key_id}")] * len(route.produces)
    subject = route.discloses.subject or ""
    wanted = {"call": route.endpoint, "key_id": key_id, subject: told[subject]}
    assert [detail | wanted for _, detail in recorded] == [detail for _, detail in recorded]


def test_every_role_that_reads_was_tried() -> None:
    assert {role for _, role in READING} == {*Role} - {Role.OPERATOR, Role.CARRIER}
    elsewhere = {Discloses.QUESTIONS}  # of officers: test_officers.py
    assert {route.discloses for route, _ in READING} == {each for each in Discloses if each.subject} - elsewhere


@pytest.mark.parametrize("headers", [{}, {"Acting-For": "BROKER1"}], ids=["unsaid", "said"])
def test_what_a_broker_reads_of_its_own_is_not_recorded(
    callers: Callers, context: ClearanceContext, headers: dict[str, str]
) -> None:
    broker = callers.broker("BROKER1")
    content = as_json(tree(Declarant={"ID": "BROKER1"}))
    own = {"Acting-For": "BROKER1"}
    answer = broker.call("POST", "/v1/declarations", data=content, content_type=JSON_TYPE, headers=own)
    mrn = body_of(answer)["mrn"]
    for path in ("declarations", "notices", f"declarations/{mrn}", f"declarations/{mrn}/document"):
        assert broker.call("GET", f"/v1/{path}", headers=headers).status_code == 200
    assert recorded_readings(context) == []
    with context.engine.connect() as connection:
        lodging = connection.execute(text("SELECT actor FROM event WHERE kind = 'lodged'")).scalar_one()
    assert lodging == "broker:BROKER1"


def test_an_empty_page_of_notices_is_no_reading(callers: Callers, context: ClearanceContext) -> None:
    grant_mandate(context.engine, "BROKER1", TRADER)
    broker = callers.broker("BROKER1")
    for media, status in (("application/json", 200), ("application/xml", 204)):
        assert broker.call("GET", "/v1/notices", headers=TRADER_S | {"Accept": media}).status_code == status
    assert recorded_readings(context) == []


@pytest.mark.parametrize(
    ("discloses", "told"),
    [
        (Discloses.NOTICES, None),
        (Discloses.DECLARATIONS, {"fingerprint": "1"}),
        (Discloses.NOTHING, {"mrns": ["26ZZ00000000000000"]}),
        (Discloses.RECEIPT, {"mrns": []}),
    ],
)
@pytest.mark.parametrize("role", [Role.TRADER, Role.BROKER])
def test_a_reply_that_does_not_fit_what_its_route_declares_is_not_given(
    context: ClearanceContext,
    monkeypatch: pytest.MonkeyPatch,
    discloses: Discloses,
    told: dict[str, Any] | None,
    role: Role,
) -> None:
    def handler(_request: Request) -> Response:
        return Response({"shown": "secret"}, discloses=told)

    notices = next(route for route in ROUTES if route.path == "/v1/notices")
    monkeypatch.setattr("singlewindow.http.app.ROUTES", (replace(notices, handler=handler, discloses=discloses),))
    app = app_over(context)
    answer = Callers(app, context).of(role).get("/v1/notices")
    assert problem(answer) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.data
    assert recorded_readings(context) == []


def test_what_a_broker_reads_of_a_trader_s_is_recorded_with_both_names(
    callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrn = lodged(trader, context)
    grant_mandate(context.engine, "BROKER1", TRADER)
    assert callers.broker("BROKER1").call("GET", f"/v1/declarations/{mrn}", headers=TRADER_S).status_code == 200
    ((actor, detail),) = recorded_readings(context)
    assert (actor, detail["mrns"]) == ("broker:BROKER1 for GB123456789000", [mrn])


def test_a_page_of_a_feed_is_one_event_and_an_empty_page_is_none(
    callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrns = sorted(lodged(trader, context, f"LRN{number}") for number in range(3))
    agency = callers.agency("customs")
    following = body_of(agency.get("/v1/agencies/customs/feed"))["next"]
    agency.get(f"/v1/agencies/customs/feed?after={following}")
    assert [detail["mrns"] for _, detail in recorded_readings(context)] == [mrns]


def test_what_traders_read_of_their_own_is_not_recorded(trader: Caller, context: ClearanceContext) -> None:
    mrn = lodged(trader, context)
    for path in ("", f"/{mrn}", f"/{mrn}/document", f"/{mrn}/decision"):
        assert trader.get(f"/v1/declarations{path}").status_code == 200
    assert recorded_readings(context) == []


def test_who_is_told_that_a_declaration_ended_without_a_decision_has_read_it(
    callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    trader.post(json.dumps({"reason": "Lodged twice"}).encode(), path=f"/v1/declarations/{mrn}/cancellation")
    for reader in (trader, callers.auditor()):
        assert problem(reader.get(f"/v1/declarations/{mrn}/decision")) == (409, "NOT_POSSIBLE")
    ((_, detail),) = recorded_readings(context)
    assert (detail["call"], detail["mrns"]) == ("GET /v1/declarations/<mrn>/decision", [mrn])


def test_what_was_not_found_was_not_read(callers: Callers, context: ClearanceContext) -> None:
    assert callers.auditor().get("/v1/declarations/26ZZ00000000000000").status_code == 404
    assert callers.agency("customs").get("/v1/agencies/health/feed").status_code == 404
    assert recorded_readings(context) == []


def test_a_reading_that_cannot_be_recorded_is_refused(
    callers: Callers, trader: Caller, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    mrn, auditor = lodged(trader, context), callers.auditor()
    assert auditor.get("/v1/release-times").status_code == 200  # the key is known from now on

    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("gone"))

    monkeypatch.setattr(events, "record", away)
    answer = auditor.get(f"/v1/declarations/{mrn}/document")
    assert problem(answer) == (503, "SERVICE_UNAVAILABLE")
    assert b"Spanners" not in answer.data


def test_an_auditor_fetches_the_checkpoints_that_came_since_the_last_time(
    callers: Callers, context: ClearanceContext
) -> None:
    signer = Signer(new_key())
    made = [audit_trail.sign_checkpoint(context.engine, signer) for _ in range(3)]
    answer = callers.auditor().get("/v1/audit/checkpoints?after=1")
    assert answer.content_type == "text/plain"
    assert read_checkpoints(answer.data.splitlines(), [signer.public]) == made[1:]
    following = answer.headers["X-Next-After"]
    assert following.startswith("3-")
    assert answer.headers["Link"] == f'</v1/audit/checkpoints?after={following}&limit=50>; rel="next"'
