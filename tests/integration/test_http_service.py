from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import msgspec
import pytest
from flask import Flask

from singlewindow.access.keyring import CACHED_SECONDS, revoke_key
from singlewindow.access.keys import Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.http.route import Discloses, Public
from singlewindow.http.routes import ROUTES
from singlewindow.storage.engine.connect import open_engine
from tests.integration.conftest import Caller, Callers, app_over, body_of, problem, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import rows

CONCRETE = {"<mrn>": "26ZZ00000000000000", "<code>": "customs"}


def _path(template: str) -> str:
    for variable, value in CONCRETE.items():
        template = template.replace(variable, value)
    return template


def test_every_guarded_route_asks_for_a_key_and_turns_every_other_role_away(app: Flask, callers: Callers) -> None:
    for route in ROUTES:
        path, roles = _path(route.path), route.roles
        if isinstance(roles, Public):
            continue
        assert problem(app.test_client().open(path, method=route.method)) == (401, "UNAUTHENTICATED"), route.endpoint
        for role in Role:
            answer = callers.of(role).call(route.method, path)
            refused = answer.status_code == 403
            assert refused == (role not in roles), (route.endpoint, role, answer.data)


def test_a_wrong_or_revoked_key_is_not_let_in(app: Flask, callers: Callers, context: ClearanceContext) -> None:
    trader = callers.trader()
    assert problem(Caller(app, trader.key + "0").get("/v1/notices")) == (401, "INVALID_TOKEN")
    assert problem(Caller(app, "nonsense").get("/v1/notices")) == (401, "INVALID_TOKEN")
    assert revoke_key(context.engine, trader.key.split("_")[1])
    answer = Caller(app_over(context), trader.key).get("/v1/notices")
    assert problem(answer) == (401, "INVALID_TOKEN")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert CACHED_SECONDS <= 2


def test_a_method_cannot_be_overridden(trader: Caller) -> None:
    answer = trader.call("GET", "/v1/declarations", headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200


def test_a_refused_method_names_those_of_the_very_address(trader: Caller) -> None:
    assert trader.call("PUT", "/v1/declarations/batch").headers["Allow"] == "POST"
    assert trader.call("PUT", "/v1/declarations").headers["Allow"] == "GET, HEAD, POST"
    assert trader.call("PATCH", "/v1/declarations/26ZZ00000000000000").headers["Allow"] == "GET, HEAD, PUT"


def test_an_error_of_ours_tells_the_caller_nothing_but_the_trace(
    callers: Callers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret words at /etc/secret")

    trader = callers.trader()
    monkeypatch.setattr("singlewindow.enquiries.declarations.list_declarations", fail)
    with caplog.at_level(logging.ERROR):
        answer = trader.get("/v1/declarations")
    assert problem(answer) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.data
    assert answer.headers["X-Trace-Id"] in caplog.text
    assert "secret words" in caplog.text


def test_a_refusal_is_one_line_in_the_log_without_content(trader: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="singlewindow.http"):
        answer = trader.lodge(tree(lrn="TOKEN", GoodsItemQuantity="7"))
    (line,) = [record.getMessage() for record in caplog.records if record.name == "singlewindow.http.app"]
    assert line.startswith("rejected status=422 code=TOTALS_MISMATCH call='POST' /v1/declarations key=")
    assert answer.headers["X-Trace-Id"] in line
    assert "TOKEN" not in line


def _without_database(context: ClearanceContext, tmp_path: Path) -> ClearanceContext:
    server = context.engine.dialect.name == "postgresql"
    url = f"postgresql+psycopg://nobody@/nothing?host={tmp_path}" if server else f"sqlite:///{tmp_path}/no/such/file"
    return dataclasses.replace(context, engine=open_engine(url))


def test_without_a_database_the_service_says_so_and_when_to_come_back(
    trader: Caller, context: ClearanceContext, tmp_path: Path
) -> None:
    away = app_over(_without_database(context, tmp_path))
    answer = Caller(away, trader.key).get("/v1/notices")
    assert problem(answer) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    ready = away.test_client().get("/readyz")
    assert (ready.status_code, body_of(ready)["database"]) == (503, "unreachable")
    assert away.test_client().get("/healthz").status_code == 200


def test_with_a_database_the_service_is_ready(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, body_of(answer)) == (200, {"status": "ok", "database": "ok"})


def test_answers_are_made_of_what_the_document_describes(callers: Callers, context: ClearanceContext) -> None:
    trader = callers.trader()
    mrn = body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"]
    work(context)
    waiting = body_of(trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation"))["request"]
    pass_deadlines(context)
    ordered = str(rows(context, "SELECT id FROM inspection")[0][0])
    readers = {role: callers.of(role) for role in set(Role) - {Role.BROKER}}
    for route in ROUTES:
        shape = route.responses[200].body if 200 in route.responses else None
        if route.method != "GET" or not isinstance(shape, type) or isinstance(route.roles, Public):
            continue
        if route.discloses is Discloses.QUESTIONS:
            continue  # of officers: test_officers.py
        if "<subscription>" in route.path:
            continue  # of subscribers: test_deliveries.py
        for role in route.roles & readers.keys():
            path = _path(route.path.replace("<request>", waiting).replace("<inspection>", ordered)).replace(
                CONCRETE["<mrn>"], mrn
            )
            answer = readers[role].get(path)
            assert answer.status_code == 200
            described: object = msgspec.json.decode(answer.data, type=shape, strict=True)
            assert body_of(answer) == msgspec.to_builtins(described), (route.endpoint, role)


def test_metrics_count_what_waits(callers: Callers, context: ClearanceContext) -> None:
    operator = callers.operator()
    callers.trader().lodge(tree())
    waiting = operator.get("/metrics")
    work(context)
    done = operator.get("/metrics")
    assert waiting.status_code == 200
    assert waiting.content_type.startswith("text/plain; version=0.0.4")
    assert 'singlewindow_questions_open{agency="customs"} 1.0' in waiting.text
    assert 'singlewindow_questions_open{agency="customs"} 0.0' in done.text
    assert 'singlewindow_batches_open{agency="customs"} 0.0' in done.text
