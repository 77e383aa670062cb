from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from singlewindow import cli


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run `singlewindow` with these arguments as a user does; no exception passes but the end of the command."""
    before = os.umask(0o022)
    for name in ("DATABASE_URL", "REDIS_URL", "SW_DATA", "SW_CONFIG", "SINGLEWINDOW_KEY", "SINGLEWINDOW_URL"):
        # Set and not only taken away, so that what a command changes is put back too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def ran(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["singlewindow", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    yield ran
    os.umask(before)
