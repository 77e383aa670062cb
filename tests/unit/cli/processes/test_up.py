from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from singlewindow.access.tokens import Tokens
from singlewindow.cli.processes import up
from tests.unit.cli.conftest import Run


@pytest.mark.parametrize("port", [-3, 65_536])
def test_a_port_that_no_machine_has_is_refused(run: Run, tmp_path: Path, port: int) -> None:
    status, _, err = run("up", "--data", tmp_path / "new", f"--port={port}")
    assert (status, "0<=x<=65535" in err) == (2, True)


def test_a_service_without_workers_is_refused_for_it_would_decide_nothing(run: Run, tmp_path: Path) -> None:
    status, _, err = run("up", "--data", tmp_path / "new", "--workers", 0)
    assert (status, "--workers" in err) == (2, True)


@pytest.mark.parametrize("command", [("up",), ("keys", "list"), ("db", "upgrade")])
def test_a_data_folder_that_is_a_file_is_refused(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    status, _, err = run(*command, "--data", tmp_path / "file")
    assert (status, "is a file" in err) == (2, True)


def test_a_second_service_in_the_same_folder_is_refused_before_it_touches_the_first(run: Run, tmp_path: Path) -> None:
    record = tmp_path / "processes"
    record.write_text("1 another's\n", encoding="utf-8")
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, _, err = run("up", "--data", tmp_path, "--port", 0)
    assert (status, "already" in err, "--data" in err) == (1, True, True)
    assert record.exists()


def test_the_key_that_signs_tokens_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = up._token_key(tmp_path)
    made = file.read_text()
    assert up._token_key(tmp_path).read_text() == made
    assert Tokens(made).public_keys()
    assert file.stat().st_mode & 0o077 == 0
