"""Where a reader of a stream goes on: after the number of the last entry it has, with a short digest of that entry.

A restored backup gives its numbers again, for other entries; the digest tells them apart. A number alone is taken, too,
as long as the stream reaches it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

Entry = TypeVar("Entry")

PATTERN: Final = "[0-9]{1,18}(-[0-9a-f]{8})?"
_DIGITS: Final = 8
ADVICE: Final = (
    "If the service was restored from a backup, go on after the last number that its operator names for this stream,"
    " or read it again from after=0"
)


class Cursor(NamedTuple):
    """After which entry a reader goes on: `number` 0 is the beginning; written "1234-5f3a9c0e", or "1234"."""

    number: int
    digest: str | None = None

    def __str__(self) -> str:
        """As `read_cursor` takes it."""
        return str(self.number) if self.digest is None else f"{self.number}-{self.digest}"


START: Final = Cursor(0)


def read_cursor(text: str) -> Cursor:
    """The cursor as a reader sends it; raises ValueError for a text that is none."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError("0 for the beginning, or what the page before names as the next, such as 1234-5f3a9c0e")
    number, _, digest = text.partition("-")
    return Cursor(int(number), digest or None)


def cursor_of(number: int, *entry: object) -> Cursor:
    """The cursor of an entry; `entry` is what never changes in it, and would differ in another under its number."""
    told = "\n".join(map(str, (number, *entry)))
    return Cursor(number, hashlib.sha256(told.encode()).hexdigest()[:_DIGITS])


class NotInStream(ValueError):  # noqa: N818 - an answer to the reader, which has to go on from elsewhere
    """A cursor names an entry that the stream does not have, or has no more."""


@dataclass(frozen=True)
class Stream(Generic[Entry]):
    """How one stream is read: `entries` from a number on, at most so many; its `newest`; the cursor of each.

    Numbers have no gaps, and begin at 1.
    """

    entries: Callable[[int, int], Sequence[Entry]]
    newest: Callable[[], Cursor | None]
    cursor: Callable[[Entry], Cursor]
    advice: str = ADVICE

    def page(self, after: Cursor, limit: int) -> tuple[Sequence[Entry], Cursor]:
        """At most `limit` entries after a cursor, and the cursor to go on from; raises NotInStream.

        The entry that a digest is of is read with the page. After a number alone the stream's end is looked up where
        the page is empty.
        """
        if after.digest is not None:
            named, *entries = self.entries(after.number, limit + 1) or (None,)
            if named is None or self.cursor(named) != after:
                raise self._refusal(after, self.newest())
        else:
            entries = [*self.entries(after.number + 1, limit)]
            if not entries and after != START:
                after = self._at_the_end(after)
        return entries, self.cursor(entries[-1]) if entries else after

    def _at_the_end(self, after: Cursor) -> Cursor:
        """The number with its digest, where it is the newest; one that came meanwhile is of the next page."""
        newest = self.newest()
        end = newest or START
        if end.number < after.number:
            raise self._refusal(after, newest)
        return end if end.number == after.number else after

    def _refusal(self, after: Cursor, newest: Cursor | None) -> NotInStream:
        end = (newest or START).number
        has = f"its newest is number {end}" if end else "it has no entry yet"
        if after.number > end:
            return NotInStream(f"This stream does not reach number {after.number}: {has}. {self.advice}")
        return NotInStream(
            f"This stream has another entry under number {after.number} than {after}; {has}. {self.advice}"
        )
