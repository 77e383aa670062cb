"""Options that several commands share: the data folder, the address to listen on, the address of a service."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import click

from singlewindow.settings import Settings, load_settings

HOST = "127.0.0.1"
PORT = 8080

data_option = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the embedded database and queue."
)
host_option = click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 chooses a free one.",
)
simulator_option = click.option(
    "--simulator", is_flag=True, help="In the simulator, where traders try their software and nothing is real."
)
url_option = click.option(
    "--url",
    default=f"http://{HOST}:{PORT}",
    show_default=True,
    envvar="SINGLEWINDOW_URL",
    help="Address of the service.",
)
files_argument = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


def settings_for(data: Path | None) -> Settings:
    """The settings; `--data` takes precedence over SW_DATA."""
    if data is not None:
        os.environ["SW_DATA"] = str(data.absolute())
    return load_settings()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that child processes may inherit; raises ValueError if the port cannot be opened."""
    try:
        listening = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise ValueError(f"Port {port} cannot be opened ({error.strerror}). Choose another with --port") from error
    listening.set_inheritable(True)
    return listening
