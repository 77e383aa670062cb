"""Hostile and broken subscriptions: URLs that would make the service call its own network, and bodies of no use.

`@PORT@` stands for a local port that notes whether somebody connects.
"""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.hostile.row import Row
from tests.integration.documents import JSON_TYPE, XML_TYPE

SHAPE, REFUSED = "SCHEMA_INVALID", "RECEIVER_REFUSED"

UNFIT = ["", "http://good.example/", "http://127.0.0.1:@PORT@/", "gopher://127.0.0.1:@PORT@/", "file://@FILE@",
         "unix:/run/x.sock", "//good.example/", "https://good.example/a b", "https://good.example/\\r\\nX: y",
         "https://\u24dbocalhost/", "https://\u0440\u0430ypal.example/", "https://good.example/" + "a" * 10_240,
         "https://good.example/\\u0000"]  # fmt: skip
"""They do not begin with https://, or have other characters than a URL may, or too many."""
NOT_CALLED = ["https://127.0.0.1", "https://127.0.0.1:@PORT@/", "https://localhost", "https://localhost.",
              "https://2130706433", "https://0x7f.1", "https://0177.0.0.1", "https://0", "https://[::1]",
              "https://[::1]:@PORT@/", "https://[::ffff:127.0.0.1]", "https://[64:ff9b::7f00:1]",
              "https://[2002:7f00:1::]", "https://[fe80::1%25lo]", "https://[fd00::1]", "https://10.0.0.1",
              "https://100.64.0.1", "https://169.254.169.254/", "https://100.100.100.200", "https://224.0.0.1",
              "https://255.255.255.255", "https://user:pw@good@127.0.0.1", "https://good.example:6379",
              "https://localhost:@PORT@/", "https://good.example/%0d%0aSLAVEOF", "https://good.example#@127.0.0.1/",
              "https://good.example/#part", "https://good.example.:443/"]  # fmt: skip


def to(url: str, status: int, code: str) -> Row:
    """A subscription to this URL, which is written as it stands."""
    return Row("104", f"URL {ascii(url)[:40]}", f'{{"url": "{url}"}}'.encode(), status, code, JSON_TYPE)


def body(name: str, content: bytes, status: int, code: str, media: str = JSON_TYPE) -> Row:
    """A body that is no subscription."""
    return Row("104", name, content, status, code, media)


def said(**members: Any) -> bytes:
    """A subscription with other members."""
    return json.dumps({"url": "https://good.example/"} | members).encode()


ROWS = [
    *(to(url, *(400, "INVALID_UNICODE") if "u0000" in url else (422, SHAPE)) for url in UNFIT),
    *(to(url, 422, REFUSED) for url in NOT_CALLED),
    body("nothing", b"", 400, "EMPTY_BODY"),
    body("no JSON", b"url=x", 400, "JSON_MALFORMED"),
    body("XML", b"<url/>", 415, "UNSUPPORTED_MEDIA_TYPE", XML_TYPE),
    body("a list", b"[]", 422, SHAPE),
    body("no URL", b"{}", 422, SHAPE),
    body("URL as a number", said(url=1), 422, SHAPE),
    body("URL twice", b'{"url": "https://a.example/", "url": "https://b.example/"}', 400, "JSON_DUPLICATE_KEY"),
    body("another's party", said(party="GB999999999999"), 422, SHAPE),
    body("a secret of its own", said(secret="whsec_AAAA"), 422, SHAPE),
    body("a place that is none", said(after="-1"), 422, SHAPE),
    body("a place beyond the end", said(after="999999999"), 409, "CURSOR_CONFLICT"),
    body("64,100 bytes", b" " * 64_100, 413, "PAYLOAD_TOO_LARGE"),
    body("1,000 lists", b"[" * 1_000, 400, "JSON_TOO_DEEP"),
]
