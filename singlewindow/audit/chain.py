"""The chain: the bytes of an event, and how each event's link follows from the one before it.

An event is one line of JSON; its link is the SHA-256 of the previous link (32 bytes) and that line. Changing, removing,
adding or moving an event changes every later link of its stream.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec

STREAMS: Final = 16
"""The number of chains; simultaneous writers each extend a different one. It can never change."""
GENESIS: Final = bytes(32)
"""The link before the first event of a stream."""


class Subject(NamedTuple):
    """What an event is about, unless it is a version of a declaration: its kind ("key"), and which one."""

    kind: str
    id: str


class Entry(NamedTuple):
    """One event at its place: `number` counts from 1 in its stream, `at` is in microseconds since 1970 UTC.

    `subject` is a version's id, a `Subject`, or None if the event is about nothing that has a name; any other tuple is
    not an event of ours, and `verify` refuses its line. `detail` are the bytes as stored: one JSON object.
    """

    stream: int
    number: int
    at: int
    kind: str
    actor: str
    subject: int | tuple[str, ...] | None
    detail: bytes


class Head(NamedTuple):
    """The end of a stream: the number of its last event (0 if it has none), and that event's link in hexadecimal."""

    number: int
    link: str


EMPTY: Final = Head(0, GENESIS.hex())


def event_bytes(entry: Entry) -> bytes:
    """The event as a JSON array, its detail as stored; raises ValueError if the detail is not one line.

    The subject is a number (a version), `[kind, id]`, or null; a version is never written as kind and id, so that its
    events keep the lines they have always had. Two events never have the same line: each of the six values before the
    detail shows where it ends (a JSON scalar or an array of texts, and the three forms of a subject begin with
    different bytes), and the detail is all the rest except the bracket.
    """
    if b"\n" in entry.detail:
        raise ValueError(f"Event {entry.number} of stream {entry.stream} holds a line break: we did not write it")
    return msgspec.json.encode((*entry[:-1], msgspec.Raw(entry.detail)))


def event_link(previous: bytes, written: bytes) -> bytes:
    """The link of the event with this line, which follows the event with the link `previous`."""
    return hashlib.sha256(previous + written).digest()
