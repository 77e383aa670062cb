"""What a handler gets and returns: a `Request`, already authorised and read, and a `Response`, not yet rendered.

Flask's classes of these names stay in `app`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.documents.store import Readable
from singlewindow.http.problems import ProblemError
from singlewindow.http.service import Service

JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
TEXT = "text/plain"
ZIP = "application/zip"
LINES = "application/x-ndjson"
BINARY = "application/octet-stream"
BOTH_FORMS = (XML, JSON)
"""The two forms of a declaration."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, authorised and read.

    `maybe_caller` is None on public routes only; `acceptable` are the media types the caller prefers, in the route's
    order; `content` and `media` are the body and its type if the route reads one, `body` its bytes as they come if the
    route streams; `began` is monotonic; `trace_id` names this request in every log line; `authorization` is the header
    of that name, for the route that issues tokens; `address` is the peer's. `headers` are those that the route names.
    """

    service: Service
    maybe_caller: Caller | None
    path: Mapping[str, str]
    query: Mapping[str, Any]
    acceptable: tuple[str, ...]
    began: float
    content: bytes = b""
    body: Readable | None = None
    media: str = ""
    trace_id: str = ""
    authorization: str = ""
    address: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> str:
        """The media type of the answer, unless the handler decides otherwise."""
        return self.acceptable[0]

    @property
    def context(self) -> ClearanceContext:
        """The clearance context, of which enquiries use the record and the agencies."""
        return self.service.context

    @property
    def caller(self) -> Caller:
        """The caller; raises LookupError if the route is public."""
        if self.maybe_caller is None:
            raise LookupError("a public route has no caller")
        return self.maybe_caller

    @property
    def stream(self) -> Readable:
        """The body as it comes; raises LookupError if the route does not stream."""
        if self.body is None:
            raise LookupError("this route does not stream")
        return self.body

    @property
    def party(self) -> str:
        """The caller's party; raises the FORBIDDEN problem for a key without one."""
        if not self.caller.party:
            raise ProblemError("FORBIDDEN", "This key belongs to no party. Use the key of a trader or broker")
        return self.caller.party


@dataclass(frozen=True)
class Response:
    """An answer: `body` is encoded as JSON unless it is bytes, or an iterator of bytes that is sent as it comes.

    A body that is a `ProblemError` is one that shows something: it is raised when the reading is recorded.
    `media` is the accepted type unless given. `discloses` names what is shown, for the record of who read what: a route
    that discloses something must give it, and other routes may not.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str | None = None
    discloses: Mapping[str, Any] | None = None
