"""Every route declares what it discloses, and what discloses something is recorded in one place, not by its handler."""

from __future__ import annotations

import ast
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
}  # fmt: skip
"""Calls that show nobody's declarations: written a second time, by hand, so that a new one has to be thought about."""


def test_no_route_can_leave_out_what_it_discloses() -> None:
    (declared,) = (field for field in fields(Route) if field.name == "discloses")
    assert (declared.default, declared.default_factory) == (MISSING, MISSING)
    assert all(isinstance(route.discloses, Discloses) for route in ROUTES)


def test_these_calls_show_no_declarations_and_all_others_say_what_was_shown() -> None:
    assert {route.endpoint for route in ROUTES if route.discloses.subject is None} == HARMLESS


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


def test_readings_are_recorded_in_one_place() -> None:
    named = [
        str(path.relative_to(REPOSITORY))
        for path in sorted((REPOSITORY / "singlewindow").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_reading"
    ]
    assert named == ["singlewindow/http/app.py"]
