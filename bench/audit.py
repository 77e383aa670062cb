"""What the audit trail costs: chaining an event as it is written, and checking one, beside plain SHA-256 chaining.

`python -m bench.audit [EVENTS] [ROUNDS]` makes a trail of events like ours; every round takes all ways in turn, so that
a machine which slows down slows all of them down. Printed are the medians. One process, no database.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from singlewindow.audit.chain import EMPTY, GENESIS, STREAMS, Entry, Head, event_bytes, event_link
from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.audit.export import Contents, event_line, opening_line
from singlewindow.audit.verify import verify

EVENTS, ROUNDS = 200_000, 5
PLAIN = "plain SHA-256 over the same lines"
DETAIL = {"profiles": "P" * 16, "agency": "customs", "answer": "assessed", "asked_at": 1_790_000_000_000_000,
          "dispatched_at": 1_790_000_000_100_000, "sha256": "5f" * 32}  # fmt: skip


def trail(events: int) -> list[list[Entry]]:
    """Events in all streams."""
    detail = msgspec.json.encode(DETAIL)
    counts = [events // STREAMS] * STREAMS
    return [
        [
            Entry(stream, number, 1_790_000_000_000_000 + number, "assessed", "agency:customs", 2**60 + number, detail)
            for number in range(1, count + 1)
        ]
        for stream, count in enumerate(counts)
    ]


def exported(streams: Sequence[Sequence[Entry]]) -> list[bytes]:
    """The lines of an export of these events."""
    lines, heads = [], []
    for entries in streams:
        last = GENESIS
        for entry in entries:
            last = event_link(last, event_bytes(entry))
            lines.append(event_line(last, entry))
        heads.append(Head(len(entries), last.hex()))
    contents = Contents(exported_at=0, after=[EMPTY] * STREAMS, heads=heads)
    return [opening_line(contents), *lines]


def plain(lines: Sequence[bytes]) -> None:
    """The least that checking a chain could cost."""
    last = GENESIS
    for written in lines:
        last = hashlib.sha256(last + written).digest()


def ways(events: int) -> dict[str, Callable[[], object]]:
    """What is measured."""
    streams = trail(events)
    lines = exported(streams)
    heads = msgspec.json.decode(lines[0], type=Contents).heads
    checkpoint = Signer(new_key()).sign(1, 0, heads, None)

    def check() -> None:
        assert verify(lines, [checkpoint]).intact

    def chain() -> None:
        for entries in streams:
            last = GENESIS
            for entry in entries:
                last = event_link(last, event_bytes(entry))

    return {PLAIN: lambda: plain(lines), "chaining, as events are written": chain, "checking an export": check}


def main() -> None:
    """Measure and print."""
    events, rounds = [int(word) for word in sys.argv[1:]] + [EVENTS, ROUNDS][len(sys.argv) - 1 :]
    taken: dict[str, list[float]] = {}
    measured = ways(events)
    for _ in range(rounds):
        for name, way in measured.items():
            began = time.perf_counter()
            way()
            taken.setdefault(name, []).append(time.perf_counter() - began)
    table = Table("way", "events a second", "us an event", "times the plain way", title=f"{events} events")
    floor = statistics.median(taken[PLAIN])
    for name, times in taken.items():
        seconds = statistics.median(times)
        row = (f"{events / seconds:,.0f}", f"{seconds / events * 1e6:.2f}", f"{seconds / floor:.2f}")
        table.add_row(name, *row)
    Console().print(table)


if __name__ == "__main__":
    main()
