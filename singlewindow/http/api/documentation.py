"""The documentation of the interface: as an OpenAPI document, and as a page without scripts or foreign parts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from singlewindow.http.openapi import INTERFACE, openapi, problem_codes, roles_of
from singlewindow.http.problem_codes import CODES
from singlewindow.http.request import HTML, Request, Response
from singlewindow.http.route import PUBLIC, Discloses, ResponseShape, Route
from singlewindow.shipped import package_folder

TEMPLATES = package_folder("singlewindow.http.api", "templates")


def routes_describing(others: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes that document all routes: those given, and themselves."""
    table = [*others]

    @cache
    def document() -> bytes:
        return msgspec.json.encode(openapi(table))

    def get_openapi(_request: Request) -> Response:
        return Response(document())

    def get_docs(_request: Request) -> Response:
        facts = {"routes": table, "codes": CODES, "version": INTERFACE}
        return page("docs.html", facts | {"roles_of": roles_of, "problem_codes": problem_codes})

    own = (
        Route(
            method="GET", path="/openapi.json", handler=get_openapi, permission=PUBLIC,
            discloses=Discloses.NOTHING,
            summary="This interface as OpenAPI 3.1", responses={200: ResponseShape("The document", {"type": "object"})},
        ),
        Route(
            method="GET", path="/docs", handler=get_docs, permission=PUBLIC,
            discloses=Discloses.NOTHING, produces=(HTML,),
            summary="This interface as a page to read", responses={200: ResponseShape("The page", {"type": "string"})},
        ),
    )  # fmt: skip
    table.extend(own)
    return own


def page(template: str, facts: Mapping[str, Any]) -> Response:
    """A page from a template; its own style is the only resource that the browser may use."""
    style, digest = _page_style()
    content = _template_environment().get_template(template).render(facts, style=style).encode()
    policy = f"default-src 'none'; style-src '{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Response(content, headers={"Content-Security-Policy": policy}, media=f"{HTML}; charset=utf-8")


@cache
def _template_environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


@cache
def _page_style() -> tuple[str, str]:
    """The style of all pages, and its hash as a content security policy names it."""
    style = (TEMPLATES / "docs.css").read_text(encoding="utf-8")
    return style, f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
