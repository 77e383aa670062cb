"""The metrics: counted in the record at each scrape, so that every web process gives the same numbers.

What waits is read from the open questions and batches, what has happened from running totals: a scrape costs the same
with a million declarations stored as with none. Numbers of several web processes must not be added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Answer
from singlewindow.decisions.merge import Outcome
from singlewindow.enquiries.audit_trail import Coverage, checkpoint_coverage
from singlewindow.storage import counters, heartbeats
from singlewindow.storage.backlog import Backlog, backlog
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import MICROSECONDS

PREFIX: Final = "singlewindow_"
BY_AGENCY: Final = {
    "questions_open": "Questions without an answer",
    "questions_waiting": "Open questions that wait to be put into a batch",
    "questions_batched": "Open questions in a batch",
    "questions_awaiting": "Open questions that the agency has taken and will answer by itself",
    "questions_parked": "Open questions no longer asked: the operator, or their deadline, decides",
    "questions_overdue": "Open questions past their deadline, which the dispatcher has yet to close",
    "questions_oldest_seconds": "Age of the oldest open question",
    "batches_open": "Batches under way",
    "batches_lost": "Batches whose lease has run out, which the dispatcher has yet to take back",
    "batches_oldest_seconds": "Age of the oldest batch under way",
}
DISPATCHERS: Final = "dispatchers"
DECISIONS: Final = "decisions"
UNANSWERED: Final = "questions_unanswered"
UNPROVEN: Final = {
    "events_unproven": "Events that no checkpoint of the audit trail covers yet",
    "events_unproven_seconds": "Age of the last checkpoint while there are such events; infinite where there is none",
}
NAMES: Final = (*BY_AGENCY, DISPATCHERS, *UNPROVEN, f"{DECISIONS}_total", f"{UNANSWERED}_total")
NOT_ANSWERED: Final = tuple(answer for answer in Answer if answer is not Answer.ASSESSED)


class Numbers(NamedTuple):
    """What one scrape read, at the moment `now`."""

    now: int
    backlog: dict[str, Backlog]
    totals: dict[tuple[str, ...], int]
    dispatchers: int
    coverage: Coverage


def exposition(context: ClearanceContext) -> bytes:
    """All metrics in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Record(_read(context), sorted(context.agencies)))
    return generate_latest(registry)


def _read(context: ClearanceContext) -> Numbers:
    with reading(context.engine, together=True) as connection:
        now = clock(connection)
        standing, totals = backlog(connection, now), counters.totals(connection)
        return Numbers(now, standing, totals, heartbeats.alive(connection, now), checkpoint_coverage(connection))


class _Record(Collector):
    """The numbers read, as metrics; agencies with nothing to tell are there with zeros."""

    def __init__(self, numbers: Numbers, agencies: list[str]) -> None:
        self._numbers = numbers
        self._agencies = sorted({*agencies, *numbers.backlog})

    def collect(self) -> Iterable[Metric]:
        """Every metric of `NAMES`."""
        for name, meaning in BY_AGENCY.items():
            gauge = GaugeMetricFamily(PREFIX + name, meaning, labels=["agency"])
            for agency in self._agencies:
                standing = self._numbers.backlog.get(agency, Backlog())
                gauge.add_metric([agency], _value(standing, name, self._numbers.now))
            yield gauge
        meaning = f"Dispatchers seen within {heartbeats.ALIVE_SECONDS} s"
        yield GaugeMetricFamily(PREFIX + DISPATCHERS, meaning, value=self._numbers.dispatchers)
        coverage = self._numbers.coverage
        for (name, meaning), value in zip(
            UNPROVEN.items(), (coverage.since, coverage.seconds(self._numbers.now)), strict=True
        ):
            yield GaugeMetricFamily(PREFIX + name, meaning, value=value)
        yield self._decisions()
        yield self._unanswered()

    def _decisions(self) -> Metric:
        counter = CounterMetricFamily(PREFIX + DECISIONS, "Decisions made", labels=["outcome"])
        for outcome in Outcome:
            counter.add_metric([outcome.value], self._numbers.totals.get((counters.DECIDED, outcome.value), 0))
        return counter

    def _unanswered(self) -> Metric:
        meaning = "Questions closed at their deadline: silent, or failed after attempts"
        counter = CounterMetricFamily(PREFIX + UNANSWERED, meaning, labels=["agency", "answer"])
        for agency in self._agencies:
            for answer in NOT_ANSWERED:
                total = self._numbers.totals.get((counters.UNANSWERED, agency, answer.value), 0)
                counter.add_metric([agency, answer.value], total)
        return counter


def _value(standing: Backlog, name: str, now: int) -> float:
    match name:
        case "questions_oldest_seconds":
            return _age(standing.oldest, now)
        case "batches_oldest_seconds":
            return _age(standing.oldest_batch, now)
        case "batches_open":
            return standing.batches
        case "batches_lost":
            return standing.lost
    return float(getattr(standing, name.removeprefix("questions_")))


def _age(since: int | None, now: int) -> float:
    return 0.0 if since is None else max(0, now - since) / MICROSECONDS
