"""A ZIP file is read only where it is plain: what tries anything with names, sizes or places is refused whole."""

from __future__ import annotations

import io
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.archive import ARCHIVE_BYTES, INFLATED_BYTES, MOST_MEMBERS, Archive
from singlewindow.declarations.reading.intake import Media
from singlewindow.http.problem_codes import CODES

MOST = 4_000_000


def packed(*names: str, content: bytes = b"<a/>", compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(written, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of names given twice
        for name in names:
            archive.writestr(name, content)
    return written.getvalue()


def entry(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """An archive of one member whose entry was changed before it was written."""
    written, information = io.BytesIO(), zipfile.ZipInfo("a.xml")
    change(information)
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(information, b"<a/>")
    return written.getvalue()


def patched(content: bytes, at: int, form: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(form, changed, at % len(content), value)
    return bytes(changed)


def directory(content: bytes) -> int:
    return content.index(b"PK\1\2")


def refusal(content: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        Archive(content)
    return CODES[refused.value.code].status, refused.value.code


def _symlink(information: zipfile.ZipInfo) -> None:
    information.external_attr = (stat.S_IFLNK | 0o777) << 16


def _zip64(information: zipfile.ZipInfo) -> None:
    information.extra = struct.pack("<2HQ", 1, 8, 4)


ONE, TWO = packed("a.xml"), packed("a.xml", "b.xml")
INVALID = {
    "nothing": b"",
    "no archive": b"<a/>" * 100,
    "empty": packed(),
    "cut off": TWO[:-10],
    "something behind it": ONE + b"x",
    "something before it": b"#!/bin/sh\n" + ONE,
    "another archive before it": TWO + ONE,
    "comment": ONE[:-2] + b"\1\0x",
    "absolute name": packed("/etc/passwd.xml"),
    "parent folder": packed("../a.xml"),
    "folder": packed("folder/a.xml"),
    "directory": packed("folder/"),
    "drive": packed("C:a.xml"),
    "backslashes": packed("..\\a.xml"),
    "NUL in the name": packed("axxml.xml").replace(b"axxml", b"a\0xml"),
    "line break in the name": packed("a\nb.xml"),
    "archive inside": packed("a.zip"),
    "other kind of file": packed("a.txt"),
    "no ending": packed("a"),
    "name of 300 characters": packed("a" * 300 + ".xml"),
    "name twice": packed("a.xml", "a.xml"),
    "name twice but for capitals": packed("a.xml", "A.xml"),
    "symbolic link": entry(_symlink),
    "bzip2": packed("a.xml", compression=zipfile.ZIP_BZIP2),
    "lzma": packed("a.xml", compression=zipfile.ZIP_LZMA),
    "encrypted": patched(ONE, directory(ONE) + 8, "<H", 1),
    "strongly encrypted": patched(ONE, directory(ONE) + 8, "<H", 0x41),
    "ZIP64 field": entry(_zip64),
    "directory elsewhere": patched(ONE, -6, "<L", 0),
    "directory beyond the end": patched(ONE, -6, "<L", 0xFFFFFFF0),
    "second disk": patched(ONE, -18, "<H", 1),
    "two members in one place": patched(TWO, directory(TWO) + 46 + 5 + 42, "<L", 0),
    "member beyond the directory": patched(ONE, directory(ONE) + 20, "<L", 1_000),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_archive_that_is_not_plain_is_refused(case: str) -> None:
    assert refusal(INVALID[case]) == (400, "ARCHIVE_INVALID")


TOO_LARGE = {
    "ZIP64 size": patched(ONE, directory(ONE) + 24, "<L", 0xFFFFFFFF),
    "bytes": ONE + bytes(ARCHIVE_BYTES),
    "members": packed(*(f"{number}.xml" for number in range(MOST_MEMBERS + 1)), content=b""),
    "members it does not count": patched(
        patched(packed(*(f"{number}.xml" for number in range(MOST_MEMBERS + 1)), content=b""), -12, "<H", 1),
        -14, "<H", 1,
    ),
    "bytes inflated": patched(ONE, directory(ONE) + 24, "<L", INFLATED_BYTES + 1),
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_LARGE)
def test_an_archive_that_is_too_large_is_refused(case: str) -> None:
    assert refusal(TOO_LARGE[case]) == (413, "ARCHIVE_TOO_LARGE")


def test_the_members_of_a_plain_archive_are_read_in_order() -> None:
    archive = Archive(packed("b.xml", "A.JSON", "caf\u00e9 (1).xml"))
    assert [(member.name, member.media) for member in archive] == [
        ("b.xml", Media.XML), ("A.JSON", Media.JSON), ("caf\u00e9 (1).xml", Media.XML),
    ]  # fmt: skip
    assert {archive.content(member, MOST) for member in archive} == {b"<a/>"}
    assert len(archive) == 3


def test_a_member_is_inflated_no_further_than_it_may() -> None:
    archive = Archive(packed("a.xml", content=bytes(MOST)))
    (member,) = archive
    assert len(archive.content(member, 1_000)) == 1_001


BROKEN = {
    "larger than it says": patched(packed("a.xml", content=bytes(5_000)), -22 - 51 + 24, "<L", 50),
    "checksum": patched(ONE, directory(ONE) + 16, "<L", 1),
    "other name in its own place": ONE.replace(b"a.xml", b"b.xml", 1),
    "name in its own place that is no text": packed("\u00e9.xml").replace(b"\xc3\xa9", b"\xc3\xff", 1),
    "data": ONE[:36] + b"\xff" + ONE[37:],
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_member_is_refused_by_itself(case: str) -> None:
    archive = Archive(BROKEN[case])
    (member,) = archive
    with pytest.raises(Refused) as refused:
        archive.content(member, MOST)
    assert refused.value.code == "ARCHIVE_INVALID"


def test_no_damage_does_anything_but_have_an_archive_or_a_member_refused() -> None:
    seeds = (ONE, TWO, packed("a.xml", "caf\u00e9.json"), packed("a.xml", content=bytes(3_000)))
    refused = 0
    for seed in range(5_000):
        chance = random.Random(seed)
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 4))):
            content[chance.randrange(len(content))] = chance.choice((0, 255, chance.randrange(256)))
        refused += _is_refused(bytes(content))
    assert 1_000 < refused < 5_000


def _is_refused(content: bytes) -> bool:
    try:
        archive = Archive(content)
        for member in archive:
            archive.content(member, MOST)
    except Refused:
        return True
    return False
