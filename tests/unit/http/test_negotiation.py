from __future__ import annotations

import pytest
from flask import Request
from werkzeug.datastructures import Headers, MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.test import EnvironBuilder

from singlewindow.http.negotiation import acceptable_media, read_content
from singlewindow.http.problems import ProblemError

XML, JSON = "application/xml", "application/json"


def _accept(header: str) -> MIMEAccept:
    return parse_accept_header(header, MIMEAccept)


def _request(headers: dict[str, str], body: bytes = b"{}") -> Request:
    return Request(EnvironBuilder("/", method="POST", data=body, headers=Headers(headers)).get_environ())


@pytest.mark.parametrize(
    ("header", "media"),
    [
        ("", (XML, JSON)),
        ("*/*", (XML, JSON)),
        ("application/*", (XML, JSON)),
        (JSON, (JSON,)),
        ("application/json;q=0.5, application/xml", (XML,)),
        ("text/html, application/json;q=0.1", (JSON,)),
        ("application/json; charset=utf-8", (JSON,)),
        ("application/xml;charset=UTF-8;q=0.2, application/json;q=0.1", (XML,)),
    ],
)
def test_the_caller_gets_what_it_likes_best_of_what_there_is(header: str, media: tuple[str, ...]) -> None:
    assert acceptable_media((XML, JSON), _accept(header)) == media


@pytest.mark.parametrize("header", ["application/pdf", "application/json;q=0, application/xml;q=0", "text/*"])
def test_a_caller_that_wants_something_else_is_told_what_there_is(header: str) -> None:
    with pytest.raises(ProblemError, match=r"NOT_ACCEPTABLE.*application/xml or application/json"):
        acceptable_media((XML, JSON), _accept(header))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "text/plain"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "text/xml"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "application/xml; charset=utf-16"}, "ENCODING_NOT_UTF8"),
        ({"Content-Type": "application/xml; charset=iso-8859-1"}, "ENCODING_NOT_UTF8"),
        ({"Content-Type": JSON, "Content-Encoding": "gzip"}, "CONTENT_ENCODING_UNSUPPORTED"),
        ({"Content-Encoding": "br"}, "CONTENT_ENCODING_UNSUPPORTED"),
    ],
)
def test_a_body_of_another_kind_is_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ProblemError, match=code):
        read_content(_request(headers), (XML, JSON))


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=utf-8", f'{JSON};charset="UTF-8"', "Application/JSON"])
def test_a_json_body_in_utf_8_is_read(kind: str) -> None:
    assert read_content(_request({"Content-Type": kind}), (XML, JSON)) == (JSON, b"{}")


def test_a_body_over_the_limit_is_refused_with_the_limit() -> None:
    request = _request({"Content-Type": JSON}, b" " * 101)
    request.max_content_length = 100
    with pytest.raises(ProblemError, match=r"PAYLOAD_TOO_LARGE.*at most 100 bytes"):
        read_content(request, (XML, JSON))
