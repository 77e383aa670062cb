from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from singlewindow.cli.client import lodge_all, media_of
from tests.documents import EXAMPLES, PLAIN


def _client(*answers: httpx.Response) -> httpx.Client:
    left = list(answers)
    return httpx.Client(base_url="http://window", transport=httpx.MockTransport(lambda _: left.pop(0)))


@pytest.mark.parametrize(
    ("name", "content", "media"),
    [
        ("a.XML", b"{", "application/xml"),
        ("a.json", b"<", "application/json"),
        ("a.txt", b" \r\n{", "application/json"),
        ("a", b"<a/>", "application/xml"),
        ("a", b"", "application/xml"),
    ],
)
def test_the_name_says_what_a_file_is_and_else_its_first_character(name: str, content: bytes, media: str) -> None:
    assert media_of(Path(name), content) == media


@pytest.mark.parametrize("content", [b"<html></html>", b"[]", b"", b'"no"'])
def test_an_answer_of_something_else_than_a_single_window_is_said_to_be_that(content: bytes) -> None:
    with _client(httpx.Response(200, content=content)) as client, pytest.raises(ValueError, match="--url"):
        lodge_all(client, [EXAMPLES / PLAIN], lambda: None)


def test_a_service_that_asks_for_a_pause_gets_the_same_again() -> None:
    refused = httpx.Response(422, json={"detail": "no"})
    with _client(httpx.Response(429, headers={"Retry-After": "0"}), refused) as client:
        assert lodge_all(client, [EXAMPLES / PLAIN], lambda: None)[0].problem == {"detail": "no"}
