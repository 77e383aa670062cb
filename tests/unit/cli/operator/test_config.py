from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from singlewindow.cli.operator.config import UNFINISHED
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


def test_a_disk_that_fills_up_leaves_nothing_of_a_configuration(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Path.write_bytes, list[Path]()

    def write_some(file: Path, content: bytes) -> int:
        if len(written) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(file)
        return write(file, content)

    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "new" / "own", tmp_path / "empty"):
        written.clear()
        with monkeypatch.context() as full:
            full.setattr(Path, "write_bytes", write_some)
            status, _, err = run("config", "init", folder)
        assert (status, "The disk is full" in err, "No configuration was made" in err) == (1, True, True)
        assert not [file for file in written if file.exists()]
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]
    assert run("config", "init", tmp_path / "empty").status == 0


def test_a_copy_that_was_killed_is_begun_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own" / UNFINISHED / "agencies").mkdir(parents=True)
    assert run("config", "init", tmp_path / "own").status == 0
    assert contents(tmp_path / "own") == contents(CONFIG)


def test_a_copy_that_cannot_be_moved_into_place_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, moved = Path.rename, list[Path]()

    def rename_one(file: Path, target: Path) -> Path:
        if moved:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        moved.append(target)
        return rename(file, target)

    (tmp_path / "own").mkdir()
    monkeypatch.setattr(Path, "rename", rename_one)
    assert run("config", "init", tmp_path / "own").status == 1
    assert (len(moved), list((tmp_path / "own").iterdir())) == (1, [])


def test_a_configuration_is_in_its_place_only_when_it_is_whole(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def look(file: Path, content: bytes) -> int:
        assert not (tmp_path / "own" / "agencies").exists()
        return write(file, content)

    monkeypatch.setattr(Path, "write_bytes", look)
    assert run("config", "init", tmp_path / "own").status == 0
    assert contents(tmp_path / "own") == contents(CONFIG)
    assert {file.name for file in (tmp_path / "own").iterdir()} == {file.name for file in CONFIG.iterdir()}


def test_places_where_no_configuration_can_be_made_are_said_in_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    (tmp_path / "file").touch()
    link, below = run("config", "init", tmp_path / "link"), run("config", "init", tmp_path / "file" / "own")
    assert (link.status, "is a link to nothing" in link.err, "choose another" in link.err) == (1, True, True)
    assert (below.status, "is a file, not a folder" in below.err, "Errno" in below.err) == (1, True, False)


@pytest.mark.parametrize("place", ["none", "file"])
@pytest.mark.parametrize("command", [("config", "check"), ("rates",), ("db", "upgrade")])
def test_sw_config_must_name_a_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SW_CONFIG", str(tmp_path / place))
    status, _, err = run(*command)
    assert (status, f"SW_CONFIG names {tmp_path / place}, which is not a folder" in err) == (1, True)
    assert "config init" in err


def test_check_says_correct_this_file_only_of_a_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SW_COUNTRY", "XX")
    status, _, err = run("config", "check")
    assert (status, "SW_COUNTRY" in err, "Correct this file" in err, ".. " in err) == (1, True, False, False)


def test_check_warns_of_a_country_without_rates(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("config", "init", tmp_path)
    monkeypatch.setenv("SW_CONFIG", str(tmp_path))
    (tmp_path / "countries" / "GB" / "rates.csv").unlink()
    status, out, err = run("config", "check")
    assert (status, "9 agencies" in out, "WARNING: exchange rates: there are none" in err) == (0, True, True)
