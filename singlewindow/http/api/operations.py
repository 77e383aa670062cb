"""For those who run the service: is the process alive, can it work, and how much is waiting."""

from __future__ import annotations

import logging

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.access.permissions import Permission as May
from singlewindow.http.api.metrics import exposition
from singlewindow.http.request import TEXT, Request, Response
from singlewindow.http.route import PUBLIC, Discloses, ResponseShape, Route
from singlewindow.storage.engine.connect import clock, reading

log = logging.getLogger(__name__)

METRICS_MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Health(Struct, frozen=True):
    """Whether the process, or what it depends on, is well: "ok", or what is not."""

    status: str
    database: str | None = None


def process_health(_request: Request) -> Response:
    """The process answers."""
    return Response(Health("ok"))


def readiness(request: Request) -> Response:
    """The record can be read: 200, else 503."""
    try:
        with reading(request.context.engine) as connection:
            clock(connection)
    except SQLAlchemyError as error:
        log.warning("not ready: the database did not answer (%s)", type(error).__name__)
        return Response(Health("unavailable", "unreachable"), 503, {"Retry-After": "2"})
    return Response(Health("ok", "ok"))


def metrics(request: Request) -> Response:
    """What waits, counted in the record at this moment, in Prometheus' text form."""
    return Response(exposition(request.context), media=METRICS_MEDIA)


ROUTES = (
    Route(
        method="GET", path="/healthz", handler=process_health, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="The process answers",
        responses={200: ResponseShape("It does", Health)},
    ),
    Route(
        method="GET", path="/readyz", handler=readiness, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="What the process depends on answers",
        responses={200: ResponseShape("It does", Health), 503: ResponseShape("It does not", Health)},
    ),
    Route(
        method="GET", path="/metrics", handler=metrics, permission=May.METRICS,
        discloses=Discloses.NOTHING, produces=(TEXT,),
        summary="What waits, in Prometheus' form", responses={200: ResponseShape("The metrics", {"type": "string"})},
    ),
)  # fmt: skip
