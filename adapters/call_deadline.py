"""Ends a call at its time limit, whatever the other side does, by shutting its connection.

Timeouts of a single read do not help against one byte a second. The limit therefore holds a second handle on the
connection's socket; shutting it ends every read and write in progress, even in the middle of headers or of TLS.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

CONNECTED = "connection.connect_tcp.complete"


class TimeLimit:
    """A block that ends with `TimeoutError` if it takes longer than `seconds`; `watch` is httpx's trace extension."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end_call)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._over = False

    def watch(self, event: str, info: dict[str, Any]) -> None:
        """Take hold of the connection once it is open; raises TimeoutError if the time is already over."""
        if event != CONNECTED:
            return
        opened: socket.socket = info["return_value"].get_extra_info("socket")
        with self._lock:
            if self._over:
                opened.close()  # httpx does not hold it yet
                raise TimeoutError
            self._handle = socket.socket(fileno=os.dup(opened.fileno()))

    def _end_call(self) -> None:
        with self._lock:
            self._over = True
            if self._handle is not None:
                with suppress(OSError):  # the other side may have closed it already
                    self._handle.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> TimeLimit:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            over = self._over
        # Even if the block ended well: a body without a length looks complete when it is cut off.
        if over and (error is None or isinstance(error, Exception)):
            raise TimeoutError from error
