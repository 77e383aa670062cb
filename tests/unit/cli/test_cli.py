from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from singlewindow.cli import COMMANDS
from singlewindow.cli.failures import in_words
from tests.documents import EXAMPLES, PLAIN
from tests.unit.cli.conftest import Run

# Port 1 of this machine: nothing listens there.
DEAD = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "command",
    [
        ("lodge", EXAMPLES / PLAIN),
        ("release-times", "--from", "2026-01-01", "--to", "2026-02-01"),
    ],
)
def test_a_service_that_does_not_run_is_said_with_what_to_do(
    run: Run, command: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINGLEWINDOW_KEY", "k")
    status, _, err = run(*command, "--url", DEAD)
    assert (status, "singlewindow: The service at http://127.0.0.1:1 does not answer" in err) == (1, True)
    assert "`singlewindow up`" in err
    assert "--url" in err


@pytest.mark.parametrize("url", ["nonsense", "ftp://a", "http://[", "http://127.0.0.1:port"])
def test_an_address_that_is_none_is_said_to_be_wrong(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINGLEWINDOW_KEY", "k")
    status, _, err = run("lodge", EXAMPLES / PLAIN, "--url", url)
    assert (status, "--url" in err) == (1, True)


def test_a_key_with_foreign_characters_is_said_to_be_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINGLEWINDOW_KEY", "schl\u00fcssel")
    status, _, err = run("lodge", EXAMPLES / PLAIN, "--url", DEAD)
    assert (status, "does not hold a valid key" in err) == (1, True)


@pytest.mark.parametrize("url", ["nonsense", "sqlite", "postgresql+psycopg://u:hidden@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_reached_is_said_in_one_line_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    status, _, err = run("keys", "list")
    assert status == 1
    assert "DATABASE_URL" in err
    assert "hidden" not in err
    assert len(err.splitlines()) == 1


def test_a_queue_server_that_cannot_be_reached_is_said_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://user:hidden@127.0.0.1:1")
    status, _, err = run("worker", "--data", tmp_path)
    assert (status, "REDIS_URL" in err.splitlines()[-1], "hidden" in err) == (1, True, False)


def test_a_configuration_that_does_not_fit_is_said_without_a_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SW_CONFIG", str(tmp_path))
    status, _, err = run("up", "--data", tmp_path / "new", "--port", 0)
    assert (status, "there is no agency" in err) == (1, True)


def test_where_agencies_lists_overlap_is_shown_by_pair_and_by_element(run: Run) -> None:
    pairs, elements = run("entitlements"), run("entitlements", "--elements")
    assert (pairs.status, elements.status) == (0, 0)
    assert "plant-animal-health" in pairs.out
    assert "Declaration/Declarant/ID" in elements.out


@pytest.mark.parametrize("command", [("lodge", EXAMPLES / PLAIN), ("release-times", "--from", "x", "--to", "y")])
def test_a_key_comes_from_the_environment_or_a_file_and_never_from_the_command_line(
    run: Run, command: tuple[object, ...]
) -> None:
    assert "SINGLEWINDOW_KEY_FILE" in run(*command).err
    assert run(*command, "--key", "k").status == 2


def test_every_module_of_a_command_is_one(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert [line.split()[0] for line in out.partition("Commands:")[2].strip().splitlines()] == sorted(COMMANDS)


def test_what_is_no_command_is_said(run: Run) -> None:
    status, _, err = run("options")
    assert (status, "No such command 'options'" in err) == (2, True)


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ("web", ("rq", "xmlschema", "prompt_toolkit")),
        ("dispatch", ("flask",)),
        ("worker", ("flask",)),
        ("lodge", ("sqlalchemy",)),
    ],
)
def test_a_command_does_not_wait_for_what_only_others_need(command: str, heavy: tuple[str, ...]) -> None:
    script = f"import sys; from singlewindow.cli import group; group.get_command(None, {command!r})"
    asked = f"{script}; print(sorted(set({heavy!r}) & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "[]\n"


def test_validate_loads_nothing_but_what_it_reads_documents_with() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "singlewindow", "validate", str(EXAMPLES / PLAIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert {"click", "lxml", "msgspec", "singlewindow"} <= loaded
    assert (
        loaded & {"cel", "cryptography", "flask", "httpx", "jinja2", "rich", "rq", "sqlalchemy", "xmlschema"} == set()
    )


@pytest.mark.parametrize(
    ("number", "words", "advice"),
    [
        (errno.EACCES, "may not read or write /a/b", "Change the rights of /,"),
        (errno.EROFS, "/a/b is on a disk that can only be read", "another place"),
        (errno.EEXIST, "/a/b exists already", "another name"),
        (errno.ENOTDIR, "/a/b cannot be used", "another path"),
        (errno.EISDIR, "/a/b is a folder", "Name a file"),
        (errno.ENOENT, "There is no folder /a", "Create it"),
        (errno.ENOSPC, "The disk is full", "Free some space"),
    ],
)
def test_what_the_system_refuses_is_said_with_the_place_and_what_to_do(number: int, words: str, advice: str) -> None:
    said = in_words(OSError(number, os.strerror(number), "/a/b"))
    assert (words in said, advice in said, "Errno" in said) == (True, True, False)
