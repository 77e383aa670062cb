"""`singlewindow up`: runs everything; each process is a child that is restarted when it ends."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from singlewindow.access.tokens import new_token_key
from singlewindow.bootstrap.context import open_context
from singlewindow.cli.options import data_option, host_option, listen, port_option, settings_for
from singlewindow.settings import Settings
from singlewindow.storage.engine.migrate import migrate
from workers import queue_server, supervisor
from workers.queues import ASSESS, ASSESS_REMOTE

MOST_REMOTE_WORKERS = 4


@click.command()
@data_option
@host_option
@port_option
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Queue workers.")
@click.option(
    "--remote-workers", type=int, help="Workers for agencies asked over HTTP; default: one for each, at most 4."
)
def up(data: Path | None, host: str, port: int, workers: int, remote_workers: int | None) -> None:
    """Run the whole service until Ctrl-C. It needs only this machine: it starts all servers and processes."""
    os.umask(0o077)  # whatever this process and its children write is private, also in a folder that is not
    settings = settings_for(data)
    folder = Path(settings.sw_data).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = folder / "processes"
    _lock_folder(folder)
    supervisor.end_leftovers(record)
    context = open_context(settings)  # a wrong configuration is reported here, once
    context.engine.dispose()
    remote = sum(context.is_remote(agency) for agency in context.agencies)
    for url in settings.record_urls:
        migrate(url)
    listening = listen(host, port)
    if remote_workers is None or not remote:
        remote_workers = min(remote, MOST_REMOTE_WORKERS)
    counts = {ASSESS: workers, ASSESS_REMOTE: remote_workers}
    children = _child_processes(settings, folder, listening.fileno(), counts)
    keeper = supervisor.Supervisor(children, record)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, keeper.stop)
    click.echo(f"Trade single window: http://{host}:{listening.getsockname()[1]} (data in {folder})")
    sys.stdout.flush()
    keeper.run()


def _lock_folder(folder: Path) -> None:
    """Lock the folder while this process lives: a second service would end the children of the first."""
    # The kernel releases the lock when the process ends, however it ends; children do not inherit it.
    held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        text = f"A service already runs in {folder}. Stop it first, or choose another folder with --data"
        raise ValueError(text) from error


def _child_processes(
    settings: Settings, folder: Path, listening: int, workers: Mapping[str, int]
) -> list[supervisor.Child]:
    environment = dict(os.environ) | {"DATABASE_URL": settings.database_url, "SW_DATA": str(folder)}
    if settings.sw_simulator_database_url:
        environment["SW_SIMULATOR_DATABASE_URL"] = settings.sw_simulator_database_url
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
    web = {"SW_PROCESSOR": "1"} | environment
    children.append(supervisor.Child("web", [*ours, "web", "--fd", str(listening)], web, (listening,)))
    children.append(supervisor.Child("dispatcher", [*ours, "dispatch"], environment))
    children.append(supervisor.Child("deliverer", [*ours, "deliver"], environment))
    if settings.sw_simulator_database_url:
        children.append(supervisor.Child("simulator", [*ours, "simulate"], environment))
    for name, count in workers.items():
        command = [*ours, "worker", "--queue", name]
        label = "worker" if name == ASSESS else "remote worker"
        children += [supervisor.Child(f"{label} {n}", command, environment) for n in range(1, count + 1)]
    return children


def _token_key(folder: Path) -> Path:
    """The file with the key that signs tokens; created if it is missing."""
    file = folder / "token-key.pem"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_token_key(), encoding="ascii")
    return file
