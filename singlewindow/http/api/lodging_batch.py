"""Batches: every declaration of a ZIP file is lodged as if it had been sent alone, and answered once it is stored.

The next members are read while earlier ones are being written, so that they share transactions; lines keep the order
of the archive.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from singlewindow import logs
from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.lodging.admission import need_lodger
from singlewindow.clearance.lodging.group_commit import LARGEST_GROUP, PATIENCE_SECONDS
from singlewindow.clearance.lodging.sandboxed_reader import Busy
from singlewindow.clearance.lodging.store import Message, Stored
from singlewindow.declarations.reading.archive import ARCHIVE_BYTES, Archive, Member
from singlewindow.http.api.lodging import is_replay, receipt_of
from singlewindow.http.api.shapes import BatchLine
from singlewindow.http.error_mapping import as_problem, is_outage
from singlewindow.http.problems import ProblemError, problem_of
from singlewindow.http.request import LINES, ZIP, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route

log = logging.getLogger(__name__)

BREATH_SECONDS = 0.001
"""Pause after each member, so that the threads of other requests get their turn."""


def post_batch(request: Request) -> Response:
    """200 and a line for each member; an archive that is not a plain ZIP file is refused as a whole."""
    need_lodger(request.caller)
    archive = Archive(request.content)
    if not request.service.batches.acquire(blocking=False):
        raise Busy
    lines = _answer_lines(request, archive)
    # Begun here, so that whatever becomes of the answer, it ends in its `finally`.
    return Response(chain((next(lines),), lines), media=LINES)


@dataclass
class _Pending:
    """A member that is being lodged."""

    name: str
    stored: Future[Stored]


def _answer_lines(request: Request, archive: Archive) -> Iterator[bytes]:
    pending: deque[_Pending] = deque()
    outage: ProblemError | None = None
    try:
        yield _json_line(members=len(archive))
        for member in archive:
            time.sleep(BREATH_SECONDS)
            with logs.lines_about(trace_id=request.trace_id):
                pending.append(_begin_member(request, archive, member, outage))
                while pending and (len(pending) > LARGEST_GROUP or pending[0].stored.done()):
                    line, outage = _settle_member(request, pending.popleft())
                    yield line
        while pending:
            yield _settle_member(request, pending.popleft())[0]
    finally:
        request.service.batches.release()


def _begin_member(request: Request, archive: Archive, member: Member, outage: ProblemError | None) -> _Pending:
    """Read a member and put it in line to be stored; if the record was away a moment ago, do not even read it."""
    lodging, stored = request.service.lodging, Future[Stored]()
    try:
        if outage:
            raise outage  # once the record does not answer, nobody waits for it ten thousand times
        content = archive.content(member, lodging.rules.limits.body_bytes)
        message = Message(content, member.media, request.began, request.trace_id)
        stored = lodging.submit(lodging.prepare(message, request.caller))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a member is that member's answer
        stored.set_exception(error)
    return _Pending(member.name, stored)


def _settle_member(request: Request, pending: _Pending) -> tuple[bytes, ProblemError | None]:
    """The line of a member, after waiting for it, and a problem that concerns all other members as well."""
    try:
        stored = pending.stored.result(PATIENCE_SECONDS)
        receipt = receipt_of(stored)
    except Exception as error:  # noqa: BLE001 - as above
        problem = as_problem(error)
        facts = (problem.status, problem.code, request.caller.key_id, request.trace_id)
        log.info("rejected status=%d code=%s a member of a batch key=%s trace_id=%s", *facts)
        line = _json_line(name=pending.name, status=problem.status, problem=problem_of(problem, request.trace_id))
        return line, problem if is_outage(error) else None
    replayed = is_replay(stored) or msgspec.UNSET
    return _json_line(name=pending.name, status=202, receipt=receipt, replayed=replayed), None


def _json_line(**members: Any) -> bytes:
    return msgspec.json.encode(BatchLine(**members)) + b"\n"


ARCHIVE_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "PAYLOAD_TOO_LARGE", "ARCHIVE_INVALID",
                    "ARCHIVE_TOO_LARGE", "ACTING_FOR_REQUIRED")  # fmt: skip

ROUTES = (
    Route(
        method="POST", path="/v1/declarations/batch", handler=post_batch, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(ZIP,), produces=(LINES,), largest=ARCHIVE_BYTES,
        summary="Lodge every declaration of a ZIP file; each gets its own answer while others are read",
        responses={
            200: ResponseShape("A line of JSON with the number of members, then one for each, in order", BatchLine),
        },
        problems=ARCHIVE_PROBLEMS,
    ),
)  # fmt: skip
