"""Notices to the trader: which message a step deserves, and its WCO RES form when the trader reads it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row

from singlewindow.clearance.readings import NoticeReading, Notices
from singlewindow.clearance.window import Window
from singlewindow.declarations.response import Response, response_json, response_xml
from singlewindow.storage import outgoing
from singlewindow.storage.engines import reading
from singlewindow.times import iso, moment

ACCEPTED = "01"
CONTROL = "05"
DOCUMENTS = "06"
RELEASED = "08"


def notice_row(party: str, version_id: int, function_code: str, issued_at: int) -> dict[str, Any]:
    """A notice to be numbered and written with the step it tells of."""
    return {"party": party, "version_id": version_id, "function_code": function_code,
            "reference": uuid.uuid4().hex, "issued_at": issued_at}  # fmt: skip
