"""For those who run the service: is the process alive, can it work, and how much is waiting."""

from __future__ import annotations

import logging

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.http.api.metrics import exposition
from singlewindow.http.request import Call, Reply
from singlewindow.storage.engine.connect import clock, reading

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
        with reading(call.context.engine) as connection:
            clock(connection)
    except SQLAlchemyError as error:
        log.warning("not ready: the database did not answer (%s)", type(error).__name__)
        return Reply(Health("unavailable", "unreachable"), 503, {"Retry-After": "2"})
    return Reply(Health("ok", "ok"))


def metrics(call: Call) -> Reply:
    """What waits, counted in the record at this moment, in Prometheus' text form."""
    return Reply(exposition(call.context), media=METRICS_MEDIA)
