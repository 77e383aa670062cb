"""From bytes to a declaration: both forms of one give the same declaration, or the same faults at the same places."""

from __future__ import annotations

from singlewindow.declarations.reading.from_json import read_json
from singlewindow.declarations.reading.from_xml import read_xml
from singlewindow.declarations.reading.message import Limits, Media, Reading

__all__ = ["Limits", "Media", "Reading", "read_message"]

_DEFAULT_LIMITS = Limits()


def read_message(content: bytes, media: Media, limits: Limits = _DEFAULT_LIMITS) -> Reading:
    """Read one message; raises `Refused` if it cannot be read as a declaration at all."""
    return read_xml(content, limits) if media is Media.XML else read_json(content, limits)
