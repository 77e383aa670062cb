"""For operators: whether the process is alive, whether it can work, and how much is waiting."""

from __future__ import annotations

from msgspec import Struct

from singlewindow.access.permissions import Permission as May
from singlewindow.enquiries.operations import is_record_readable, read_figures
from singlewindow.http.api.metrics import exposition
from singlewindow.http.request import TEXT, Request, Response
from singlewindow.http.route import PUBLIC, Discloses, ResponseShape, Route

METRICS_MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Health(Struct, frozen=True):
    """Whether the process, or what it depends on, works: "ok", or what does not."""

    status: str
    database: str | None = None


def process_health(_request: Request) -> Response:
    """The process answers."""
    return Response(Health("ok"))


def readiness(request: Request) -> Response:
    """The record can be read: 200, else 503."""
    if not is_record_readable(request.context.engine):
        return Response(Health("unavailable", "unreachable"), 503, {"Retry-After": "2"})
    return Response(Health("ok", "ok"))


def metrics(request: Request) -> Response:
    """What waits, counted in the record at this moment, in Prometheus' text form."""
    return Response(exposition(read_figures(request.context.engine, request.context.agencies)), media=METRICS_MEDIA)


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
        responses={200: ResponseShape("It does", Health), 503: ResponseShape("It does not answer", Health)},
    ),
    Route(
        method="GET", path="/metrics", handler=metrics, permission=May.METRICS,
        discloses=Discloses.NOTHING, produces=(TEXT,),
        summary="Show waiting work for Prometheus", responses={200: ResponseShape("The metrics", {"type": "string"})},
    ),
)  # fmt: skip
