from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.shipped import CONFIG
from tests.documents import EXAMPLES, PLAIN
from tests.unit.cli.conftest import Run


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_writes_the_shipped_configuration_and_says_what_to_do_next(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("config", "init", tmp_path / "new" / "own")
    assert status == 0
    assert contents(tmp_path / "new" / "own") == contents(CONFIG)
    assert f"SW_CONFIG={tmp_path / 'new' / 'own'}" in out


def test_init_takes_an_empty_folder_and_none_with_something_in_it(run: Run, tmp_path: Path) -> None:
    assert run("config", "init", tmp_path).status == 0
    (tmp_path / "thresholds.toml").write_text("mine", encoding="utf-8")
    status, _, err = run("config", "init", tmp_path)
    assert (status, "is not empty" in err) == (1, True)
    assert (tmp_path / "thresholds.toml").read_text(encoding="utf-8") == "mine"


def test_what_sw_config_names_is_what_is_used(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("config", "init", tmp_path)
    monkeypatch.setenv("SW_CONFIG", str(tmp_path))
    checked = run("config", "check")
    assert (checked.status, f"9 agencies in {tmp_path}" in checked.out) == (0, True)
    (tmp_path / "countries" / "GB" / "profile.toml").unlink()
    assert run("validate", EXAMPLES / PLAIN).status == 1


def test_check_names_the_file_that_does_not_fit(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("config", "init", tmp_path)
    monkeypatch.setenv("SW_CONFIG", str(tmp_path))
    (tmp_path / "agencies" / "firearms" / "profiles.toml").write_text("[[profile]]", encoding="utf-8")
    status, _, err = run("config", "check")
    assert (status, str(tmp_path / "agencies" / "firearms" / "profiles.toml") in err) == (1, True)


def test_check_without_sw_config_reads_the_shipped_one(run: Run) -> None:
    assert run("config", "check").out == f"9 agencies in {CONFIG}\n"
