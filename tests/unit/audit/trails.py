"""Trails made for tests: chained events in many streams, their export, and checkpoints signed along the way."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from singlewindow.audit.chain import EMPTY, GENESIS, STREAMS, Entry, Head, Subject, event_bytes, event_link
from singlewindow.audit.checkpoint import Checkpoint, Signer, new_key
from singlewindow.audit.export import Contents, event_line, opening_line

SIGNER = Signer(new_key())


@dataclass
class Trail:
    """Events by stream, as a database would hold them, and the checkpoints that an auditor has kept."""

    streams: list[list[tuple[Entry, bytes]]] = field(default_factory=lambda: [[] for _ in range(STREAMS)])
    kept: list[Checkpoint] = field(default_factory=list)

    def append(self, stream: int, at: int, detail: bytes = b'{"agency":"customs"}') -> None:
        """Chain one more event: about a version, about a key, or about nothing that has a name."""
        mine = self.streams[stream]
        subject = (10_000 + at, Subject("key", f"k{at}"), None)[at % 3]
        entry = Entry(stream, len(mine) + 1, at, "assessed", "agency:customs", subject, detail)
        mine.append((entry, event_link(mine[-1][1] if mine else GENESIS, event_bytes(entry))))

    def heads(self) -> list[Head]:
        """Where the streams end."""
        return [Head(mine[-1][0].number, mine[-1][1].hex()) if mine else EMPTY for mine in self.streams]

    def sign(self, signer: Signer = SIGNER) -> Checkpoint:
        """Make a checkpoint, and keep it."""
        previous = self.kept[-1] if self.kept else None
        number = previous.statement.number + 1 if previous else 1
        made = signer.sign(number, 1_000_000 * number, self.heads(), previous)
        self.kept.append(made)
        return made

    def export(self, after: Sequence[Head] | None = None, outside: int = 0) -> list[bytes]:
        """The lines of the file."""
        start = list(after or [EMPTY] * STREAMS)
        contents = Contents(exported_at=0, after=start, heads=self.heads(), outside=outside)
        lines = [opening_line(contents)]
        for head, mine in zip(start, self.streams, strict=True):
            lines += [event_line(its, entry) for entry, its in mine if entry.number > head.number]
        return lines


def filled(events: int = 200, seed: int = 1) -> Trail:
    """A trail with a checkpoint over all its events."""
    chance, trail = random.Random(seed), Trail()
    for at in range(events):
        trail.append(chance.randrange(STREAMS), at, b'{"agency":"customs","n":%d}' % at)
    trail.sign()
    return trail
