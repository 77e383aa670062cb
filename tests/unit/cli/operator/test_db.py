from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.storage.engine.connect import open_engine
from tests.unit.cli.conftest import Run

OTHERS = 0o077


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
        assert [file.name for file in beside] == ["singlewindow.db", "singlewindow.db-shm", "singlewindow.db-wal"]
        assert [file for file in beside if file.stat().st_mode & OTHERS] == []
    engine.dispose()


def test_a_process_started_by_hand_makes_no_database_that_others_can_read(run: Run, folder: Path) -> None:
    assert run("web", "--data", folder, "--port", 0).status == 1
    assert [file for file in folder.iterdir() if file.stat().st_mode & OTHERS] == []


def test_a_backup_is_private(run: Run, folder: Path) -> None:
    run("db", "upgrade", "--data", folder)
    assert run("db", "backup", "--data", folder, folder / "copy.db").status == 0
    assert (folder / "copy.db").stat().st_mode & OTHERS == 0
