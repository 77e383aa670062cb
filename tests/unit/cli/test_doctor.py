from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from singlewindow.cli.operator.doctor import EXIT, doctor
from singlewindow.cli.operator.doctor.beside import checks_beside
from singlewindow.cli.operator.doctor.check import Check, Level, fault, ok, warning, worst_level
from singlewindow.cli.operator.doctor.machine import configuration_loads, disk_space, settings_fit
from singlewindow.cli.operator.doctor.record import record_checks
from singlewindow.settings import Settings
from singlewindow.storage.engine.migrate import migrate

WELL, LOOK, BAD = ok("a", "b"), warning("a", "b", "c"), fault("a", "b", "c")


@pytest.mark.parametrize(
    ("checks", "level"),
    [([], Level.OK), ([WELL], Level.OK), ([WELL, LOOK], Level.WARNING), ([BAD, LOOK, WELL], Level.FAULT)],
)
def test_the_worst_finding_is_the_exit_status(checks: list[Check], level: Level) -> None:
    assert worst_level(checks) is level
    assert EXIT[level] == ["ok", "warning", "fault"].index(level)


def test_settings_that_do_not_fit_together_are_warned_of() -> None:
    assert [check.level for check in settings_fit(Settings())] == [Level.OK]
    assert [check.level for check in settings_fit(Settings(sw_waiters=16, sw_threads=16))] == [Level.WARNING]
    assert [check.level for check in settings_fit(Settings(sw_sandbox=True))] == [Level.WARNING]


def test_a_configuration_that_does_not_load_is_a_fault_that_names_the_place(tmp_path: Path) -> None:
    (good,) = configuration_loads(Settings())
    (bad,) = configuration_loads(Settings(sw_config=str(tmp_path)))
    assert (good.level, bad.level) == (Level.OK, Level.FAULT)
    assert str(tmp_path) in bad.text


def test_a_full_disk_is_a_fault_and_a_scarce_one_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((10**8, Level.FAULT), (10**9, Level.WARNING), (10**11, Level.OK)):
        usage = type("Usage", (), {"total": 10**12, "free": free})
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        (check,) = disk_space(Settings(sw_data=str(tmp_path)))
        assert check.level is level


def test_an_empty_folder_is_told_in_faults_that_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SW_DATA", str(tmp_path))
    answer = CliRunner().invoke(doctor, ["--json"])
    told = json.loads(answer.stdout)
    faults = {check["name"]: check["advice"] for check in told["checks"] if check["level"] == "fault"}
    assert (answer.exit_code, told["status"]) == (2, "fault")
    assert set(faults) == {"database", "queue server"}
    assert all(faults.values())


def test_a_database_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'record.db'}")
    migrate(settings.database_url)
    for file, mode, level in (
        ("record.db", 0o600, Level.OK), ("record.db", 0o640, Level.WARNING), ("record.db", 0o600, Level.OK),
        ("record.db-wal", 0o604, Level.WARNING),
    ):  # fmt: skip
        (tmp_path / file).touch()
        (tmp_path / file).chmod(mode)
        (found,) = (check for check in record_checks(settings) if check.name == "privacy")
        assert (found.level, str(tmp_path / file) in found.advice) == (level, level is Level.WARNING)


def test_the_simulator_is_checked_where_there_is_one(tmp_path: Path) -> None:
    here = Settings(sw_data=str(tmp_path))
    assert [check.name for check in checks_beside(here)] == ["documents"]
    url = f"sqlite:///{tmp_path / 'simulator.db'}"
    there = msgspec.structs.replace(here, sw_simulator_database_url=url)
    assert [(check.name, check.level) for check in checks_beside(there)][1:] == [("simulator", Level.WARNING)]
    migrate(url)
    assert [(check.name, check.level) for check in checks_beside(there)][1:] == [("simulator", Level.OK)]
    away = msgspec.structs.replace(
        here, sw_simulator_database_url="postgresql+psycopg://nobody:hidden@127.0.0.1:9/none"
    )
    (_, check) = checks_beside(away)
    assert (check.level, "hidden" in check.text) == (Level.WARNING, False)


def test_a_store_that_cannot_be_written_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Settings(sw_documents=str(tmp_path / "kept"), sw_scanner="clamdscan --fdpass")
    (check,) = checks_beside(here)
    assert (check.level, check.text) == (Level.OK, f"kept in {tmp_path / 'kept'}, looked through by clamdscan")
    monkeypatch.setattr("os.access", lambda *_: False)
    (check,) = checks_beside(here)
    assert check.level is Level.WARNING


def test_settings_that_cannot_be_read_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SW_BATCH_SIZE", "many")
    answer = CliRunner().invoke(doctor, [])
    assert answer.exit_code == 2
    assert answer.stdout.startswith("fault   settings: SW_BATCH_SIZE has a wrong value")
