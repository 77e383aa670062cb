"""Every route declares what it discloses, and what discloses something is recorded in one place, not by its handler."""

from __future__ import annotations

import ast
from collections.abc import Set
from dataclasses import MISSING, fields

import pytest

from singlewindow.access.keys import Caller, Role
from singlewindow.enquiries.access_log import reads_its_own
from singlewindow.http.route import Discloses, Public, Route
from singlewindow.http.routes import ROUTES
from tests.places import REPOSITORY

HARMLESS = {
    "POST /v1/declarations", "POST /v1/declarations/batch", "POST /v1/declarations/validate",
    "POST /v1/agencies/<code>/assessments/<question>", "GET /v1/agencies/<code>/entitlement", "GET /entitlements",
    "POST /oauth/token", "GET /.well-known/jwks.json", "GET /healthz", "GET /readyz", "GET /metrics",
    "GET /openapi.json", "GET /docs",
    "PUT /v1/declarations/<mrn>", "POST /v1/declarations/<mrn>/cancellation", "POST /v1/declarations/<mrn>/arrival",
    "POST /v1/declarations/<mrn>/milestones", "POST /v1/agencies/<code>/requests/<mrn>/<request>",
    "PUT /v1/agencies/<code>/questions/<question>/officer", "DELETE /v1/agencies/<code>/questions/<question>/officer",
    "POST /v1/agencies/<code>/questions/<question>/answer", "POST /v1/agencies/<code>/questions/<question>/queries",
    "POST /v1/declarations/<mrn>/queries/<query>", "PUT /v1/declarations/<mrn>/documents/<sha256>",
    "POST /v1/agencies/<code>/inspections/<inspection>/records", "PUT /v1/declarations/<mrn>/inspection/wish",
    "PUT /v1/agencies/<code>/inspections/<inspection>/slot",
    "POST /v1/agencies/<code>/inspections/<inspection>/overrides",
    "POST /v1/agencies/<code>/inspections/<inspection>/overrides/<override>/answer",
    "POST /v1/declarations/<mrn>/documents-answer", "PUT /v1/agencies/<code>/declarations/<mrn>/documents/<sha256>",
    # A subscription and the ids of its messages name no declaration; what is sent is recorded when it is sent.
    "POST /v1/subscriptions", "GET /v1/subscriptions", "DELETE /v1/subscriptions/<subscription>",
    "POST /v1/subscriptions/<subscription>/secrets", "POST /v1/subscriptions/<subscription>/test",
    "GET /v1/subscriptions/<subscription>/attempts",
}  # fmt: skip
"""Calls that show nobody's declarations: written a second time, by hand, so that a new one has to be thought about."""


def test_no_route_can_leave_out_what_it_discloses() -> None:
    (declared,) = (field for field in fields(Route) if field.name == "discloses")
    assert (declared.default, declared.default_factory) == (MISSING, MISSING)
    assert all(isinstance(route.discloses, Discloses) for route in ROUTES)


def test_these_calls_show_no_declarations_and_all_others_say_what_was_shown() -> None:
    wrong = wrongly_harmless({route.endpoint for route in ROUTES if route.discloses.subject is None})
    assert not wrong, "\n".join(wrong)


def wrongly_harmless(silent: Set[str]) -> list[str]:
    """What to do about each route that is in one list only; `silent` ones say that they disclose nothing."""
    added = [
        f"{endpoint} says that it discloses nothing of any declaration. If that is so in all its answers, refusals"
        " included, add it to HARMLESS in this file; otherwise give its Route the `discloses` that fits"
        for endpoint in sorted(silent - HARMLESS)
    ]
    gone = [
        f"{endpoint} is in HARMLESS, but discloses declarations or is no route. Take it out of HARMLESS in this file"
        for endpoint in sorted(HARMLESS - silent)
    ]
    return added + gone


def test_a_failure_says_what_to_do() -> None:
    added, gone = wrongly_harmless((HARMLESS - {"GET /docs"}) | {"GET /new"})
    assert ("GET /new says" in added, "add it to HARMLESS" in added) == (True, True)
    assert ("GET /docs is in HARMLESS" in gone, "Take it out" in gone) == (True, True)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
@pytest.mark.parametrize("role", Role)
def test_whoever_may_call_reads_its_own_or_is_recorded(route: Route, role: Role) -> None:
    if isinstance(route.roles, Public):
        assert route.discloses is Discloses.NOTHING
    elif role in route.roles and route.discloses.subject is not None:
        reader = Caller("k", role, party="P")
        unrecorded = route.discloses.by_party and reads_its_own(reader)
        assert unrecorded is (role in {Role.TRADER, Role.BROKER})
        assert not reads_its_own(reader.acting_for("ANOTHER"))


def test_readings_are_recorded_where_they_are_answered_and_where_they_are_sent() -> None:
    named = [
        str(path.relative_to(REPOSITORY))
        for path in sorted((REPOSITORY / "singlewindow").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_reading"
    ]
    assert named == ["singlewindow/deliveries/parcel.py", "singlewindow/http/app.py"]
