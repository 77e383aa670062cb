"""A proxy to put between the product and what it talks to, whose manners can be changed while it runs.

Modes: pass; delay (seconds before each piece is passed on); blackhole (takes everything, passes on nothing); reset
(connections end with RST); cut (ends after the first half of a piece towards the server); drip (one byte per second).
"""

from __future__ import annotations

import queue
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

PIECE = 65_536
LOOK_SECONDS = 0.2
MOST_UNDER_WAY = 256
RESET = struct.pack("ii", 1, 0)


Pair = tuple[socket.socket, socket.socket]


class Mode(StrEnum):
    """How the proxy treats what passes."""

    PASS = "pass"
    DELAY = "delay"
    BLACKHOLE = "blackhole"
    RESET = "reset"
    CUT = "cut"
    DRIP = "drip"


class Proxy:
    """Listens on a free port of 127.0.0.1 and connects to `upstream`: a Unix socket's path, or (host, port)."""

    def __init__(self, upstream: Path | tuple[str, int]) -> None:
        self._upstream = upstream
        self._mode, self._seconds = Mode.PASS, 0.0
        self._after: Callable[[bytes], bool] | None = None
        self._pairs: set[Pair] = set()
        self._muted: set[Pair] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.cuts = 0
        self._open = True
        threading.Thread(target=self._accept, daemon=True, name="proxy").start()

    def behave(self, mode: Mode, seconds: float = 0.0) -> None:
        """Change manners now, for open connections too; `seconds` is the delay of `delay`."""
        self._mode, self._seconds = mode, seconds
        if mode is Mode.RESET:
            self.drop()

    def cut_after(self, seen: Callable[[bytes], bool] | None) -> None:
        """Pass on the piece to the server of which `seen` says yes, and then reset that connection before its answer.

        None takes it back.
        """
        self._after = seen

    def drop(self) -> None:
        """Reset every open connection."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._end(pair)

    def close(self) -> None:
        """Listen no more, and reset what is open."""
        self._open = False
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.drop()

    def _accept(self) -> None:
        while self._open:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self._mode is Mode.RESET:
                _reset(near)
                continue
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            far = self._dial()
        except OSError:
            _reset(near)
            return
        pair = (near, far)
        for end in pair:
            end.settimeout(LOOK_SECONDS)
        with self._lock:
            self._pairs.add(pair)
        threading.Thread(target=self._pump, args=(pair, True), daemon=True).start()
        threading.Thread(target=self._pump, args=(pair, False), daemon=True).start()

    def _dial(self) -> socket.socket:
        if isinstance(self._upstream, tuple):
            return socket.create_connection(self._upstream, timeout=5.0)
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        far.connect(str(self._upstream))
        return far

    def _pump(self, pair: Pair, to_server: bool) -> None:
        """Read in this thread and pass on in another, so that a delay is a distance and not a narrow place."""
        source = pair[0] if to_server else pair[1]
        read: queue.Queue[tuple[float, bytes]] = queue.Queue(MOST_UNDER_WAY)
        passing = threading.Thread(target=self._pass_all_on, args=(pair, read, to_server), daemon=True)
        passing.start()
        with suppress(OSError):
            while pair in self._pairs:
                try:
                    piece = source.recv(PIECE)
                except TimeoutError:
                    continue
                read.put((time.monotonic(), piece))
                if not piece:
                    return
        read.put((time.monotonic(), b""))

    def _pass_all_on(self, pair: Pair, read: queue.Queue[tuple[float, bytes]], to_server: bool) -> None:
        abruptly = True
        with suppress(OSError):
            while pair in self._pairs:
                came, piece = read.get()
                abruptly = bool(piece)
                if not piece or not self._pass_on(pair, came, piece, to_server):
                    break
        self._end(pair, abruptly)

    def _pass_on(self, pair: Pair, came: float, piece: bytes, to_server: bool) -> bool:
        """Whether the connection goes on."""
        target = pair[1] if to_server else pair[0]
        while self._mode is Mode.BLACKHOLE:  # nothing is forgotten: it is late for as long as the hole is there
            time.sleep(LOOK_SECONDS)
        if self._mode is Mode.RESET:
            return False
        if self._mode is Mode.CUT and to_server:
            _send(target, piece[: len(piece) // 2])
            self.cuts += 1
            return False
        if self._mode is Mode.DRIP:
            return self._drip(piece, target)
        if self._mode is Mode.DELAY:
            time.sleep(max(0.0, came + self._seconds - time.monotonic()))
        if pair in self._muted:
            return True
        cut = to_server and self._after is not None and self._after(piece)
        if cut:
            self._muted.add(pair)  # before the server can answer
            self.cuts += 1
        _send(target, piece)
        return not cut

    def _drip(self, piece: bytes, target: socket.socket) -> bool:
        for position in range(len(piece)):
            _send(target, piece[position : position + 1])
            for _ in range(10):
                time.sleep(0.1)
                if self._mode is not Mode.DRIP:
                    _send(target, piece[position + 1 :])
                    return True
        return True

    def _end(self, pair: Pair, abruptly: bool = True) -> None:
        with self._lock:
            if pair not in self._pairs:
                return
            self._pairs.discard(pair)
        near, far = pair
        if abruptly:
            _reset(near)
        else:
            near.close()
        with suppress(OSError):
            far.shutdown(socket.SHUT_WR)  # the server still gets what was passed on
        far.close()


def _send(target: socket.socket, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        with suppress(TimeoutError):
            left = left[target.send(left) :]


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with suppress(OSError):
        end.shutdown(socket.SHUT_RD)
    end.close()
