"""Reads a ZIP file of declarations without trusting its directory.

One member is inflated at a time, and no further than its stated size. Nothing is ever written to a disk, so names are
only names; an archive with a suspicious name, or one that two programs could read differently, is refused as a whole.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.message import Media

ARCHIVE_BYTES = 14_000_000
MOST_MEMBERS = 10_000
INFLATED_BYTES = 250_000_000

_DIRECTORY_BYTES = 400 * MOST_MEMBERS
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s22x2H")
_PLAIN_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,200}\.(?:xml|json)", re.IGNORECASE)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_ZIP64 = 1


class Member(NamedTuple):
    """One file of an archive: its name, and its media type."""

    name: str
    media: Media


class Archive:
    """The members of a ZIP file, in the order of its directory."""

    def __init__(self, content: bytes) -> None:
        """Read the directory; raises `Refused` (ARCHIVE_INVALID, ARCHIVE_TOO_LARGE) if it is not plain."""
        end = _screen_end(content)
        try:
            self._file = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, RuntimeError, ValueError, struct.error) as error:
            raise _invalid_archive("Its directory cannot be read") from error
        self._entries = self._file.infolist()
        _screen_numbers(self._entries)
        for entry in self._entries:
            _screen_entry(entry)
        _screen_places(content[:end], self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Member]:
        for entry in self._entries:
            name = entry.filename
            yield Member(name, Media.JSON if name.lower().endswith(".json") else Media.XML)

    def content(self, member: Member, most: int) -> bytes:
        """A member's bytes, at most one more than `most`; raises `Refused` if they are broken."""
        try:
            with self._file.open(member.name) as opened:
                return opened.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
            raise _invalid_archive("This member is broken") from error


def _invalid_archive(what: str) -> Refused:
    return Refused("ARCHIVE_INVALID", f"The archive is not a plain ZIP file of declarations. {what}.")


def _too_large(what: str) -> Refused:
    return Refused("ARCHIVE_TOO_LARGE", f"{what}. Split the archive.")


def _screen_end(content: bytes) -> int:
    """Where the directory begins; it must end with the file, so that no program can find another one."""
    if len(content) > ARCHIVE_BYTES:
        raise _too_large(f"An archive may have at most {ARCHIVE_BYTES:,} bytes")
    if len(content) < _END.size or not content.startswith((b"PK\3\4", b"PK\5\6")):
        raise _invalid_archive("It does not start like a ZIP file")
    mark, disk, first_disk, here, entries, size, start, comment = _END.unpack(content[-_END.size :])
    if mark != b"PK\5\6" or comment or disk or first_disk or here != entries:
        raise _invalid_archive("It must be one file, without a comment and without anything after its directory")
    if start + size != len(content) - _END.size:
        raise _invalid_archive("Its directory is not where the file says; ZIP64 is not supported")
    if entries > MOST_MEMBERS or size > _DIRECTORY_BYTES:
        raise _too_large(f"An archive may have at most {MOST_MEMBERS:,} members")
    return int(start)


def _screen_numbers(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise _invalid_archive("It is empty")
    if len(entries) > MOST_MEMBERS:
        raise _too_large(f"An archive may have at most {MOST_MEMBERS:,} members")
    if sum(entry.file_size for entry in entries) > INFLATED_BYTES:
        raise _too_large(f"The members may have {INFLATED_BYTES:,} bytes together")
    if len({entry.filename.casefold() for entry in entries}) < len(entries):
        raise _invalid_archive("Two members have the same name")


def _screen_entry(entry: zipfile.ZipInfo) -> None:
    name = ascii(entry.filename[:40])
    if not _PLAIN_NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
        raise _invalid_archive(f"{name} is not a plain file name that ends in .xml or .json; leave out folders")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise _invalid_archive(f"{name} is not an ordinary file")
    if entry.flag_bits & _ENCRYPTED:
        raise _invalid_archive(f"{name} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _invalid_archive(f"{name} is compressed in a way that is not supported; use deflate")
    if _ZIP64 in _extra_fields(entry.extra):
        raise _invalid_archive(f"{name} uses ZIP64, which is not supported")


def _extra_fields(extra: bytes) -> Iterator[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        yield kind
        at += 4 + size


def _screen_places(content: bytes, entries: list[zipfile.ZipInfo]) -> None:
    """Every member must have its own place before the directory: overlapping ones would be inflated many times."""
    free = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        start = entry.header_offset
        if start < free or start + _LOCAL.size > len(content):
            raise _invalid_archive("Its members overlap")
        _, name, extra = _LOCAL.unpack_from(content, start)
        free = start + _LOCAL.size + name + extra + entry.compress_size
    if free > len(content):
        raise _invalid_archive("Its members overlap")
