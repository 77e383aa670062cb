"""A trader's files: whether they hold XML or JSON."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from singlewindow.declarations.reading.intake import Media

SUFFIXES = {".xml": Media.XML, ".json": Media.JSON}
CONTENT_TYPES = {Media.XML: "application/xml", Media.JSON: "application/json"}


def media_of(path: Path, content: bytes) -> Media:
    """The format of a file, from its suffix or else from its first character."""
    named = SUFFIXES.get(path.suffix.lower())
    return named or (Media.JSON if content.removeprefix(BOM_UTF8).lstrip().startswith((b"{", b"[")) else Media.XML)
