"""The chain: what bytes stand for an event, and how each event's link follows from the one before it.

An event is one line of JSON; its link is the SHA-256 of the previous link (32 bytes) and that line. Changing, leaving
out, adding or moving an event changes every later link of its stream.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec

STREAMS: Final = 16
"""How many chains there are: writers at the same moment each go on with another one. Fixed for ever."""
GENESIS: Final = bytes(32)
"""What stands where the first event of a stream looks for the link before it."""


class Subject(NamedTuple):
    """What an event is about where that is no version of a declaration: what it is ("key"), and which one."""

    kind: str
    id: str


class Entry(NamedTuple):
    """One event at its place: `number` counts from 1 in its stream, `at` is in microseconds since 1970 UTC.

    `subject` is a version's id, or a `Subject`, or None where the event is about nothing that has a name; any other
    tuple is no event of ours, and has a line that `verify` refuses. `detail` are the bytes as stored: one JSON object.
    """

    stream: int
    number: int
    at: int
    kind: str
    actor: str
    subject: int | tuple[str, ...] | None
    detail: bytes


class Head(NamedTuple):
    """Where a stream ends: the number of its last event (0 where it has none), and that event's link in hexadecimal."""

    number: int
    link: str


EMPTY: Final = Head(0, GENESIS.hex())


def line(entry: Entry) -> bytes:
    """The event as a JSON array, its detail as stored; raises ValueError for a detail that is no line.

    The subject is a number (a version), `[kind, id]`, or null; a version never stands there by kind and id, so that
    its events have the lines they always had. Two events never have the same line: each of the six values before the
    detail says itself where it ends (a JSON scalar, or an array of text, and the three forms of a subject begin with
    different bytes), and the detail is all the rest but the bracket.
    """
    if b"\n" in entry.detail:
        raise ValueError(f"Event {entry.number} of stream {entry.stream} holds a line break: it was not written by us")
    return msgspec.json.encode((*entry[:-1], msgspec.Raw(entry.detail)))


def link(previous: bytes, written: bytes) -> bytes:
    """The link of the event with this line, behind the one with the link `previous`."""
    return hashlib.sha256(previous + written).digest()
