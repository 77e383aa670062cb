"""The requests of parties that wait for an officer."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.enquiries.shapes import OpenRequest, OpenRequestPage
from singlewindow.storage import requests
from singlewindow.storage.engine.connect import reading
from singlewindow.storage.requests import Request
from singlewindow.times import iso


def read_open_requests(engine: Engine, after: int, limit: int) -> OpenRequestPage:
    """The requests with an id above `after`, oldest first, at most `limit`."""
    with reading(engine) as connection:
        found = requests.open_requests(connection, after, limit)
    return OpenRequestPage([request_shown(each) for each in found], str(found[-1].id if found else after))


def request_shown(request: Request) -> OpenRequest:
    """A request as officers see it in their list."""
    return OpenRequest(
        request=str(request.id),
        kind=request.kind,
        mrn=request.mrn,
        reason=request.reason,
        received_at=iso(request.received_at) or "",
        due_at=iso(request.due_at) or "",
    )
