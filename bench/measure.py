"""Measuring one side, two sides in turn, and latencies; every number comes from the record or from the kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import TypeVar

from bench.harness.client import Order, Outcome
from bench.harness.cpu import Meter
from bench.harness.documents import POOL
from bench.harness.servers import Servers
from bench.sides import Side
from tests.places import REPOSITORY

DECIDED_SECONDS = 300.0
BACKEND = "database"
FLOOR, BUSY_FLOOR = "floor", "busy_floor"
_numbers = count(1)


class Talker:
    """A process that takes a line and answers with a line."""

    def __init__(self, *command: str) -> None:
        environment = dict(os.environ) | {"PYTHONPATH": str(REPOSITORY)}
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, "-m", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment,
        )  # fmt: skip

    def ask(self, line: str) -> dict[str, object]:
        """The answer to one line; raises RuntimeError if the process has ended."""
        self.say(line)
        return self.hear()

    def say(self, line: str) -> None:
        """Hand over a line; what it is answered with is for `hear`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, object]:
        """The answer to the line that was said; raises RuntimeError if the process has ended."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended; what it said is above")
        found: dict[str, object] = json.loads(answer)
        return found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@contextmanager
def talker(*command: str) -> Iterator[Talker]:
    """A process for as long as the block."""
    made = Talker(*command)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Run:
    """One side under one load: declarations a second from the first byte sent to the last decision, and CPU."""

    side: str
    declarations: int
    rate: float
    lodged_rate: float
    answer_p50_ms: float
    answer_p99_ms: float
    cpu_us: dict[str, float] = field(default_factory=dict)
    began: float = 0.0

    @property
    def service_us(self) -> float:
        """Microseconds of CPU a declaration, the client's left out."""
        return sum(each for kind, each in self.cpu_us.items() if kind != "client")


class Bench:
    """The client, and what it has been told so far."""

    def __init__(self, client: Talker) -> None:
        self._client = client
        self.lodged: dict[str, int] = {}

    def run(self, side: Side, declarations: int, rate: float = 0.0, **how: int) -> Run:
        """Lodge so many and wait for their decisions; `how` are further fields of the order.

        Raises RuntimeError if an answer was not as it must be.
        """
        side.wake()
        prefix = f"B{next(_numbers):06d}-"
        order = Order(side.port, side.keys, declarations, prefix, rate=rate, **how)
        meter, began = Meter(side.kinds()), time.time()
        outcome = Outcome(**self._client.ask(json.dumps(asdict(order))))  # type: ignore[arg-type]
        if outcome.accepted != declarations:
            raise RuntimeError(f"{side.name} took {outcome.accepted} of {declarations}: {outcome.wrong}")
        side.wait_decided(DECIDED_SECONDS)
        used = meter.seconds() | {"client": outcome.cpu_seconds}
        side.rest()
        self.lodged[side.name] = self.lodged.get(side.name, 0) + declarations
        return Run(
            side.name, declarations, declarations / (side.last_decision() - began),
            declarations / outcome.seconds, outcome.p50_ms, outcome.p99_ms,
            {kind: seconds / declarations * 1e6 for kind, seconds in used.items()}, began,
        )  # fmt: skip


First = TypeVar("First")
Second = TypeVar("Second")


def in_turn(rounds: int, first: Callable[[], First], second: Callable[[], Second]) -> Iterator[tuple[First, Second]]:
    """What both give, once a round each; who begins changes from round to round."""
    for number in range(rounds):
        if number % 2:
            later = second()
            yield first(), later
        else:
            yield first(), second()


@contextmanager
def running_floors(servers: Servers) -> Iterator[dict[str, list[Talker]]]:
    """The floor alone, in turn on every processor, and one on each, which are to run at the same time."""
    processors = [str(each) for each in sorted(os.sched_getaffinity(0))]
    with ExitStack() as stack:

        def start(*on: str) -> Talker:
            return stack.enter_context(talker("bench.harness.floor", servers.database(migrated=False), *on))

        yield {FLOOR: [start(*processors)], BUSY_FLOOR: [start(each) for each in processors]}


def floor_us(floors: Sequence[Talker], servers: Servers, declarations: int) -> float:
    """Microseconds of CPU a declaration, the database's included, where these carry out so many each, at once."""
    meter = Meter({BACKEND: servers.pids})
    for floor in floors:
        floor.say(str(declarations))
    used = sum(float(str(floor.hear()["cpu_seconds"])) for floor in floors) + meter.seconds()[BACKEND]
    return used / (declarations * len(floors)) * 1e6


@dataclass
class Latency:
    """From the request's arrival to the decision, by the record; milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float
    declarations: int


TIMES = """SELECT version.decided_at - version.received_at FROM version WHERE version.received_at >= :began"""


def latency(bench: Bench, side: Side, rate: float, seconds: float) -> Latency:
    """Lodge at this rate, at moments of chance, and read from the record how long each took."""
    declarations = max(8, int(rate * seconds))
    run = bench.run(side, declarations, rate)
    taken = side.column(TIMES, began=int(run.began * 1e6))
    return Latency(rate, percentile(taken, 0.5) / 1e3, percentile(taken, 0.99) / 1e3, declarations)


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` (0-1) of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def disagreements(sides: Sequence[Side]) -> list[str]:
    """Documents that were not decided alike everywhere and every time."""
    found: dict[int, set[str]] = {}
    for side in sides:
        for lrn, outcome in side.decided().items():
            found.setdefault(int(lrn.rsplit("-", 1)[1]) % POOL, set()).add(outcome)
    differing = [place for place, outcomes in found.items() if len(outcomes) > 1]
    return [f"documents {differing} of the pool were decided differently"] if differing else []
