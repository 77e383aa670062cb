"""The web server: Waitress over one listening socket, bodies read whole before a thread is given to them."""

from __future__ import annotations

import signal
import socket
from types import FrameType

import waitress

from singlewindow.clearance.reading_room import room_for
from singlewindow.clearance.window import Window
from singlewindow.declarations.archive import ARCHIVE_BYTES
from singlewindow.http.app import create_app

REQUEST_SECONDS = 10
HEADER_BYTES = 32_768
CONNECTIONS = 500
# A little too large is told as a problem document by the application; only far too large is cut off here.
BEYOND_THE_LIMIT = 65_536


def serve(window: Window, listening: socket.socket) -> None:
    """Answer requests until SIGTERM; those under way are finished first."""
    signal.signal(signal.SIGTERM, _end)
    room = room_for(window.settings)
    room.open()
    waitress.serve(
        create_app(window, room),
        sockets=[listening],
        threads=window.settings.sw_threads,
        max_request_body_size=max(window.settings.sw_body_limit, ARCHIVE_BYTES) + BEYOND_THE_LIMIT,
        max_request_header_size=HEADER_BYTES,
        connection_limit=CONNECTIONS,
        channel_timeout=REQUEST_SECONDS,
        cleanup_interval=1,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)  # Waitress ends its threads in order when its loop is left this way
