"""What a handler gets and gives: a `Request`, authorised and read already, and a `Response`, not yet rendered.

Flask's own of these names stay in `app`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.group_commit import GroupCommit
from singlewindow.clearance.lodging.preparation import Judged, judge
from singlewindow.clearance.lodging.sandboxed_reader import ReadingRoom, is_large
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.writing.binding import other_form
from singlewindow.http.limits import Allowances
from singlewindow.http.problems import ProblemError

JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
TEXT = "text/plain"
ZIP = "application/zip"
LINES = "application/x-ndjson"
BOTH_FORMS = (XML, JSON)
"""The two forms of a declaration."""


@dataclass(frozen=True)
class Service:
    """What all calls of one process share: the reader of large messages, the writer of lodgements, places to wait."""

    context: ClearanceContext
    keyring: Keyring
    room: ReadingRoom
    intake: GroupCommit
    waiters: threading.BoundedSemaphore
    batches: threading.BoundedSemaphore
    allowances: Allowances

    def judge(self, content: bytes, media: Media, *, lodging: bool) -> Judged:
        """Judge a message, here or, if it is large, in a process of its own; raises `Refused`, or `Busy`."""
        if is_large(content):
            return self.room.judge(content, media, lodging)
        return judge(content, media, self.context.books, lodging)

    def other_form(self, content: bytes, media: Media) -> bytes:
        """A stored document in XML where it is JSON and the other way round, read where `judge` would read it."""
        if is_large(content):
            return self.room.other_form(content, media)
        return other_form(content, media, self.context.limits)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, authorised and read.

    `maybe_caller` is None on public routes only; `acceptable` are the media types the caller likes best, in the route's
    order; `content` and `media` are the body and its type where the route reads one; `began` is monotonic; `trace_id`
    names this request in every log line; `authorization` is the header of that name, for the route that gives tokens;
    `address` is the peer's.
    """

    service: Service
    maybe_caller: Caller | None
    path: Mapping[str, str]
    query: Mapping[str, Any]
    acceptable: tuple[str, ...]
    began: float
    content: bytes = b""
    media: str = ""
    trace_id: str = ""
    authorization: str = ""
    address: str = ""

    @property
    def accepted(self) -> str:
        """The media type to answer in where nothing else decides."""
        return self.acceptable[0]

    @property
    def context(self) -> ClearanceContext:
        """The single window."""
        return self.service.context

    @property
    def caller(self) -> Caller:
        """Who calls; raises where the route is public."""
        if self.maybe_caller is None:
            raise LookupError("a public route has no caller")
        return self.maybe_caller

    @property
    def party(self) -> str:
        """The caller's party; raises the FORBIDDEN problem for a key without one."""
        if not self.caller.party:
            raise ProblemError("FORBIDDEN", "This key stands for no party")
        return self.caller.party


@dataclass(frozen=True)
class Response:
    """What to answer: `body` is encoded as JSON unless it is bytes, or an iterator of bytes that is sent as it comes.

    `media` is the accepted type unless given. `discloses` names what is shown, for the record of who read what: a route
    that discloses something must give it, and no other may.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str | None = None
    discloses: Mapping[str, Any] | None = None
