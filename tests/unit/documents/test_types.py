"""The first bytes must be those of the type, and a file's name is harmless."""

from __future__ import annotations

import io
import zipfile

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.documents.types import HEAD_BYTES, LONGEST_NAME, TYPES, check_head, file_name

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"
OPEN_SHEET = "application/vnd.oasis.opendocument.spreadsheet"


def archive(*members: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return written.getvalue()


GOOD = {
    "application/pdf": b"%PDF-1.4\n",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00",
    "image/tiff": b"II*\x00\x08",
    "application/xml": b'\xef\xbb\xbf\n<?xml version="1.0"?><a/>',
    "application/json": b' {"a": 1}',
    "text/csv": "id;Gewicht\n1;5,0 größer\n".encode(),
    "text/plain": b"No licence is needed.\r\n\t\f",
    WORD: archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")),
    SHEET: archive(("_rels/.rels", b"<R/>"), ("xl/workbook.xml", b"<x/>")),
    OPEN_TEXT: archive(("mimetype", OPEN_TEXT.encode()), ("content.xml", b"<o/>")),
    OPEN_SHEET: archive(("mimetype", OPEN_SHEET.encode()), ("content.xml", b"<o/>")),
}
RUNS = {
    "a program": b"MZ\x90\x00\x03", "another": b"\x7fELF\x02", "a script": b"#!/bin/sh\x00", "bytes": b"\x00\x01\x02",
    "a Java archive": archive(("META-INF/MANIFEST.MF", b"Main-Class: A")),
    "any archive": archive(("run.exe", b"MZ")), "an older office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
}  # fmt: skip


def test_every_type_has_an_example() -> None:
    assert GOOD.keys() == TYPES.keys()


@pytest.mark.parametrize("media", TYPES)
def test_a_document_begins_like_its_type_and_like_no_other_binary_one(media: str) -> None:
    check_head(media, GOOD[media])
    texts = {"application/xml", "application/json", "text/csv", "text/plain"}
    families = [{"application/pdf"} | texts, {WORD, SHEET}]
    like = next((family for family in families if media in family), {media})
    for other in TYPES.keys() - like:
        with pytest.raises(Refused, match=f"does not begin like {other}"):
            check_head(other, GOOD[media])


@pytest.mark.parametrize("content", RUNS.values(), ids=RUNS.keys())
@pytest.mark.parametrize("media", TYPES)
def test_what_runs_is_of_no_type(media: str, content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_head(media, content[:HEAD_BYTES])
    assert refused.value.code == "DOCUMENT_NOT_ITS_TYPE"


def test_a_head_may_end_in_the_middle_of_a_character() -> None:
    check_head("text/plain", ("ü" * HEAD_BYTES).encode()[: HEAD_BYTES - 1])
    with pytest.raises(Refused):
        check_head("text/plain", b"gr\xfcn and more")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("licence.pdf", "licence.pdf"),
        ("", "aaaaaaaaaaaa.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Papers\\licence.pdf", "licence.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("invoice.exe", "invoice.exe.pdf"),
        ('a"b;c*d%e.pdf', "a_b_c_d_e.pdf"),
        ("许可证.pdf", "许可证.pdf"),
        ("x" * LONGEST_NAME, "x" * (LONGEST_NAME - 4) + ".pdf"),
        ("...", "aaaaaaaaaaaa.pdf"),
    ],
)
def test_a_name_is_harmless_and_ends_like_its_type(given: str, named: str) -> None:
    assert file_name(given, "application/pdf", "a" * 64) == named
