"""The metrics in Prometheus' text form.

Each scrape reads them from the record, so every web process gives the same numbers: do not add up those of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from singlewindow.enquiries.operations import DISPATCHER_SECONDS, Backlog, Figures
from singlewindow.times import MICROSECONDS

PREFIX: Final = "singlewindow_"
BY_AGENCY: Final = {
    "questions_open": "Questions without an answer",
    "questions_waiting": "Open questions that wait for a batch",
    "questions_batched": "Open questions in a batch",
    "questions_awaiting": "Open questions that the agency has accepted and will answer later",
    "questions_parked": "Open questions that are no longer asked: they wait for the operator or their deadline",
    "questions_overdue": "Open questions past their deadline, which the dispatcher has yet to close",
    "questions_oldest_seconds": "Age of the oldest open question",
    "batches_open": "Batches under way",
    "batches_lost": "Batches whose lease has run out, which the dispatcher has yet to take back",
    "batches_oldest_seconds": "Age of the oldest batch under way",
}
DISPATCHERS: Final = "dispatchers"
DISPATCHERS_MEANING: Final = f"Dispatchers seen within {DISPATCHER_SECONDS} s"
DECISIONS: Final = "decisions"
UNANSWERED: Final = "questions_unanswered"
UNPROVEN: Final = {
    "events_unproven": "Events that no checkpoint of the audit trail covers yet",
    "events_unproven_seconds": "Age of the last checkpoint while there are such events; infinite without a checkpoint",
}
SUBSCRIPTIONS: Final = "subscriptions"
STATES: Final = ("unproven", "active", "suspended", "blocked", "ended")
DELIVERIES: Final = "deliveries"
OF_DELIVERIES: Final = {
    "subscriptions_due": "Subscriptions that have something to be sent, which no deliverer has taken yet",
    "subscriptions_undeliverable": "Subscriptions of which messages were given up after 14 days, none accepted since",
    "deliveries_waiting": "Messages that failed, or wait behind one that did",
    "deliveries_oldest_seconds": "Age of the oldest message that waits",
}
NAMES: Final = (*BY_AGENCY, DISPATCHERS, *UNPROVEN, SUBSCRIPTIONS, *OF_DELIVERIES, f"{DECISIONS}_total",
                f"{UNANSWERED}_total", f"{DELIVERIES}_total")  # fmt: skip


def exposition(figures: Figures) -> bytes:
    """All metrics in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    """The figures as metrics; agencies without any work appear with zeros."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Every metric of `NAMES`."""
        figures = self._figures
        for name, meaning in BY_AGENCY.items():
            gauge = GaugeMetricFamily(PREFIX + name, meaning, labels=["agency"])
            for agency, waiting in figures.backlog.items():
                gauge.add_metric([agency], _backlog_value(waiting, name, figures.now))
            yield gauge
        yield GaugeMetricFamily(PREFIX + DISPATCHERS, DISPATCHERS_MEANING, value=figures.dispatchers)
        unproven = (figures.coverage.since, figures.coverage.seconds_waiting(figures.now))
        for (name, meaning), value in zip(UNPROVEN.items(), unproven, strict=True):
            yield GaugeMetricFamily(PREFIX + name, meaning, value=value)
        yield from self._delivery_metrics()
        yield self._decisions_metric()
        yield self._unanswered_metric()

    def _delivery_metrics(self) -> Iterator[Metric]:
        figures = self._figures.deliveries
        states = GaugeMetricFamily(PREFIX + SUBSCRIPTIONS, "Subscriptions by state", labels=["state"])
        for state in STATES:
            states.add_metric([state], getattr(figures.subscriptions, state))
        yield states
        values = (figures.due, figures.subscriptions.undeliverable, figures.waiting,
                  _age_seconds(figures.oldest, self._figures.now))  # fmt: skip
        for (name, meaning), value in zip(OF_DELIVERIES.items(), values, strict=True):
            yield GaugeMetricFamily(PREFIX + name, meaning, value=value)
        counter = CounterMetricFamily(PREFIX + DELIVERIES, "Messages by outcome", labels=["outcome"])
        for outcome, total in figures.outcomes.items():
            counter.add_metric([outcome], total)
        yield counter

    def _decisions_metric(self) -> Metric:
        counter = CounterMetricFamily(PREFIX + DECISIONS, "Decisions made", labels=["outcome"])
        for outcome, total in self._figures.decisions.items():
            counter.add_metric([outcome], total)
        return counter

    def _unanswered_metric(self) -> Metric:
        meaning = "Questions closed at their deadline: silent, or failed after attempts"
        counter = CounterMetricFamily(PREFIX + UNANSWERED, meaning, labels=["agency", "answer"])
        for agency, totals in self._figures.unanswered.items():
            for answer, total in totals.items():
                counter.add_metric([agency, answer], total)
        return counter


def _backlog_value(waiting: Backlog, name: str, now: int) -> float:
    match name:
        case "questions_oldest_seconds":
            return _age_seconds(waiting.oldest, now)
        case "batches_oldest_seconds":
            return _age_seconds(waiting.oldest_batch, now)
        case "batches_open":
            return waiting.batches
        case "batches_lost":
            return waiting.lost
    return float(getattr(waiting, name.removeprefix("questions_")))


def _age_seconds(since: int | None, now: int) -> float:
    return 0.0 if since is None else max(0, now - since) / MICROSECONDS
