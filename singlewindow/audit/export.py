"""The file that an auditor checks: a line on its contents, then one line for each event, stream by stream.

An event's line is its link in hexadecimal, a tab, and the exact bytes from which it is made (`chain.event_bytes`).
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from singlewindow.audit.chain import STREAMS, Entry, Head, event_bytes

FORMAT: Final = "singlewindow trail 1"


class Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an export holds: of each stream the events after `after` up to `heads`, as they were at `exported_at`.

    `outside` counts events that are in no stream, or beyond the ends of one.
    """

    format: Literal["singlewindow trail 1"] = FORMAT
    exported_at: int
    after: list[Head]
    heads: list[Head]
    outside: int = 0

    def __post_init__(self) -> None:
        """Refuse a file about other streams than ours."""
        if {len(self.after), len(self.heads)} != {STREAMS}:
            raise ValueError(f"it names other streams than our {STREAMS}")

    @property
    def events(self) -> int:
        """How many events follow."""
        return sum(end.number - start.number for start, end in zip(self.after, self.heads, strict=True))


def opening_line(contents: Contents) -> bytes:
    """The first line."""
    return msgspec.json.encode(contents) + b"\n"


def read_opening(first: bytes) -> Contents:
    """The contents of the first line; raises ValueError if the file is not an export."""
    try:
        return msgspec.json.decode(first, type=Contents)
    except msgspec.MsgspecError as error:
        raise ValueError(f"The file is not an export of the audit trail: its first line is wrong ({error})") from error


def event_line(link: bytes, entry: Entry) -> bytes:
    """One event's line."""
    return link.hex().encode() + b"\t" + event_bytes(entry) + b"\n"
