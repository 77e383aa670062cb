"""Where a reader of a stream continues: after the number of the last entry it has, with a short digest of that entry.

After a restored backup the same numbers are used again for other entries; the digest tells them apart. A number alone
is accepted, too, as long as the stream reaches it.
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
    "If the service was restored from a backup, continue after the last number that its operator names for this stream,"
    " or read it again from after=0"
)


class Cursor(NamedTuple):
    """The entry after which a reader continues: `number` 0 is the beginning; written "1234-5f3a9c0e" or "1234"."""

    number: int
    digest: str | None = None

    def __str__(self) -> str:
        """The form that `read_cursor` reads."""
        return str(self.number) if self.digest is None else f"{self.number}-{self.digest}"


START: Final = Cursor(0)


def read_cursor(text: str) -> Cursor:
    """The cursor in a text that a reader sent; raises ValueError if it is not a cursor."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError("0 for the beginning, or the value of next on the previous page, such as 1234-5f3a9c0e")
    number, _, digest = text.partition("-")
    return Cursor(int(number), digest or None)


def cursor_of(number: int, *entry: object) -> Cursor:
    """The cursor of an entry; `entry` is its part that never changes and differs from other entries with its number."""
    told = "\n".join(map(str, (number, *entry)))
    return Cursor(number, hashlib.sha256(told.encode()).hexdigest()[:_DIGITS])


class NotInStream(ValueError):  # noqa: N818 - an answer to the reader, which has to go on from elsewhere
    """A cursor names an entry that the stream does not have, or no longer has."""


@dataclass(frozen=True)
class Stream(Generic[Entry]):
    """How to read one stream: `entries` after a number, up to a limit; its `newest`; the cursor of each entry.

    Numbers have no gaps, and begin at 1.
    """

    entries: Callable[[int, int], Sequence[Entry]]
    newest: Callable[[], Cursor | None]
    cursor: Callable[[Entry], Cursor]
    advice: str = ADVICE

    def page(self, after: Cursor, limit: int) -> tuple[Sequence[Entry], Cursor]:
        """At most `limit` entries after a cursor, and the cursor to continue from; raises NotInStream.

        The page includes the entry of the digest. After a number alone, the stream's end is looked up if the page is
        empty.
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
        """The number with its digest, if it is the newest; an entry that came meanwhile belongs to the next page."""
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
