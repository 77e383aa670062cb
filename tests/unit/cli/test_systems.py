from __future__ import annotations

import sys

import pytest

from singlewindow.cli import COMMANDS
from singlewindow.cli.systems import SERVICE, unsupported_reason
from tests.unit.cli.conftest import Run


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_linux_runs_everything_and_macos_what_runs_no_service(command: str) -> None:
    assert unsupported_reason("linux", [command]) is None
    assert (unsupported_reason("darwin", [command, "--help"]) is not None) == (command in SERVICE)


def test_every_command_that_needs_linux_is_one() -> None:
    assert {*COMMANDS} >= SERVICE


@pytest.mark.parametrize("system", ["win32", "cygwin", "freebsd14"])
def test_elsewhere_nothing_starts_and_what_to_do_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    status, out, err = run("--help")
    assert (status, out) == (1, "")
    assert f"singlewindow: This system ({system}) is not supported. Use Linux" in err


def test_macos_says_which_command_it_cannot_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    status, _, err = run("up")
    assert (status, "the service needs Linux" in err) == (1, True)
