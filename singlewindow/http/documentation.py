"""The interface described: the OpenAPI document, and the same table as a page without scripts or foreign parts."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from singlewindow.http.call import HTML, Call, Reply
from singlewindow.http.codes import CODES
from singlewindow.http.openapi import INTERFACE, openapi, problem_codes, roles_of
from singlewindow.http.route import Route

TEMPLATES = Path(__file__).with_name("templates")


def get_openapi(call: Call) -> Reply:
    """The OpenAPI 3.1 document."""
    return Reply(_openapi(call.service.routes))


def get_docs(call: Call) -> Reply:
    """The page; its style is part of it and is the only thing the browser may use."""
    page, style = _page(call.service.routes)
    policy = f"default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Reply(page, headers={"Content-Security-Policy": policy}, media=f"{HTML}; charset=utf-8")


@cache
def _openapi(routes: tuple[Route, ...]) -> bytes:
    return msgspec.json.encode(openapi(routes))


@cache
def _page(routes: tuple[Route, ...]) -> tuple[bytes, str]:
    """The page, and the hash of its style as a content security policy names it."""
    style = (TEMPLATES / "docs.css").read_text(encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    facts: dict[str, Any] = {"routes": routes, "codes": CODES, "version": INTERFACE, "style": style}
    page = environment.get_template("docs.html").render(facts, roles_of=roles_of, problem_codes=problem_codes)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return page.encode(), f"sha256-{digest}"
