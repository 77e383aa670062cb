"""The whole matrix: every call, as everybody, with ids of one's own, of another, and of nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from adapters.registry import build_adapters
from singlewindow.access.keyring import create_key, revoke_key
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate, revoke_mandate
from singlewindow.agencies.agency import Remote
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.http.route import Public
from singlewindow.http.routes import ROUTES
from singlewindow.storage.tables import declaration, version
from tests.agency_server import agency_server
from tests.integration.conftest import ON_ONE_ENGINE, Caller, app_over, body_of, work
from tests.integration.documents import tree

OWN, FOREIGN, UNKNOWN = "own", "foreign", "unknown"
NOBODY, BAD, NOT_HERE, NO_MANDATE = (
    (401, "UNAUTHENTICATED"),
    (401, "INVALID_TOKEN"),
    (403, "FORBIDDEN"),
    (403, "NOT_AUTHORISED_FOR_PARTY"),
)
GONE, UNREAD = (404, "NOT_FOUND"), (400, "EMPTY_BODY")
GOOD = (200, "")
NO_ARCHIVE = (415, "UNSUPPORTED_MEDIA_TYPE")

STRANGERS = {
    "anonymous": NOBODY, "revoked": BAD, "expired": BAD, "broker without mandate": NO_MANDATE,
    "broker of a revoked mandate": NO_MANDATE,
}  # fmt: skip
EVERYBODY = (
    "trader",
    "broker",
    "broker for the trader",
    "carrier",
    "customs",
    "analyst",
    "auditor",
    "operator",
    "narrow",
)

Expected = Mapping[str, tuple[tuple[int, str], tuple[int, str], tuple[int, str]]]
PARTY_S: Expected = {"trader": (GOOD, GONE, GONE), "broker for the trader": (GOOD, GONE, GONE),
                     "broker": (GONE, GONE, GONE), "auditor": (GOOD, GOOD, GONE)}  # fmt: skip
LODGING: Expected = dict.fromkeys(("trader", "broker", "broker for the trader"), (UNREAD,) * 3)
GIVING: Expected = {"trader": (UNREAD, GONE, GONE), "broker": (GONE,) * 3,
                    "broker for the trader": (UNREAD, GONE, GONE)}  # fmt: skip
REPORTS: Expected = {**LODGING, "carrier": (UNREAD,) * 3}
LISTS: Expected = dict.fromkeys(("trader", "broker", "broker for the trader"), (GOOD,) * 3)
SUBSCRIBING: Expected = dict.fromkeys(("trader", "broker", "broker for the trader", "customs"), (UNREAD,) * 3)
MINE: Expected = dict.fromkeys(SUBSCRIBING, (GONE,) * 3)  # there is none yet; a stranger's: test_deliveries.py
# Outcomes for own, foreign and unknown ids; whoever is not named is refused with 403 FORBIDDEN.
MATRIX: dict[str, Expected | None] = {
    "POST /v1/declarations": LODGING,
    "POST /oauth/token": None,
    "GET /v1/agencies/<code>/entitlement": None,
    "GET /entitlements": None,
    "POST /v1/declarations/validate": LODGING,
    "POST /v1/declarations/batch": dict.fromkeys(LODGING, (NO_ARCHIVE,) * 3),
    "GET /v1/declarations": {**LISTS, "auditor": (GOOD,) * 3},
    "GET /v1/declarations/<mrn>": PARTY_S,
    "GET /v1/declarations/<mrn>/document": PARTY_S,
    "GET /v1/declarations/<mrn>/decision": PARTY_S,
    "POST /v1/agencies/<code>/assessments/<question>": {"customs": (UNREAD, GONE, GONE)},
    "PUT /v1/declarations/<mrn>": GIVING,
    "POST /v1/declarations/<mrn>/cancellation": LODGING,
    "POST /v1/declarations/<mrn>/arrival": REPORTS,
    "POST /v1/declarations/<mrn>/milestones": REPORTS,
    "GET /v1/agencies/<code>/requests": {"customs": (GOOD, GONE, GONE)},
    "GET /v1/agencies/<code>/requests/<mrn>/<request>": {"customs": (GONE, GONE, GONE)},
    "POST /v1/agencies/<code>/requests/<mrn>/<request>": {"customs": (UNREAD, GONE, GONE)},
    "GET /v1/agencies/<code>/questions": {"customs": (GOOD, GONE, GONE)},
    "GET /v1/agencies/<code>/questions/<question>": {"customs": (GONE,) * 3},
    "PUT /v1/agencies/<code>/questions/<question>/officer": {"customs": (GONE,) * 3},
    "DELETE /v1/agencies/<code>/questions/<question>/officer": {"customs": (GONE,) * 3},
    "POST /v1/agencies/<code>/questions/<question>/answer": {"customs": (UNREAD, GONE, GONE)},
    "POST /v1/agencies/<code>/questions/<question>/queries": {"customs": (UNREAD, GONE, GONE)},
    "POST /v1/declarations/<mrn>/queries/<query>": LODGING,
    "PUT /v1/declarations/<mrn>/documents/<sha256>": GIVING,
    "GET /v1/declarations/<mrn>/documents": PARTY_S,
    "GET /v1/declarations/<mrn>/documents/<sha256>": dict.fromkeys(PARTY_S, (GONE,) * 3),
    "POST /v1/declarations/<mrn>/documents-answer": LODGING,
    "PUT /v1/agencies/<code>/declarations/<mrn>/documents/<sha256>": {"customs": (UNREAD, GONE, GONE)},
    "GET /v1/agencies/<code>/declarations/<mrn>/documents": {"customs": (GOOD, GONE, GONE)},
    "GET /v1/agencies/<code>/declarations/<mrn>/documents/<sha256>": {"customs": (GONE,) * 3},
    "GET /v1/agencies/<code>/inspections": {"customs": (GOOD, GONE, GONE)},
    "GET /v1/agencies/<code>/inspections/<inspection>": {"customs": (GONE,) * 3},
    "POST /v1/agencies/<code>/inspections/<inspection>/records": {"customs": (UNREAD, GONE, GONE)},
    "PUT /v1/agencies/<code>/inspections/<inspection>/slot": {"customs": (UNREAD, GONE, GONE)},
    "POST /v1/agencies/<code>/inspections/<inspection>/overrides": {"customs": (UNREAD, GONE, GONE)},
    "POST /v1/agencies/<code>/inspections/<inspection>/overrides/<override>/answer": {"customs": (UNREAD, GONE, GONE)},
    "GET /v1/declarations/<mrn>/inspection": dict.fromkeys(PARTY_S, (GONE,) * 3),
    "PUT /v1/declarations/<mrn>/inspection/wish": LODGING,
    "GET /v1/notices": {**LISTS, "narrow": (GOOD,) * 3},
    "GET /v1/agencies/<code>/feed": {"customs": (GOOD, GONE, GONE)},
    "POST /v1/subscriptions": SUBSCRIBING,
    "GET /v1/subscriptions": dict.fromkeys(SUBSCRIBING, (GOOD,) * 3),
    "DELETE /v1/subscriptions/<subscription>": MINE,
    "POST /v1/subscriptions/<subscription>/secrets": MINE,
    "POST /v1/subscriptions/<subscription>/test": MINE,
    "GET /v1/subscriptions/<subscription>/attempts": MINE,
    "GET /v1/release-times": {"auditor": (GOOD,) * 3, "analyst": (GOOD,) * 3},
    "GET /v1/audit/checkpoints": {"auditor": (GOOD,) * 3},
    "GET /metrics": {"operator": (GOOD,) * 3},
    "GET /.well-known/jwks.json": None,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /openapi.json": None,
    "GET /docs": None,
}


class Cast(NamedTuple):
    """Everybody by name, each with the header of its place, and the ids by kind."""

    app: Flask
    keys: dict[str, tuple[str, str]]
    ids: dict[str, dict[str, str]]

    def call(self, who: str, endpoint: str, kind: str) -> Any:
        """The answer to one call."""
        method, _, path = endpoint.partition(" ")
        for variable, value in self.ids[kind].items():
            path = path.replace(variable, value)
        key, party = self.keys[who]
        headers = ({"Authorization": f"Bearer {key}"} if key else {}) | ({"Acting-For": party} if party else {})
        media = "application/json" if method in {"POST", "PUT"} else None
        return self.app.test_client().open(path, method=method, headers=headers, content_type=media)


@pytest.fixture
def context(context: ClearanceContext) -> Iterator[ClearanceContext]:
    """The window, with its customs asked over HTTP, so that there are questions to answer."""
    with agency_server("green") as server:
        customs = context.agencies["customs"]
        remote = Remote(url=server.url, key_env="CUSTOMS_KEY", allow_http=True, timeout_seconds=5)
        head = msgspec.structs.replace(customs.head, adapter="remote")
        agencies = {
            **context.agencies,
            "customs": replace(customs, head=head, method=replace(customs.method, profiles=()), remote=remote),
        }
        yield replace(context, agencies=agencies, adapters=build_adapters(agencies, secrets=str.lower))


@pytest.fixture
def cast(context: ClearanceContext) -> Cast:
    settings = msgspec.structs.replace(context.settings, sw_wrong_keys=0)
    app, engine = app_over(replace(context, settings=settings)), context.engine

    def key(role: Role, party: str | None = None, agency: str | None = None, **terms: Any) -> str:
        return create_key(engine, role, party, agency, **terms).text

    revoked = create_key(engine, Role.AUDITOR)
    revoke_key(engine, revoked.key_id)
    grant_mandate(engine, "BROKER", "TRADER")
    revoke_mandate(engine, grant_mandate(engine, "BROKER", "THIRD"))
    trader, broker = key(Role.TRADER, "TRADER"), key(Role.BROKER, "BROKER")
    keys = {
        "trader": (trader, ""), "broker": (broker, ""), "broker for the trader": (broker, "TRADER"),
        "broker without mandate": (broker, "OTHER"), "broker of a revoked mandate": (broker, "THIRD"),
        "customs": (key(Role.AGENCY, agency="customs"), ""), "analyst": (key(Role.ANALYST), ""),
        "auditor": (key(Role.AUDITOR), ""), "operator": (key(Role.OPERATOR), ""), "anonymous": ("", ""),
        "revoked": (revoked.text, ""), "expired": (key(Role.AUDITOR, lifetime_seconds=1e-6), ""),
        "carrier": (key(Role.CARRIER, "CARRIER"), ""), "narrow": (key(Role.TRADER, "TRADER", scopes=["notices"]), ""),
    }  # fmt: skip
    lodging = (Caller(app, trader, "TRADER"), Caller(app, key(Role.TRADER, "OTHER"), "OTHER"))
    mrns = [body_of(caller.lodge(tree()))["mrn"] for caller in lodging]
    work(context)
    with context.engine.connect() as connection:
        found = connection.execute(select(declaration.c.mrn, version.c.id).join_from(declaration, version))
        questions = {mrn: question_name(version_id) for mrn, version_id in found}
    ids = {
        kind: {"<mrn>": mrn, "<code>": code, "<question>": question, "<request>": "1", "<query>": "1",
               "<inspection>": "1", "<override>": "1",
               "<sha256>": "0" * 64, "<subscription>": "1"}
        for kind, mrn, code, question in (
            (OWN, mrns[0], "customs", questions[mrns[0]]), (FOREIGN, mrns[1], "firearms", questions[mrns[1]]),
            (UNKNOWN, "26ZZ00000000000000", "nosuch", "nosuch"),
        )
    }  # fmt: skip
    return Cast(app, keys, ids)


def _outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, "" if answer.status_code == 200 else body_of(answer)["code"]


def test_every_call_stands_in_the_matrix() -> None:
    assert {route.endpoint for route in ROUTES} == MATRIX.keys()
    assert {route.endpoint for route in ROUTES if isinstance(route.permission, Public)} == {
        endpoint for endpoint, expected in MATRIX.items() if expected is None
    }


def test_every_call_is_answered_to_everybody_as_the_matrix_says(cast: Cast) -> None:
    for endpoint, expected in MATRIX.items():
        for who in cast.keys:
            if endpoint == "POST /oauth/token":
                assert _outcome(cast.call(who, endpoint, OWN)) == (415, "UNSUPPORTED_MEDIA_TYPE")
            elif expected is None:
                assert _outcome(cast.call(who, endpoint, OWN)) == GOOD, (endpoint, who)
            if expected is None:
                continue
            refusal = STRANGERS.get(who, NOT_HERE)
            if refusal == NO_MANDATE and "broker" not in expected:
                refusal = NOT_HERE
            for kind, wanted in zip((OWN, FOREIGN, UNKNOWN), expected.get(who, (refusal,) * 3), strict=True):
                assert _outcome(cast.call(who, endpoint, kind)) == wanted, (endpoint, who, kind)


def test_what_is_foreign_and_what_does_not_exist_are_told_with_the_same_bytes(cast: Cast) -> None:
    for endpoint in MATRIX:
        for who in cast.keys:
            foreign, unknown = (_told(cast.call(who, endpoint, kind)) for kind in (FOREIGN, UNKNOWN))
            if "<" in endpoint and foreign[0] != 200:
                assert foreign == unknown, (endpoint, who)


def _told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    trace_id = answer.headers.pop("X-Trace-Id")
    return answer.status_code, answer.data.replace(trace_id.encode(), b"-"), dict(answer.headers)


@ON_ONE_ENGINE
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_no_other_method_does_anything(cast: Cast, method: str) -> None:
    for endpoint in MATRIX:
        path = endpoint.partition(" ")[2]
        if f"{method} {path}" in MATRIX:
            continue
        assert _outcome(cast.call("trader", f"{method} {path}", OWN)) == (405, "METHOD_NOT_ALLOWED"), endpoint


def test_what_a_broker_lodges_is_the_trader_s_and_the_trail_names_both(cast: Cast, context: ClearanceContext) -> None:
    broker, _ = cast.keys["broker"]
    place = {"Acting-For": "TRADER"}
    answer = Caller(cast.app, broker).call(
        "POST", "/v1/declarations", headers=place, json={"Declaration": tree("BY-BROKER", Declarant={"ID": "TRADER"})}
    )
    assert answer.status_code == 202
    mrn = body_of(answer)["mrn"]
    assert Caller(cast.app, cast.keys["trader"][0]).get(f"/v1/declarations/{mrn}").status_code == 200
    assert Caller(cast.app, broker).get(f"/v1/declarations/{mrn}").status_code == 404
    audited = body_of(Caller(cast.app, cast.keys["auditor"][0]).get(f"/v1/declarations/{mrn}"))
    assert audited["timeline"][0]["actor"] == "broker:BROKER for TRADER"
