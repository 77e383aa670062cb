"""Builds what one deliverer needs; a module of its own, because it needs no agency's key and no queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from singlewindow.access.keyring import Keyring
from singlewindow.agencies.loading import load_agencies
from singlewindow.deliveries.parcel import Source
from singlewindow.deliveries.receivers import read_allowed
from singlewindow.deliveries.send import Sender
from singlewindow.deliveries.turn import Deliverer
from singlewindow.settings import Settings, load_settings
from singlewindow.storage.engine.connect import open_engine

ASKING, ASKING_FOR_FAILING = 6, 2
"""Threads that ask the database; the connections to receivers take none."""


def open_deliverer(settings: Settings | None = None) -> Deliverer:
    """Load the configuration and open the record; raises ValueError saying what is wrong, and where."""
    chosen = settings or load_settings()
    allowed = read_allowed(chosen.sw_receiver_ports, chosen.sw_private_receivers)
    agencies = load_agencies(Path(chosen.sw_config) / "agencies", chosen.sw_customs)
    engine = open_engine(chosen.database_url, pool_size=ASKING + ASKING_FOR_FAILING + 1)
    source = Source(engine, agencies, Keyring(engine))
    executors = (ThreadPoolExecutor(ASKING, "record"), ThreadPoolExecutor(ASKING_FOR_FAILING, "failing"))
    return Deliverer(source, Sender(allowed), executors)
