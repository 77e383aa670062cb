"""Whether one failing agency slows the others down: it works and fails in turn, in a whole installation under load.

`python -m bench.bulkhead [CYCLES] [SECONDS]` makes pairs of rounds: healthy and hanging, healthy and flapping, healthy
and answering garbage. Measured is how long the *other* agencies' questions wait for their answers, from the record
alone; what counts is the median over all pairs of the ratio of their 95th percentiles, so that a machine which slows
down slows both halves of a pair. The sick agency is customs, which is asked about every declaration.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.agency_server import AgencyServer, agency_server
from tests.faults.harness.agencies import HEALTHY, MANNERS, Behaving
from tests.faults.harness.client import percentile
from tests.faults.harness.installation import Installation, installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.servers import PostgresTemplate

AGENCY = "customs"
SICK = ("hanging", "flapping", "garbage")
CYCLES, SECONDS = 3, 12.0
RATE = 8.0
LIMIT = 1.1
WARM_UP_SECONDS = 2.0
RECOVERY_SECONDS = 30.0
# Compressed: of the agencies, of one call, and of an agency that is slow (20 s in the fault matrix).
DEADLINE, TIMEOUT, SLOW_SECONDS = 8.0, 5.0, 4.0
MICROSECONDS = 1_000_000
ANSWERED = "SELECT count(*) FROM assessment WHERE agency = 'customs' AND answer = 'assessed'"


class Answered(NamedTuple):
    """One row of the answers; times in microseconds of the database's clock."""

    agency: str
    answer: str
    asked_at: int
    answered_at: int


@dataclass(frozen=True)
class Round:
    """One round: seconds from question to answer of the other agencies, and how much the sick one answered (0-1)."""

    manner: str
    waits: list[float]
    answered: float

    @property
    def p95(self) -> float:
        """The 95th percentile of the other agencies' waits, in seconds."""
        return percentile(self.waits, 0.95)


@dataclass(frozen=True)
class Pair:
    """A healthy round and the sick one after it."""

    healthy: Round
    sick: Round

    @property
    def ratio(self) -> float:
        """How many times as long the others waited when the agency was sick."""
        return self.sick.p95 / self.healthy.p95


def prepare(here: Installation, server: AgencyServer) -> None:
    """Start an installation whose customs is asked over HTTP, with the processes that `singlewindow up` starts."""
    server.slow_seconds = SLOW_SECONDS
    here.make_remote(AGENCY, server.url, timeout_seconds=TIMEOUT)
    here.start(workers=2, remote_workers=1)


def measure(here: Installation, server: AgencyServer, sick: Iterable[str], seconds: float) -> list[Pair]:
    """Pairs of rounds, one for each way of being sick."""
    pairs = []
    for number, manner in enumerate(sick):
        healthy = _round(here, server, (f"H{number:03d}", HEALTHY), seconds)
        pairs.append(Pair(healthy, _round(here, server, (f"S{number:03d}", manner), seconds)))
    return pairs


def median(pairs: Iterable[Pair]) -> float:
    """The median ratio."""
    return statistics.median(pair.ratio for pair in pairs)


def _round(here: Installation, server: AgencyServer, named: tuple[str, str], seconds: float) -> Round:
    name, manner = named
    with here.load(RATE, name):
        if manner == HEALTHY:
            _wait_for_recovery(here)
        with Behaving(server, MANNERS[manner]):
            time.sleep(WARM_UP_SECONDS)
            since = _now(here)
            time.sleep(seconds)
            until = _now(here)
    here.settle()
    rows = here.rows("SELECT agency, answer, asked_at, answered_at FROM assessment")
    answers = [Answered(str(row[0]), str(row[1]), int(str(row[2])), int(str(row[3]))) for row in rows]
    asked = [answer for answer in answers if since <= answer.asked_at <= until]
    waits = [(answer.answered_at - answer.asked_at) / MICROSECONDS for answer in asked if answer.agency != AGENCY]
    own = [answer.answer == "assessed" for answer in asked if answer.agency == AGENCY]
    return Round(manner, waits, sum(own) / len(own))


def _wait_for_recovery(here: Installation) -> None:
    """Until the agency answers again: its breaker may still be open from the round before."""
    before = here.number(ANSWERED)
    wait_until(lambda: here.number(ANSWERED) >= before + RATE, RECOVERY_SECONDS, "the agency answers again")


def _now(here: Installation) -> int:
    return here.number("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")


def show(pairs: Iterable[Pair]) -> Table:
    """A line for each pair."""
    table = Table("the agency is", "it answered", "others p50 ms", "others p95 ms", "p95 when healthy", "ratio")
    for pair in pairs:
        p50 = percentile(pair.sick.waits, 0.5)
        numbers = (f"{p50 * 1e3:.0f}", f"{pair.sick.p95 * 1e3:.0f}", f"{pair.healthy.p95 * 1e3:.0f}")
        table.add_row(pair.sick.manner, f"{pair.sick.answered:.0%}", *numbers, f"{pair.ratio:.2f}")
    return table


def main() -> int:
    """Measure and print; 0 if the median ratio is within the limit and the record is whole."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with installation(PostgresTemplate(), DEADLINE) as here, agency_server() as server:
        prepare(here, server)
        pairs = measure(here, server, SICK * cycles, seconds)
        wrong = here.verdict()
    Console().print(show(pairs))
    print("\n".join([f"median ratio {median(pairs):.2f} (at most {LIMIT})", *wrong]))
    return 1 if wrong or median(pairs) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
