"""Runs one server for as long as the test session that started it holds this process's standard input open.

Run as a script: `server_guard.py DIRECTORY ACCOUNT COMMAND...`; ACCOUNT is a name, or "-" for the caller's own. When
the input closes, however the session ended, the server is ended and DIRECTORY removed, and what its link `memory` leads
to: nothing outlives a killed run.
"""

from __future__ import annotations

import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

LOOK_EVERY = 0.5
PATIENCE = 20
IN_MEMORY = "memory"


def main(directory: str, account: str, *command: str) -> int:
    """Serve until told to end; the server's exit status. Its output goes to DIRECTORY/server.log."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        with Path(directory, "server.log").open("wb") as log, _started(account, list(command), log.fileno()) as server:
            try:
                _wait(server)
            finally:
                _end(server)
        return server.returncode
    finally:
        # A server that failed by itself leaves its log for the session to read; the session removes the rest.
        if _input_closed(0):
            for folder in (Path(directory, IN_MEMORY).resolve(), directory):
                shutil.rmtree(folder, ignore_errors=True)


def identity(account: str) -> dict[str, Any]:
    """The arguments that make `subprocess` run as that account, without its caller's groups ("-": as its caller)."""
    if account == "-":
        return {}
    entry = pwd.getpwnam(account)
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/", "env": environment}


def _started(account: str, command: list[str], output: int) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=nothing, stdout=output, stderr=output, **identity(account))


def _wait(server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None and not _input_closed(LOOK_EVERY):
        pass


def _input_closed(seconds: float) -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        # PostgreSQL takes SIGINT for a fast shutdown, Valkey for an ordinary one.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
