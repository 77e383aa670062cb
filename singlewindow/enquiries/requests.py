"""The requests of parties that wait for an officer."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.enquiries.shapes import OpenRequest, OpenRequestPage
from singlewindow.storage import requests
from singlewindow.storage.engine.connect import reading
from singlewindow.times import iso


def read_open_requests(engine: Engine, after: int, limit: int) -> OpenRequestPage:
    """The requests with an id above `after`, oldest first, at most `limit`."""
    with reading(engine) as connection:
        found = requests.open_requests(connection, after, limit)
    entries = [
        OpenRequest(request=str(each.id), kind=each.kind, mrn=each.mrn, reason=each.reason,
                    received_at=iso(each.received_at) or "", due_at=iso(each.due_at) or "")
        for each in found
    ]  # fmt: skip
    return OpenRequestPage(entries, str(found[-1].id if found else after))
