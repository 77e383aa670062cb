"""Copies a running SQLite database: one consistent moment, without stopping the service."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

PG_DUMP: Final = "pg_dump --format=custom --file=FILE --dbname=postgresql://USER@HOST/NAME"


def back_up(database_url: str, file: Path) -> None:
    """Copy the database to `file`, which must not exist; it appears under its name only when it is whole and checked.

    Raises ValueError for another kind of database or an existing file, RuntimeError for a damaged copy.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        raise ValueError(f"Back up this database with its own tool: {PG_DUMP} (docs/recovery.md)")
    if not url.database or not Path(url.database).exists():
        raise ValueError(f"There is no database at {url.database}")
    if file.exists():
        raise ValueError(f"{file} exists already; a backup never overwrites another")
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        _copy_database(Path(url.database), unfinished)
        _to_disk(unfinished)
        unfinished.rename(file)
        _to_disk(file.absolute().parent)
    except sqlite3.Error as error:
        raise RuntimeError(f"{url.database} cannot be copied: {error}. Check the disk and the original") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copy_database(original: Path, copy: Path) -> None:
    # All pages in one step: a reader of the write-ahead log sees one moment, and no writer makes it start again.
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
        verdict = target.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise RuntimeError(f"The copy of {original} is damaged: {verdict}. Check the disk and the original")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
