from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.cli.operator import db
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.revision import REVISIONS
from tests.unit.cli.conftest import Run

OTHERS = 0o077
NEWEST = REVISIONS[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that everybody can read."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def test_a_database_is_private_in_a_folder_that_is_not_and_so_is_all_beside_it(run: Run, folder: Path) -> None:
    assert run("db", "upgrade", "--data", folder).status == 0
    engine = open_engine(f"sqlite:///{folder / 'singlewindow.db'}")
    with engine.connect():
        beside = sorted(folder.iterdir())
        assert [file.name for file in beside] == [
            "simulator.db", "singlewindow.db", "singlewindow.db-shm", "singlewindow.db-wal",
        ]  # fmt: skip
        assert [file for file in beside if file.stat().st_mode & OTHERS] == []
    engine.dispose()


def test_a_process_started_by_hand_makes_no_database_that_others_can_read(run: Run, folder: Path) -> None:
    assert run("web", "--data", folder, "--port", 0).status == 1
    assert [file for file in folder.iterdir() if file.stat().st_mode & OTHERS] == []


def test_a_backup_is_private(run: Run, folder: Path) -> None:
    run("db", "upgrade", "--data", folder)
    assert run("db", "backup", "--data", folder, folder / "copy.db").status == 0
    assert (folder / "copy.db").stat().st_mode & OTHERS == 0


def test_a_backup_into_a_folder_that_is_not_there_is_refused_in_words(run: Run, folder: Path) -> None:
    run("db", "upgrade", "--data", folder)
    status, _, err = run("db", "backup", "--data", folder, folder / "none" / "copy.db")
    assert (status, err) == (1, f"singlewindow: There is no folder {folder / 'none'}. Create it first\n")


def test_an_upgrade_says_which_database_and_what_was_done(run: Run, folder: Path) -> None:
    made = f"The tables were made (revision {NEWEST}): sqlite:///{folder}"
    assert run("db", "upgrade", "--data", folder).out == f"{made}/singlewindow.db\n{made}/simulator.db\n"
    assert f"(revision {NEWEST}); nothing was done: sqlite" in run("db", "upgrade", "--data", folder).out


def test_an_upgrade_says_from_which_revision(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "migrate", lambda _: "0009")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://u:hidden@host/record?password=hidden")
    out = run("db", "upgrade").out
    assert out == f"The tables were upgraded from revision 0009 to {NEWEST}: postgresql+psycopg://u:***@host/record\n"
