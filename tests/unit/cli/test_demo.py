from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from singlewindow.cli import demo


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("/opt/bin/singlewindow", "singlewindow"),  # as the shell finds it
        (".venv/bin/singlewindow", ".venv/bin/singlewindow"),
        ("/opt/lib/singlewindow/__main__.py", "python -m singlewindow"),
    ],
)
def test_what_to_try_next_is_shown_with_the_command_that_was_called(
    monkeypatch: pytest.MonkeyPatch, called: str, shown: str
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    monkeypatch.setattr(shutil, "which", lambda _: "/opt/bin/singlewindow")
    assert demo._command_name() == shown


def test_examples_are_shown_from_the_folder_one_is_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = tmp_path / "examples" / "a.xml"
    monkeypatch.chdir(tmp_path)
    assert demo._from_here(example) == Path("examples/a.xml")
    monkeypatch.chdir("/")
    assert demo._from_here(Path("elsewhere/a.xml")) == Path("elsewhere/a.xml")
