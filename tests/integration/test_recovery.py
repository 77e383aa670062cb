"""Backup while declarations pour in, restore into an empty place, upgrade while running: docs/recovery.md."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.lodging.store import Receipt
from singlewindow.cli.operator.db import db
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.cursors import START, Cursor, NotInStream, read_cursor
from singlewindow.enquiries.feeds import read_feed
from singlewindow.enquiries.notices import read_notices
from singlewindow.storage.engine import backups
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.revision import Tables, compare_tables
from tests import servers
from tests.documents import DECLARANT
from tests.integration.conftest import work
from tests.integration.lodging import one
from tests.integration.record import rows

SIGNER = Signer(new_key())
COUNTS: Mapping[str, str] = {
    "declarations": "SELECT count(*) FROM declaration WHERE mrn IN ({})",
    "versions": "SELECT count(*) FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE mrn IN ({})",
    "lodged events": "SELECT count(*) FROM event e JOIN version v ON v.id = e.version_id"
                     " JOIN declaration d ON d.id = v.declaration_id WHERE e.kind = 'lodged' AND mrn IN ({})",
    "first notices": "SELECT count(*) FROM notice n JOIN version v ON v.id = n.version_id"
                     " JOIN declaration d ON d.id = v.declaration_id WHERE n.function_code = '01' AND mrn IN ({})",
    "questions": "SELECT count(*) FROM (SELECT version_id FROM outbox UNION ALL SELECT version_id FROM assessment) q"
                 " JOIN version v ON v.id = q.version_id JOIN declaration d ON d.id = v.declaration_id"
                 " WHERE mrn IN ({})",
}  # fmt: skip


def counts(context: ClearanceContext, mrns: list[str]) -> dict[str, int]:
    listed = ", ".join(f"'{mrn}'" for mrn in mrns)
    return {name: rows(context, query.format(listed))[0][0] for name, query in COUNTS.items()}


class Pouring:
    """Lodges one declaration after the other in a thread until told to stop; `mrns` are confirmed."""

    def __init__(self, context: ClearanceContext) -> None:
        self._context, self._stop = context, threading.Event()
        self._thread = threading.Thread(target=self._pour)
        self.mrns: list[str] = []
        self.enough = threading.Event()

    def __enter__(self) -> Pouring:
        self._thread.start()
        assert self.enough.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _pour(self) -> None:
        while not self._stop.is_set():
            self.mrns.append(lodged(self._context, f"POUR{len(self.mrns):05d}").mrn)
            if len(self.mrns) == 30:
                work(self._context)
            if len(self.mrns) == 40:
                dispatch.make_batches(self._context)  # and nobody works them off
                self.enough.set()


def lodged(context: ClearanceContext, lrn: str) -> Receipt:
    return one(context, lrn)


def tool(name: str) -> str:
    package = servers._packaged_postgres()
    found = str(package / "pginstall18" / "bin" / name) if package else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def back_up(url: str, file: Path) -> None:
    """As docs/recovery.md says."""
    if url.startswith("sqlite"):
        backups.back_up(url, file)
        return
    subprocess.run([tool("pg_dump"), "--format=custom", f"--file={file}", f"--dbname={libpq(url)}"], check=True)


@contextmanager
def restored(context: ClearanceContext, file: Path, place: Path) -> Iterator[ClearanceContext]:
    """The backup in an empty directory, or an empty database, as docs/recovery.md says."""
    if context.engine.dialect.name == "sqlite":
        place.mkdir()
        shutil.copy(file, place / "singlewindow.db")
        yield opened(context, f"sqlite:///{place / 'singlewindow.db'}")
        return
    with servers.database(context.settings.database_url) as url:
        command = [tool("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={libpq(url)}", str(file)]
        subprocess.run(command, check=True)
        other = opened(context, url)
        yield other
        other.engine.dispose()


def opened(context: ClearanceContext, url: str) -> ClearanceContext:
    return replace(context, engine=open_engine(url))


@pytest.fixture
def backed_up(
    context: ClearanceContext, tmp_path: Path
) -> Iterator[tuple[ClearanceContext, list[str], dict[str, int]]]:
    """The restored service, what was confirmed before its backup began, and how much the original held of that."""
    with Pouring(context) as pouring:
        before = list(pouring.mrns)
        back_up(context.settings.database_url, tmp_path / "backup")
    expected = counts(context, before)
    with restored(context, tmp_path / "backup", tmp_path / "restored") as other:
        yield other, before, expected


def test_a_restored_record_holds_everything_confirmed_before_the_backup(
    backed_up: tuple[ClearanceContext, list[str], dict[str, int]],
) -> None:
    restored_window, before, expected = backed_up
    assert counts(restored_window, before) == expected
    assert expected["declarations"] == len(before) >= 40


def test_a_restored_service_decides_what_was_open_and_numbers_on_without_a_gap(
    backed_up: tuple[ClearanceContext, list[str], dict[str, int]],
) -> None:
    context, _, _ = backed_up
    held = rows(context, "SELECT count(*) FROM declaration")[0][0]
    lodged(context, "AFTER")
    with context.engine.begin() as connection:
        connection.execute(text("UPDATE batch SET lease_until = 0"))
    dispatch.take_back(context)
    work(context)
    assert rows(context, "SELECT count(*) FROM decision") == [(held + 1,)]
    numbers = [number for (number,) in rows(context, "SELECT number FROM notice ORDER BY number")]
    assert numbers == list(range(1, 2 * (held + 1) + 1))
    for agency, last in rows(context, "SELECT substr(name, 6), last_number FROM stream WHERE name LIKE 'feed/%'"):
        assert rows(context, f"SELECT count(*), max(number) FROM feed WHERE agency = '{agency}'") == [(last, last)]


def test_a_cursor_from_after_the_backup_is_refused_and_one_from_before_goes_on(
    context: ClearanceContext, tmp_path: Path
) -> None:
    """Numbers run again after a restore: the same number is another entry, and its digest tells."""
    for number in range(2):
        lodged(context, f"BEFORE{number}")
    kept = _ends(context)
    back_up(context.settings.database_url, tmp_path / "backup")
    lodged(context, "LOST")
    lost = _ends(context)
    with restored(context, tmp_path / "backup", tmp_path / "restored") as other:
        for read_on, cursor in zip(_streams(other), lost, strict=True):
            with pytest.raises(NotInStream, match=f"does not reach number {cursor.number}"):
                read_on(cursor)
        lodged(other, "NEW")
        audit_trail.sign_checkpoint(other.engine, SIGNER)
        for read_on, before, cursor in zip(_streams(other), kept, lost, strict=True):
            with pytest.raises(NotInStream, match=f"another entry under number {cursor.number} "):
                read_on(cursor)
            assert read_on(before).number == cursor.number


def _streams(context: ClearanceContext) -> list[Callable[[Cursor], Cursor]]:
    """Ways to read on in each stream: from a cursor to the next."""
    return [
        lambda after: read_notices(context.engine, DECLARANT, after, 50).next,
        lambda after: read_cursor(read_feed(context.engine, context.agencies["customs"], after, 50).next),
        lambda after: audit_trail.checkpoints_after(context.engine, after, 50)[1],
    ]


def _ends(context: ClearanceContext) -> list[Cursor]:
    audit_trail.sign_checkpoint(context.engine, SIGNER)
    return [read_on(START) for read_on in _streams(context)]


def test_the_totals_come_back_with_the_record(backed_up: tuple[ClearanceContext, list[str], dict[str, int]]) -> None:
    context, _, _ = backed_up
    decided = rows(context, "SELECT 'decided/' || outcome, count(*) FROM decision GROUP BY outcome")
    assert decided == rows(context, "SELECT name, sum(count) FROM tally GROUP BY name")


def test_a_backup_is_one_file_and_never_overwrites(tmp_path: Path, migrated_sqlite: Path) -> None:
    url, file = f"sqlite:///{migrated_sqlite}", tmp_path / "backup"
    backups.back_up(url, file)
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    with pytest.raises(ValueError, match="exists already"):
        backups.back_up(url, file)


def test_a_damaged_database_gives_no_backup(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"SQLite format 3\0" + b"\x10" * 8192)
    with pytest.raises(RuntimeError, match=r"cannot be copied|damaged"):
        backups.back_up(f"sqlite:///{broken}", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_server_is_backed_up_by_its_own_tool(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pg_dump"):
        backups.back_up("postgresql+psycopg://user@host/name", tmp_path / "backup")
    assert "backup" in db.commands


def test_todays_processes_work_on_beside_tables_that_a_later_version_has_added_to(context: ClearanceContext) -> None:
    lodged(context, "BEFORE")
    with context.engine.begin() as connection:
        connection.execute(text("CREATE TABLE tomorrow (id integer)"))
        for table in ("version", "outbox", "batch", "assessment", "decision", "event", "notice", "feed"):
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN tomorrow text"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    lodged(context, "BESIDE")
    work(context)
    assert compare_tables(context.engine) is Tables.NEWER
    assert rows(context, "SELECT count(*) FROM decision") == [(2,)]
