"""`singlewindow web`: one web process."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.bootstrap.context import open_context
from singlewindow.bootstrap.service import build_service
from singlewindow.bootstrap.simulator import open_simulator
from singlewindow.clearance.context import ClearanceContext
from singlewindow.cli.operator.record import need_tables
from singlewindow.cli.options import data_option, host_option, listen, port_option, settings_for
from singlewindow.http import server

log = logging.getLogger(__name__)


@click.command()
@data_option
@host_option
@port_option
@click.option("--fd", type=int, help="Use this open listening socket (for `up` and systemd).")
def web(data: Path | None, host: str, port: int, fd: int | None) -> None:
    """Run one web process. It answers HTTP; put a proxy with TLS in front of it."""
    context = open_context(settings_for(data))
    need_tables(context.engine)
    listening = socket.socket(fileno=fd) if fd is not None else listen(host, port)
    server.serve(build_service(context, _open_simulator(context)), listening)


def _open_simulator(context: ClearanceContext) -> ClearanceContext | None:
    """The simulator, if its database is there: the service does not wait for a rehearsal."""
    opened = open_simulator(context)
    try:
        if opened is not None:
            need_tables(opened.engine)
    except (ValueError, SQLAlchemyError) as error:
        log.warning("the simulator's keys are not accepted until this process is started again: %s", error)
        return None
    return opened
