from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


@pytest.fixture
def folder(migrated_sqlite: Path, tmp_path: Path) -> Path:
    (tmp_path / "singlewindow.db").write_bytes(migrated_sqlite.read_bytes())
    return tmp_path


def test_a_key_is_shown_once_and_listed_with_its_whole_id(run: Run, folder: Path) -> None:
    text = run("keys", "create", "--data", folder, "--role", "trader", "--party", "GB1").out.strip()
    _, key_id, secret = text.split("_")
    listed = run("keys", "list", "--data", folder).out
    assert key_id in listed
    assert secret not in listed


def test_the_name_of_a_key_is_listed_as_it_was_given(run: Run, folder: Path) -> None:
    run("keys", "create", "--data", folder, "--role", "auditor", "--name", "[/red] [bold]office")
    assert "[/red] [bold]office" in run("keys", "list", "--data", folder).out


def test_a_trader_s_key_without_its_party_is_refused(run: Run, folder: Path) -> None:
    status, out, err = run("keys", "create", "--data", folder, "--role", "trader")
    assert (status, out, "--party" in err) == (1, "", True)


@pytest.mark.parametrize("code", ["nosuch", "CUSTOMS", "../customs"])
def test_a_key_for_an_agency_that_is_not_configured_is_refused_with_those_that_are(
    run: Run, folder: Path, code: str
) -> None:
    status, out, err = run("keys", "create", "--data", folder, "--role", "agency", "--agency", code)
    assert (status, out) == (1, "")
    assert all(known in err for known in (code, "customs", "firearms"))


def test_an_agency_that_is_configured_gets_its_key(run: Run, folder: Path) -> None:
    status, out, _ = run("keys", "create", "--data", folder, "--role", "agency", "--agency", "customs")
    assert (status, out[:3]) == (0, "sw_")


@pytest.mark.parametrize("command", [("list",), ("create", "--role", "auditor"), ("revoke", "abc")])
def test_keys_of_a_folder_without_a_database_are_refused_and_none_is_made(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    status, _, err = run("keys", *command, "--data", tmp_path)
    assert (status, "`singlewindow db upgrade`" in err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_the_tables_of_this_version_is_said_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "singlewindow.db").touch()
    status, _, err = run("keys", "list", "--data", tmp_path)
    assert (status, "`singlewindow db upgrade`" in err) == (1, True)


def test_a_key_that_does_not_live_cannot_be_revoked(run: Run, folder: Path) -> None:
    status, _, err = run("keys", "revoke", "abc", "--data", folder)
    assert (status, "`singlewindow keys list`" in err) == (1, True)


def test_a_key_can_be_narrowed_and_rotated(run: Run, folder: Path) -> None:
    create = ("keys", "create", "--data", folder, "--role", "trader", "--party", "GB1")
    key_id = run(*create, "--scope", "read", "--days", "30").out.split("_")[1]
    successor = run("keys", "rotate", "--data", folder, key_id, "--overlap-hours", "1").out.split("_")[1]
    listed = run("keys", "list", "--data", folder).out
    assert key_id in listed
    assert successor in listed
    status, _, err = run("keys", "rotate", "--data", folder, "nosuch")
    assert (status, "`singlewindow keys list`" in err) == (1, True)


def test_a_scope_that_the_role_does_not_have_is_refused_with_those_it_has(run: Run, folder: Path) -> None:
    status, out, err = run("keys", "create", "--data", folder, "--role", "auditor", "--scope", "lodge")
    assert (status, out, "read, release-times" in err) == (1, "", True)


def test_a_mandate_is_granted_listed_and_revoked(run: Run, folder: Path) -> None:
    given = ("--broker", "BROKER1", "--party", "GB1", "--to", "2099-01-31")
    number = run("mandates", "grant", "--data", folder, *given).out.strip()
    listed = run("mandates", "list", "--data", folder).out
    assert all(word in listed for word in (number, "BROKER1", "2099-01-31"))
    assert run("mandates", "revoke", "--data", folder, number).status == 0
    status, _, err = run("mandates", "revoke", "--data", folder, number)
    assert (status, "`singlewindow mandates list`" in err) == (1, True)
