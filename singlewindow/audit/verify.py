"""The check: whether an export is consistent in itself, and with the checkpoints that the auditor kept.

It needs only the two files. A person who rewrites the record can make it consistent again, but not with a checkpoint
kept elsewhere. Events that no checkpoint covers yet are reported as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import msgspec

from singlewindow.audit.chain import EMPTY, STREAMS, Head, Subject, event_link
from singlewindow.audit.checkpoint import Checkpoint
from singlewindow.audit.export import Contents, read_opening
from singlewindow.text_files import ENDS, windows_additions, without_mark

MOST_FINDINGS: Final = 20

_event = msgspec.json.Decoder(tuple[int, int, int, str, str, int | Subject | None, msgspec.Raw])


@dataclass
class Tail:
    """The events that no checkpoint covers yet: their number, and the oldest's moment (microseconds since 1970 UTC)."""

    events: int = 0
    since: int | None = None

    def count_event(self, at: int) -> None:
        """Count one more."""
        self.events += 1
        self.since = at if self.since is None else min(self.since, at)


@dataclass
class Verdict:
    """The result: without `findings`, the trail is intact up to the newest checkpoint.

    `events` were read; `findings` are in words, the first `MOST_FINDINGS` of `found` in all. `added` is what Windows
    has added to the file, which is ignored.
    """

    newest: Checkpoint
    events: int = 0
    found: int = 0
    findings: list[str] = field(default_factory=list)
    tail: Tail = field(default_factory=Tail)
    added: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.found

    def add_finding(self, words: str) -> None:
        """Note a finding."""
        self.found += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(words)


class _Stream:
    """One stream while it is read: the present place, and what the checkpoints say of later places."""

    def __init__(self, number: int, start: Head, kept: Sequence[Checkpoint]) -> None:
        heads = {point.statement.number: point.statement.heads[number] for point in kept}
        self.name, self.start = f"stream {number}", start
        self.last, self.link = start.number, bytes.fromhex(start.link)
        self.kept = {head.number: (bytes.fromhex(head.link), point) for point, head in heads.items() if head.number}
        self.covered = max(head.number for head in heads.values())

    def check_start(self, verdict: Verdict) -> None:
        """Check the place where a file begins in the middle: a checkpoint must confirm it."""
        if self.start == EMPTY:
            return
        seen, _ = self.kept.get(self.start.number, (b"", 0))
        if seen != self.link:
            verdict.add_finding(
                f"{self.name} begins after number {self.last}, but none of the checkpoints confirms that place"
            )

    def check_event(self, verdict: Verdict, number: int, claimed: bytes, written: bytes) -> None:
        """Check the next event; an error is noted once, and reading continues from the event as it is."""
        if number != self.last + 1:
            verdict.add_finding(
                f"{self.name}: number {number} comes after {self.last}; events are missing, added or moved"
            )
        elif claimed != event_link(self.link, written):
            verdict.add_finding(
                f"{self.name}: number {number} does not follow from the event before it: one of the two was altered"
            )
        kept = self.kept.get(number)
        if kept is not None and kept[0] != claimed:
            verdict.add_finding(
                f"{self.name}: number {number} differs from what checkpoint {kept[1]} saw: it was rewritten"
            )
        self.last, self.link = number, claimed

    def check_end(self, verdict: Verdict, end: Head) -> None:
        """Check the end: the file must reach the end that it states, and every checkpoint."""
        if (self.last, self.link.hex()) != end:
            verdict.add_finding(
                f"{self.name} ends at number {self.last}, but the file says {end.number}: it is incomplete"
            )
        if self.last < self.covered:
            why = "events are missing, or the export is older than the checkpoint"
            verdict.add_finding(
                f"{self.name} ends at number {self.last}, but a checkpoint saw number {self.covered}: {why}"
            )


def verify(lines: Iterable[bytes], checkpoints: Sequence[Checkpoint]) -> Verdict:
    """Check an export, line by line, against checkpoints (by number, at least one, with checked signatures).

    Raises ValueError if the file is not an export, or is in UTF-16.
    """
    reading = iter(lines)
    first = next(reading, b"")
    contents = read_opening(without_mark(first))
    verdict = Verdict(checkpoints[-1], added=windows_additions(first))
    _compare_checkpoints(verdict, checkpoints)
    streams = {number: _Stream(number, contents.after[number], checkpoints) for number in range(STREAMS)}
    for stream in streams.values():
        stream.check_start(verdict)
    for place, written in enumerate(reading, start=2):
        _check_line(verdict, streams, place, written)
    for stream, end in zip(streams.values(), contents.heads, strict=True):
        stream.check_end(verdict, end)
    _report_outside(verdict, contents)
    return verdict


def _compare_checkpoints(verdict: Verdict, checkpoints: Sequence[Checkpoint]) -> None:
    """Check that checkpoints follow from each other: each names the one before it, and no stream gets shorter."""
    for first, second in pairwise(checkpoints):
        one, two = first.statement, second.statement
        if one == two:
            continue
        parted = one.number == two.number or (one.number + 1 == two.number and two.previous != first.digest)
        if parted or any(not _has_grown(*heads) for heads in zip(one.heads, two.heads, strict=True)):
            verdict.add_finding(
                f"checkpoints {one.number} and {two.number} contradict each other: there are two histories"
            )


def _has_grown(earlier: Head, later: Head) -> bool:
    return later.number > earlier.number or later == earlier


def _check_line(verdict: Verdict, streams: Mapping[int, _Stream], place: int, written: bytes) -> None:
    claimed, _, body = written.rstrip(ENDS).partition(b"\t")  # our lines end with a bracket
    try:
        number_of_stream, number, at = _event.decode(body)[:3]
        linked = bytes.fromhex(claimed.decode())
        stream = streams[number_of_stream]
    except (ValueError, KeyError, msgspec.MsgspecError):
        verdict.add_finding(f"line {place} of the file is not an event")
        return
    stream.check_event(verdict, number, linked, body)
    verdict.events += 1
    if number > stream.covered:
        verdict.tail.count_event(at)


def _report_outside(verdict: Verdict, contents: Contents) -> None:
    if contents.outside:
        verdict.add_finding(
            f"{contents.outside} events are outside the chain: processes of an older version wrote them "
            "(`singlewindow db upgrade` chains these, and records that in the trail), or somebody else did"
        )
