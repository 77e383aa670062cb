from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.cli.trader.files import media_of
from singlewindow.declarations.reading.intake import Media


@pytest.mark.parametrize(
    ("name", "content", "media"),
    [
        ("a.XML", b"{", Media.XML),
        ("a", b"\xef\xbb\xbf {", Media.JSON),
        ("a", b"\xef\xbb\xbf<a/>", Media.XML),
        ("a.json", b"<", Media.JSON),
        ("a.txt", b" \r\n{", Media.JSON),
        ("a", b"<a/>", Media.XML),
        ("a", b"", Media.XML),
    ],
)
def test_the_name_says_what_a_file_is_and_else_its_first_character(name: str, content: bytes, media: Media) -> None:
    assert media_of(Path(name), content) == media
