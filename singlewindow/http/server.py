"""The web server: Waitress over one listening socket, bodies read whole before a thread is given to them.

A request that stops in its middle is told so before its connection is closed; Waitress alone would only close it.
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
# A little too large is told as a problem document by the application; only far too large is cut off here.
BEYOND_THE_LIMIT = 65_536


def serve(service: Service, listening: socket.socket) -> None:
    """Answer requests until SIGTERM; those under way are finished first."""
    signal.signal(signal.SIGTERM, _end)
    service.lodging.sandbox.start()  # before this process keeps to one processor: large messages are read on all
    settings = service.context.settings
    if settings.sw_processor:
        stay_on(settings.sw_processor)
    server = waitress.create_server(
        create_app(service),
        sockets=[listening],
        threads=settings.sw_threads,
        max_request_body_size=max(settings.sw_body_limit, ARCHIVE_BYTES) + BEYOND_THE_LIMIT,
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
    """Keep the threads that this one will start on one of its processors, the last being number 1, and round again.

    They take turns at one interpreter lock. Going to and fro between two processors costs a fifth more processor
    time (docs/decisions/0011). The first processor comes last, because many machines let it answer interrupts.
    """
    processors = sorted(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, {processors[-(number % len(processors))]})
    except OSError as error:  # a sandbox that forbids it costs speed, and no service
        log.warning("this process cannot keep to one processor (%s)", type(error).__name__)


class _Channel(HTTPChannel):  # type: ignore[misc, unused-ignore]
    """One connection."""

    def handle_write(self) -> None:
        """Send what waits to be sent, or close; a request that was begun and never finished is answered first."""
        if self.will_close and self.request is not None and not self.requests and not self.total_outbufs_len:
            with suppress(OSError):  # whoever has gone, or reads nothing, goes without
                self.socket.send(_timed_out())
        super().handle_write()


def _timed_out() -> bytes:
    detail = f"The request stopped in its middle for {REQUEST_SECONDS} seconds; send it whole"
    problem = ProblemError("REQUEST_TIMEOUT", detail)
    body = problem_body(problem, secrets.token_hex(16))
    head = f"HTTP/1.1 408 Request Timeout\r\nContent-Type: {PROBLEM_MEDIA}\r\nContent-Length: {len(body)}"
    return f"{head}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)  # Waitress ends its threads in order when its loop is left this way
