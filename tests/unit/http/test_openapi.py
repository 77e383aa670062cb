from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from singlewindow.access.keys import Role
from singlewindow.http.openapi import openapi, problem_codes, roles_of
from singlewindow.http.problem_codes import CODES
from singlewindow.http.route import Public
from singlewindow.http.routes import ROUTES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(openapi(ROUTES)))  # type: ignore[no-any-return]


def test_the_routes_of_the_application_are_those_of_the_document(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert served == described


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
def test_every_route_names_somebody(route: Any) -> None:
    assert isinstance(route.roles, Public) or (route.roles and route.roles <= set(Role))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
def test_every_route_says_what_it_is_for_and_what_it_answers(route: Any) -> None:
    assert route.summary[0].isupper()
    assert not route.summary.endswith(".")
    assert route.responses
    assert all(response.meaning for response in route.responses.values())
    assert set(problem_codes(route)) <= CODES.keys()


def test_public_routes_are_these_and_no_others() -> None:
    assert {route.path for route in ROUTES if isinstance(route.roles, Public)} == {
        "/healthz", "/readyz", "/openapi.json", "/docs", "/oauth/token", "/.well-known/jwks.json",
        "/entitlements", "/v1/agencies/<code>/entitlement",
    }  # fmt: skip


def test_what_needs_a_key_says_so_in_the_document(document: dict[str, Any]) -> None:
    for route in ROUTES:
        operation = document["paths"][route.template][route.method.lower()]
        assert bool(operation["security"]) == (not isinstance(route.roles, Public))
        assert operation["x-roles"] == roles_of(route)


def test_what_a_call_reads_is_described_as_far_as_a_schema_can(document: dict[str, Any]) -> None:
    bodies = {
        path: content["schema"]
        for path, methods in document["paths"].items()
        for content in methods.get("post", {}).get("requestBody", {}).get("content", {}).values()
    }
    form = bodies["/oauth/token"]
    assert form["required"] == ["grant_type"]
    assert form["properties"]["grant_type"] == {"const": "client_credentials"}
    answer = bodies["/v1/agencies/{code}/assessments/{question}"]
    assert answer == {"$ref": "#/components/schemas/RemoteAnswer"}


def test_a_moment_in_a_query_is_a_date_or_a_date_and_time(app: Flask, document: dict[str, Any]) -> None:
    start, end, cut_off, *_ = document["paths"]["/v1/release-times"]["get"]["parameters"]
    assert start["schema"] == end["schema"] == cut_off["schema"]
    assert start["schema"]["anyOf"] == [{"format": "date"}, {"format": "date-time"}]
    assert "examples: 2026-01-31, 2026-01-31T12:00:00Z" in app.test_client().get("/docs").text


def test_every_pattern_of_the_document_is_one_that_every_language_reads(document: dict[str, Any]) -> None:
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(document))
    assert patterns
    assert not [pattern for pattern in patterns if "\\A" in pattern or "\\Z" in pattern]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
def test_too_long_an_address_is_among_the_answers_of_every_call(
    app: Flask, document: dict[str, Any], route: Any
) -> None:
    answer = app.test_client().open(f"{route.path}?x={'x' * 16_000}", method=route.method)
    assert answer.get_json()["code"] in problem_codes(route)
    assert str(answer.status_code) in document["paths"][route.template][route.method.lower()]["responses"]


def test_where_keys_are_read_too_many_wrong_ones_are_among_the_answers(document: dict[str, Any]) -> None:
    for route in ROUTES:
        reads_keys = not isinstance(route.roles, Public) or route.path == "/oauth/token"
        answers = document["paths"][route.template][route.method.lower()]["responses"]
        assert ("429" in answers) == reads_keys


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9_.]+", name) for name in names)


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
    assert references
    assert references <= document["components"]["schemas"].keys()


def test_the_document_and_the_page_are_served_to_everybody(app: Flask, document: dict[str, Any]) -> None:
    client = app.test_client()
    assert client.get("/openapi.json").get_json() == document
    page = client.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    for route in ROUTES:
        assert f"{route.method} {route.template}" in page.text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := found.get(name))]
        self.ids += [value for value in [found.get("id")] if value]


def test_the_page_needs_no_script_and_nothing_from_elsewhere(app: Flask) -> None:
    answer, page = app.test_client().get("/docs"), _Page()
    page.feed(answer.text)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert all(link.startswith(("#", "/openapi.json")) for link in page.links)
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]


def test_every_link_of_the_page_and_every_problem_type_has_its_anchor(app: Flask) -> None:
    page = _Page()
    page.feed(app.test_client().get("/docs").text)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert set(CODES) <= set(page.ids)
