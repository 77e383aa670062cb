"""What stands beside the record: the store of documents and the simulator. Neither keeps a declaration waiting."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.bootstrap.documents import S3
from singlewindow.cli.operator.doctor.check import Check, ok, warning
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.revision import Tables, compare_tables

UPGRADE = "Run `singlewindow db upgrade`."


def checks_beside(settings: Settings) -> list[Check]:
    """All results about what stands beside the record."""
    return [_documents(settings), *([_simulator(settings)] if settings.sw_simulator_database_url else [])]


def _documents(settings: Settings) -> Check:
    if settings.sw_documents.startswith(S3):
        return ok("documents", f"kept in {settings.sw_documents}, which is asked only when a document comes")
    folder = Path(settings.sw_documents or Path(settings.sw_data) / "documents")
    standing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not os.access(standing, os.W_OK | os.X_OK):
        return warning("documents", f"{standing} cannot be written, so no document can be kept",
                       "Give the service's account the right, or set SW_DOCUMENTS.")  # fmt: skip
    scanned = f"looked through by {settings.sw_scanner.split()[0]}" if settings.sw_scanner.strip() else "not scanned"
    return ok("documents", f"kept in {folder}, {scanned}")


def _simulator(settings: Settings) -> Check:
    url = make_url(settings.sw_simulator_database_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return warning("simulator", f"there is no {url.database}, so its keys do not work", UPGRADE)
    try:
        engine = open_engine(settings.sw_simulator_database_url, pool_size=1)
    except ValueError as error:
        return warning("simulator", str(error), "Correct SW_SIMULATOR_DATABASE_URL.")
    try:
        state = compare_tables(engine)
    except SQLAlchemyError as error:
        return warning("simulator", f"{shown} does not answer ({type(error).__name__}), so its keys do not work",
                       "Check that it runs, and restart `web` afterwards.")  # fmt: skip
    finally:
        engine.dispose()
    if state in {Tables.CURRENT, Tables.NEWER}:
        return ok("simulator", f"its record is at {shown}")
    return warning("simulator", f"the tables of {shown} are not of this version, so its keys do not work", UPGRADE)
