"""Commands that run the service: everything at once (`up`), each process by itself, and the database's tables."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import httpx
from sqlalchemy import Engine

from singlewindow import bootstrap, queue_server
from singlewindow.security.tokens import new_token_key
from singlewindow.settings import Settings, embedded, load_settings
from singlewindow.storage import backups
from singlewindow.storage.engines import open_engine
from singlewindow.storage.grants import grant
from singlewindow.storage.schema import Tables, migrate, tables
from workers import dispatcher, supervisor
from workers import worker as queue_worker
from workers.queues import ASSESS, ASSESS_REMOTE, QUEUES

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = 8080
READY_SECONDS = 20.0
MOST_REMOTE_WORKERS = 4

data_option = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the embedded database and queue."
)
port_option = click.option(
    "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="Port to listen on; 0: a free one."
)


def settings_for(data: Path | None) -> Settings:
    """The settings, with `--data` before the environment's own folder."""
    if data is not None:
        os.environ["SW_DATA"] = str(data.absolute())
    return load_settings()


@click.command()
@data_option
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@port_option
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Queue workers.")
@click.option("--remote-workers", type=int, help="Workers for agencies asked over HTTP; one for each, 4 at most.")
def up(data: Path | None, host: str, port: int, workers: int, remote_workers: int | None) -> None:
    """Run the whole service on this machine until Ctrl-C: database, queue server, web, workers, dispatcher."""
    settings = settings_for(data)
    folder = Path(settings.sw_data).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = folder / "processes"
    _claim(folder)
    supervisor.end_leftovers(record)
    window = bootstrap.open_window(settings)  # a configuration that does not fit is said here, once
    window.engine.dispose()
    remote = sum(window.is_remote(agency) for agency in window.agencies)
    migrate(settings.database_url)
    listening = _listen(host, port)
    if remote_workers is None or not remote:
        remote_workers = min(remote, MOST_REMOTE_WORKERS)
    counts = {ASSESS: workers, ASSESS_REMOTE: remote_workers}
    children = _children(settings, folder, listening.fileno(), counts)
    keeper = supervisor.Supervisor(children, record)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, keeper.stop)
    click.echo(f"Trade single window: http://{host}:{listening.getsockname()[1]} (data in {folder})")
    sys.stdout.flush()
    keeper.run()


def _claim(folder: Path) -> None:
    """Hold the folder as long as this process lives: a second service would end the children of the first."""
    # The kernel lets go of the lock when the process ends, however it ends; children do not inherit it.
    held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        text = f"A service runs in {folder} already; end it first, or choose another folder with --data"
        raise ValueError(text) from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise ValueError(f"Port {port} cannot be opened ({error.strerror}); choose another with --port") from error
    listening.set_inheritable(True)
    return listening


def _children(settings: Settings, folder: Path, listening: int, workers: Mapping[str, int]) -> list[supervisor.Child]:
    environment = dict(os.environ) | {"DATABASE_URL": settings.database_url, "SW_DATA": str(folder)}
    if not settings.sw_token_key:
        environment["SW_TOKEN_KEY_FILE"] = str(_token_key(folder))
    children = []
    if settings.redis_url:
        environment["REDIS_URL"] = settings.redis_url
    else:
        command, environment["REDIS_URL"] = queue_server.queue_command(
            queue_server.find_queue_binary(), folder / "queue"
        )
        children.append(supervisor.Child("queue server", [*command, "--loglevel", "warning"], environment))
    ours = [sys.executable, "-m", "singlewindow"]
    children.append(supervisor.Child("web", [*ours, "web", "--fd", str(listening)], environment, (listening,)))
    children.append(supervisor.Child("dispatcher", [*ours, "dispatch"], environment))
    for name, count in workers.items():
        command = [*ours, "worker", "--queue", name]
        label = "worker" if name == ASSESS else "remote worker"
        children += [supervisor.Child(f"{label} {n}", command, environment) for n in range(1, count + 1)]
    return children


def _token_key(folder: Path) -> Path:
    """The file with the key that signs tokens; made where there is none."""
    file = folder / "token-key.pem"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_token_key(), encoding="ascii")
    return file


@click.command()
@data_option
@click.option("--host", default=HOST, show_default=True)
@port_option
@click.option("--fd", type=int, help="Take over an open listening socket (used by `up` and by systemd).")
def web(data: Path | None, host: str, port: int, fd: int | None) -> None:
    """Run one web process."""
    # Flask and the web server are the heaviest imports; only this command pays for them.
    from singlewindow.http import server  # noqa: PLC0415

    window = bootstrap.open_window(settings_for(data))
    need_tables(window.engine)
    listening = socket.socket(fileno=fd) if fd is not None else _listen(host, port)
    server.serve(window, listening)


@click.command()
@data_option
@click.option("--queue", default=ASSESS, show_default=True, type=click.Choice(QUEUES), help="The one queue it works.")
def worker(data: Path | None, queue: str) -> None:
    """Run one queue worker."""
    settings_for(data)
    queue_worker.run(queue)


@click.command()
@data_option
def dispatch(data: Path | None) -> None:
    """Run one dispatcher; any number may run."""
    dispatcher.run(bootstrap.open_window(settings_for(data)))


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Bring the tables up to this version of the service."""
    settings = settings_for(data)
    if settings == embedded(settings):  # a database elsewhere leaves no folder here, where nothing may be writable
        Path(settings.sw_data).mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database_url)
    click.echo("The database has the newest tables.")


@db.command()
@data_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(data: Path | None, file: Path) -> None:
    """Write the SQLite database as it stands now to FILE, while the service runs."""
    backups.back_up(settings_for(data).database_url, file)
    click.echo(f"{file} holds everything committed until now; docs/recovery.md says how to restore it.")


@db.command()
@data_option
@click.argument("role")
def grants(data: Path | None, role: str) -> None:
    """Give the PostgreSQL role ROLE what the service needs, and nothing else: events can be added, never changed.

    Run it as the owner of the tables, and again after every upgrade.
    """
    engine = open_engine(settings_for(data).database_url, pool_size=1)
    try:
        need_tables(engine)
        grant(engine, role)
    finally:
        engine.dispose()
    click.echo(f"{role} may do what the service does, and nothing else.")


def need_tables(engine: Engine) -> None:
    """Raises ValueError where the database has not the tables of this version."""
    standing = tables(engine)
    if standing in {Tables.NONE, Tables.OLDER}:
        raise ValueError("The database's tables are not of this version; run `singlewindow db upgrade`")
    if standing is Tables.NEWER:  # an upgrade is under way: migrations only add, so this version works on beside it
        log.warning("the database's tables are of a later version; end this process when the upgrade is done")


def wait_until(ready: Callable[[], bool], seconds: float = READY_SECONDS) -> bool:
    """Ask `ready` every 50 ms until it says yes or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.05)
    return False


def answers(url: str) -> bool:
    """Whether a service is ready at this address."""
    try:
        return httpx.get(f"{url}/readyz", timeout=1.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
