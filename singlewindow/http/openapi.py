"""The OpenAPI 3.1 document, made from the table of routes and the classes of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from singlewindow.access.keys import Role
from singlewindow.http.api.shapes import Problem
from singlewindow.http.problem_codes import CODES
from singlewindow.http.problems import PROBLEM_MEDIA
from singlewindow.http.route import Body, Public, Route

INTERFACE = "v1"
"""The interface's version, not the product's: only the operator sees that one."""
COMMON = ("INVALID_PARAMETER", "NOT_ACCEPTABLE", "REQUEST_TIMEOUT", "URI_TOO_LONG", "INTERNAL_ERROR",
          "SERVICE_UNAVAILABLE")  # fmt: skip
GUARDED = ("UNAUTHENTICATED", "INVALID_TOKEN", "FORBIDDEN", "RATE_LIMITED")
ON_BEHALF = ("NOT_AUTHORISED_FOR_PARTY", "ACTING_FOR_REQUIRED")
REFERENCES = "#/components/schemas/{name}"
VARIABLES = {"mrn": "The movement reference number", "code": "The agency's code",
             "question": "The question's id, as it was sent with the question",
             "request": "The request's number",
             "sha256": "The SHA-256 of the document's bytes, in hexadecimal",
             "subscription": "The subscription's number",
    "inspection": "The inspection's number",
    "override": "The override's number",
             "query": "The reference of the notice that asked (FunctionalReferenceID)"}  # fmt: skip
_ACTING_FOR = {"name": "Acting-For", "in": "header", "required": False, "schema": {"type": "string"},
               "description": "The party a broker acts for: a client whose mandate is in force, or itself. Only for "
                              "brokers, who must send it when they lodge"}  # fmt: skip


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """The document as plain values."""
    listed = list(routes)
    classes = _body_classes(listed)
    schemas, components = msgspec.json.schema_components(classes, ref_template=REFERENCES)
    by_class = dict(zip(classes, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation_object(route, by_class)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trade single window", "version": INTERFACE},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def problem_codes(route: Route) -> list[str]:
    """Every problem code that a route may answer: its own, and those common to all."""
    guarded = () if isinstance(route.roles, Public) else GUARDED
    on_behalf = ON_BEHALF if takes_acting_for(route) else ()
    return list(dict.fromkeys([*guarded, *on_behalf, *COMMON, *route.problems]))


def takes_acting_for(route: Route) -> bool:
    """Whether a broker may make this call for a trader."""
    return not isinstance(route.roles, Public) and Role.BROKER in route.roles


def roles_of(route: Route) -> list[str]:
    """The roles that may call a route; "public" if no key is needed."""
    return [route.roles.value] if isinstance(route.roles, Public) else sorted(route.roles)


def _body_classes(routes: list[Route]) -> list[type]:
    bodies = [
        body for route in routes for body in (route.body, *(response.body for response in route.responses.values()))
    ]
    return list(dict.fromkeys([Problem, *(body for body in bodies if isinstance(body, type))]))


def _operation_object(route: Route, by_class: Mapping[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join(re.findall(r"\w+", route.endpoint.lower())),
        "summary": route.summary,
        "x-roles": roles_of(route),
        "x-permission": route.permission.value,
        "x-discloses": route.discloses.what,
        "security": [] if isinstance(route.roles, Public) else [{"key": []}],
        "parameters": _operation_parameters(route),
        "responses": _answer_responses(route, by_class) | _problem_responses(route, by_class),
    }
    if route.consumes:
        content = {media: {"schema": _body_schema(route.body, by_class)} for media in route.consumes}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _operation_parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "description": VARIABLES[name], "schema": {"type": "string"}}
        for name in route.variables
    ]
    in_query = [
        {"name": entry.name, "in": "query", "description": entry.meaning, "schema": dict(entry.schema)}
        for entry in route.parameters
    ]
    in_header = [
        {"name": entry.name, "in": "header", "description": entry.meaning, "schema": dict(entry.schema)}
        for entry in route.headers
    ]
    return in_path + in_query + in_header + ([_ACTING_FOR] if takes_acting_for(route) else [])


def _answer_responses(route: Route, by_class: Mapping[type, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, response in route.responses.items():
        if response.body is None:
            responses[str(status)] = {"description": response.meaning}
            continue
        schema = _body_schema(response.body, by_class)
        content = {media: {"schema": {} if media == "application/xml" else schema} for media in route.produces}
        responses[str(status)] = {"description": response.meaning, "content": content}
    return responses


def _body_schema(body: Body, by_class: Mapping[type, Any]) -> dict[str, Any]:
    return by_class[body] if isinstance(body, type) else dict(body or {})


def _problem_responses(route: Route, by_class: Mapping[type, Any]) -> dict[str, Any]:
    content = {PROBLEM_MEDIA: {"schema": by_class[Problem]}}
    by_status: dict[str, list[str]] = {}
    for code in problem_codes(route):
        by_status.setdefault(str(CODES[code].status), []).append(code)
    return {
        status: {"description": ", ".join(codes), "content": content}
        for status, codes in by_status.items()
        if int(status) not in route.responses
    }
