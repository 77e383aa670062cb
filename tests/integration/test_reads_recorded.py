"""Who read what: every reading by somebody else than the trader is an event in the trail, or there is no answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from singlewindow.audit.checkpoint import Signer, new_key, read_checkpoints
from singlewindow.clearance import notary
from singlewindow.clearance.window import Window
from singlewindow.http.route import Public
from singlewindow.http.routes import ROUTES
from singlewindow.security.keys import Role
from singlewindow.security.mandates import grant
from singlewindow.storage import events
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import tree

UNTOLD = {"GET /metrics": Role.OPERATOR, "GET /v1/audit/checkpoints": Role.AUDITOR}
"""Routes that tell of no declaration."""
PATHS = {"GET /v1/agencies/<code>/feed": "/v1/agencies/customs/feed"}
READING = [
    (route, role)
    for route in ROUTES
    if route.method == "GET" and not isinstance(route.roles, Public) and route.endpoint not in UNTOLD
    for role in sorted(route.roles - {Role.TRADER, Role.BROKER})
]


def reads(window: Window) -> list[tuple[str, dict[str, Any]]]:
    with window.engine.connect() as connection:
        rows = connection.execute(text("SELECT actor, detail FROM event WHERE kind = 'read' ORDER BY id"))
        return [(row.actor, msgspec.json.decode(row.detail)) for row in rows]


def lodged(trader: Caller, window: Window, lrn: str = "LRN1") -> str:
    mrn = str(body_of(trader.lodge(tree(lrn)))["mrn"])
    work(window)
    return mrn


@pytest.mark.parametrize(("route", "role"), READING, ids=lambda part: getattr(part, "endpoint", part))
def test_a_reading_is_recorded_with_who_read_and_what(
    callers: Callers, trader: Caller, window: Window, route: Any, role: Role
) -> None:
    mrn, reader = lodged(trader, window), callers.of(role)
    path = PATHS.get(route.endpoint, route.path.replace("<mrn>", mrn))
    assert reader.get(path).status_code == 200
    ((actor, detail),) = reads(window)
    key_id = reader.key.split("_")[1]
    assert actor == ("agency:customs" if role is Role.AGENCY else f"{role}:{key_id}")
    assert (detail["call"], detail["key_id"]) == (route.endpoint, key_id)
    assert detail.get("mrns", [mrn]) == [mrn]
    assert set(detail) - {"call", "key_id"} in ({"mrns"}, {"start", "end", "cut_off", "by", "fingerprint"})


def test_what_a_broker_reads_of_a_trader_s_is_recorded_with_both_names(
    callers: Callers, trader: Caller, window: Window
) -> None:
    mrn = lodged(trader, window)
    grant(window.engine, "BROKER1", "GB123456789000")
    place = {"Acting-For": "GB123456789000"}
    assert callers.broker("BROKER1").call("GET", f"/v1/declarations/{mrn}", headers=place).status_code == 200
    ((actor, detail),) = reads(window)
    assert (actor, detail["mrns"]) == ("broker:BROKER1 for GB123456789000", [mrn])


def test_a_page_of_a_feed_is_one_event_and_an_empty_page_is_none(
    callers: Callers, trader: Caller, window: Window
) -> None:
    mrns = sorted(lodged(trader, window, f"LRN{number}") for number in range(3))
    agency = callers.agency("customs")
    following = body_of(agency.get("/v1/agencies/customs/feed"))["next"]
    agency.get(f"/v1/agencies/customs/feed?after={following}")
    assert [detail["mrns"] for _, detail in reads(window)] == [mrns]


def test_what_traders_read_of_their_own_is_not_recorded(trader: Caller, window: Window) -> None:
    mrn = lodged(trader, window)
    for path in ("", f"/{mrn}", f"/{mrn}/document", f"/{mrn}/decision"):
        assert trader.get(f"/v1/declarations{path}").status_code == 200
    assert reads(window) == []


def test_what_was_not_found_was_not_read(callers: Callers, window: Window) -> None:
    assert callers.auditor().get("/v1/declarations/26ZZ00000000000000").status_code == 404
    assert callers.agency("customs").get("/v1/agencies/health/feed").status_code == 404
    assert reads(window) == []


def test_a_reading_that_cannot_be_recorded_is_refused(
    callers: Callers, trader: Caller, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    mrn, auditor = lodged(trader, window), callers.auditor()
    assert auditor.get("/v1/release-times").status_code == 200  # the key is known from now on

    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("gone"))

    monkeypatch.setattr(events, "record", away)
    answer = auditor.get(f"/v1/declarations/{mrn}/document")
    assert problem(answer) == (503, "SERVICE_UNAVAILABLE")
    assert b"Spanners" not in answer.data


def test_an_auditor_fetches_the_checkpoints_that_came_since_the_last_time(callers: Callers, window: Window) -> None:
    signer = Signer(new_key())
    made = [notary.sign(window.engine, signer) for _ in range(3)]
    answer = callers.auditor().get("/v1/audit/checkpoints?after=1")
    assert answer.content_type == "text/plain"
    assert read_checkpoints(answer.data.splitlines(), [signer.public]) == made[1:]
    following = answer.headers["X-Next-After"]
    assert following.startswith("3-")
    assert answer.headers["Link"] == f'</v1/audit/checkpoints?after={following}&limit=50>; rel="next"'
