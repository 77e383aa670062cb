"""The web server: Waitress over one listening socket; bodies are read whole before they get a thread.

A request that stops halfway gets an answer before its connection is closed; Waitress alone would only close it.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
from contextlib import suppress
from types import FrameType

import waitress
from waitress.channel import HTTPChannel

from singlewindow.declarations.reading.archive import ARCHIVE_BYTES
from singlewindow.http.app import create_app
from singlewindow.http.problems import PROBLEM_MEDIA, ProblemError, problem_body
from singlewindow.http.service import Service

log = logging.getLogger(__name__)

REQUEST_SECONDS = 9
HEADER_BYTES = 32_768
CONNECTIONS = 500
# The application answers a body that is a little too large; only one that is far too large is cut off here.
BEYOND_THE_LIMIT = 65_536


def serve(service: Service, listening: socket.socket) -> None:
    """Answer requests until SIGTERM, then finish those under way."""
    signal.signal(signal.SIGTERM, _leave_loop)
    service.lodging.sandbox.start()  # before this process keeps to one processor: large messages are read on all
    settings = service.context.settings
    if settings.sw_processor:
        stay_on(settings.sw_processor)
    largest = max(settings.sw_body_limit, ARCHIVE_BYTES, settings.sw_document_largest)
    server = waitress.create_server(
        create_app(service),
        sockets=[listening],
        threads=settings.sw_threads,
        max_request_body_size=largest + BEYOND_THE_LIMIT,
        max_request_header_size=HEADER_BYTES,
        connection_limit=CONNECTIONS,
        channel_timeout=REQUEST_SECONDS,
        cleanup_interval=1,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = _Channel
    server.run()


def stay_on(number: int) -> None:
    """Keep the threads that this one will start on one processor; `number` 1 is the last processor, counting round.

    They take turns at one interpreter lock. Moving between two processors costs a fifth more processor time
    (docs/decisions/0011). The first processor comes last, because on many machines it handles interrupts.
    """
    processors = sorted(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, {processors[-(number % len(processors))]})
    except OSError as error:  # if a sandbox forbids it, the service is only slower
        log.warning("this process cannot keep to one processor (%s)", type(error).__name__)


class _Channel(HTTPChannel):  # type: ignore[misc, unused-ignore]
    """One connection."""

    def handle_write(self) -> None:
        """Send what waits to be sent, or close; an unfinished request gets its answer first."""
        if self.will_close and self.request is not None and not self.requests and not self.total_outbufs_len:
            with suppress(OSError):  # a client that has gone, or does not read, gets no answer
                self.socket.send(_timed_out())
        super().handle_write()


def _timed_out() -> bytes:
    detail = f"No more of the request came for {REQUEST_SECONDS} seconds. Send it again, whole"
    problem = ProblemError("REQUEST_TIMEOUT", detail)
    body = problem_body(problem, secrets.token_hex(16))
    head = f"HTTP/1.1 408 Request Timeout\r\nContent-Type: {PROBLEM_MEDIA}\r\nContent-Length: {len(body)}"
    return f"{head}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body


def _leave_loop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)  # Waitress ends its threads in order when its loop is left this way
