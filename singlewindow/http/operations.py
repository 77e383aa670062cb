"""For those who run the service: is the process alive, can it work, and how much is waiting."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.http.call import Call, Reply
from singlewindow.storage.engines import clock, reading
from singlewindow.storage.standing import backlog
from singlewindow.times import MICROSECONDS

log = logging.getLogger(__name__)

METRICS_MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Health(Struct, frozen=True):
    """Whether the process, or what it depends on, is well: "ok", or what is not."""

    status: str
    database: str | None = None


def process_health(_call: Call) -> Reply:
    """The process answers."""
    return Reply(Health("ok"))


def readiness(call: Call) -> Reply:
    """The record can be read: 200, else 503."""
    try:
        with reading(call.window.engine) as connection:
            clock(connection)
    except SQLAlchemyError as error:
        log.warning("not ready: the database did not answer (%s)", type(error).__name__)
        return Reply(Health("unavailable", "unreachable"), 503, {"Retry-After": "2"})
    return Reply(Health("ok", "ok"))


def metrics(call: Call) -> Reply:
    """What waits, counted in the record at this moment, in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Backlog(call.window.engine, sorted(call.window.agencies)))
    return Reply(generate_latest(registry), media=METRICS_MEDIA)


class _Backlog(Collector):
    """The record's own numbers: every web process gives the same ones, so none may be added up."""

    def __init__(self, engine: Engine, agencies: list[str]) -> None:
        with reading(engine) as connection:
            self._backlog, self._now = backlog(connection), clock(connection)
        self._agencies = agencies

    def collect(self) -> Iterable[Metric]:
        """One gauge per number, labelled by agency."""
        now, counted = self._now, self._backlog
        ages = {agency: (now - asked_at) / MICROSECONDS for agency, asked_at in counted.oldest.items()}
        yield self._gauge("questions_open", "Questions without an answer", counted.waiting)
        yield self._gauge("questions_oldest_seconds", "Age of the oldest question without an answer", ages)
        yield self._gauge("questions_parked", "Questions no longer asked, waiting for their deadline", counted.parked)
        yield self._gauge("batches_open", "Batches under way", counted.batches)

    def _gauge(self, name: str, meaning: str, values: dict[str, int] | dict[str, float]) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(f"singlewindow_{name}", meaning, labels=["agency"])
        for agency in sorted({*self._agencies, *values}):
            gauge.add_metric([agency], values.get(agency, 0))
        return gauge
