"""Requests that are wrong whatever their body: types, methods, names, keys, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.e2e.hostile.row import ANOTHER_PARTY, LODGE, Row, both, json, xml
from tests.integration.documents import JSON_TYPE, XML_TYPE

TYPE = "UNSUPPORTED_MEDIA_TYPE"

BODIES = [
    Row("3", "no type", xml(), 415, TYPE, None),
    Row("4", "plain text", xml(), 415, TYPE, "text/plain"),
    Row("4", "form", xml(), 415, TYPE, "multipart/form-data; boundary=x"),
    Row("6", "charset UTF-16, XML", xml(), 415, "ENCODING_NOT_UTF8", f"{XML_TYPE}; charset=utf-16"),
    Row("6", "charset UTF-16, JSON", json(), 415, "ENCODING_NOT_UTF8", f"{JSON_TYPE}; charset=utf-16"),
    Row("7", "gzip announced, XML", xml(), 415, "CONTENT_ENCODING_UNSUPPORTED", headers={"Content-Encoding": "gzip"}),
    Row("7", "gzip announced, JSON", json(), 415, "CONTENT_ENCODING_UNSUPPORTED", JSON_TYPE,
        {"Content-Encoding": "br"}),
    Row("91", "answer as PDF", xml(), 406, "NOT_ACCEPTABLE", headers={"Accept": "application/pdf"}),
    Row("89", "forged headers", xml(), 202, headers={
        "X-Forwarded-For": "127.0.0.1", "X-User-Id": "1", "X-Client-Cert": "x", "X-Forwarded-Host": "evil"}),
    *both("83", "another trader as the declarant", 403, "NOT_AUTHORISED_FOR_PARTY", Declarant={"ID": ANOTHER_PARTY}),
    Row("90", "method overridden", xml(), 202, headers={"X-HTTP-Method-Override": "DELETE"}),
]  # fmt: skip


class Request(NamedTuple):
    """A request without a body; `key` names who calls: a role, or the literal Authorization header."""

    rows: str
    name: str
    method: str
    path: str
    status: int
    code: str
    key: str = "trader"
    headers: Mapping[str, str] = {}


ANOTHER = {"Acting-For": ANOTHER_PARTY}

REQUESTS = [
    Request("83", "a trader in another's place", "POST", LODGE, 403, "FORBIDDEN", headers=ANOTHER),
    Request("83", "a broker without a mandate", "POST", LODGE, 403, "NOT_AUTHORISED_FOR_PARTY", "broker", ANOTHER),
    *(Request("84", f"Authorization {key!r}", "GET", LODGE, 401, "UNAUTHENTICATED", key)
      for key in ("", "Basic dTpw", "Bearer", "sw_x")),
    *(Request("85", f"key {key[7:20]!r}", "GET", LODGE, 401, "INVALID_TOKEN", key)
      for key in ("Bearer x", "Bearer sw_x", f"Bearer {'a' * 5_000}", "Bearer ' OR 1=1--",
                  "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYXVkaXRvciJ9.")),
    Request("86", "trader asks for the release times", "GET", "/v1/release-times", 403, "FORBIDDEN"),
    Request("86", "trader asks for a feed", "GET", "/v1/agencies/customs/feed", 403, "FORBIDDEN"),
    Request("86", "trader answers for an agency", "POST", "/v1/agencies/customs/assessments/1", 403, "FORBIDDEN"),
    Request("86", "agency lodges", "POST", LODGE, 403, "FORBIDDEN", "agency"),
    Request("86", "auditor lodges", "POST", LODGE, 403, "FORBIDDEN", "auditor"),
    Request("86", "agency asks for another's feed", "GET", "/v1/agencies/firearms/feed", 404, "NOT_FOUND", "agency"),
    *(Request("88", f"id {name}", "GET", f"{LODGE}/{name}", 404, "NOT_FOUND")
      for name in ("1", "..%2F1", "null", "'%20OR%201=1", "A" * 10_000, "00000000-0000-0000-0000-000000000000",
                   "%7B00000000-0000-0000-0000-000000000000%7D", "%00", "%F0%9F%92%A9", "%ff")),
    *(Request("90", f"method {method}", method, LODGE, 405, "METHOD_NOT_ALLOWED")
      for method in ("PUT", "TRACE", "DELETE", "PATCH", "OPTIONS")),
    *(Request("105", f"parameter {query}", "GET", f"{LODGE}?{query}", 400, "INVALID_PARAMETER")
      for query in ("limit=0", "limit=-1", "limit=1e9", "limit=abc", "limit=%D9%A1", "after=forged", "colour=red")),
    Request("106", "parameter twice", "GET", f"{LODGE}?limit=1&limit=2", 400, "INVALID_PARAMETER"),
]  # fmt: skip
