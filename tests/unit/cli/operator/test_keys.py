from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.agency_folders import CUSTOMS, profile, write
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


@pytest.fixture
def two_agencies(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Customs and firearms alone: all that ships takes a second to load, and only the codes matter here."""
    agencies = write(tmp_path / "config")
    write(tmp_path / "config", agency=CUSTOMS.replace("FA-R1", "CU-R1"), profiles=profile("CU-001"))
    monkeypatch.setenv("SW_CONFIG", str(agencies.parent))


@pytest.mark.usefixtures("two_agencies")
@pytest.mark.parametrize("code", ["nosuch", "CUSTOM", "../customs", "cust oms", "customs,firearms"])
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
    given = ("--broker", "broker1", "--party", " GB1 ", "--to", "2099-01-31")
    number = run("mandates", "grant", "--data", folder, *given).out.strip()
    listed = run("mandates", "list", "--data", folder).out
    assert all(word in listed for word in (number, "BROKER1", "GB1", "2099-01-31"))
    assert run("mandates", "revoke", "--data", folder, number).status == 0
    status, _, err = run("mandates", "revoke", "--data", folder, number)
    assert (status, "`singlewindow mandates list`" in err) == (1, True)


def test_a_mandate_of_identifiers_without_a_key_is_recorded_and_warned_of(run: Run, folder: Path) -> None:
    run("keys", "create", "--data", folder, "--role", "broker", "--party", "B1")
    given = ("--broker", "b1", "--party", "GB1")
    status, out, err = run("mandates", "grant", "--data", folder, *given, "--to", "2099-01-31")
    assert (status, out.strip().isdigit()) == (0, True)
    assert "Broker B1 may act for GB1, to the end of 2099-01-31." in err
    assert ("no trader key for GB1" in err, "no broker key" in err) == (True, False)
    run("keys", "create", "--data", folder, "--role", "trader", "--party", "GB1")
    assert "Warning" not in run("mandates", "grant", "--data", folder, *given).err


@pytest.mark.parametrize("typed", ["gb123456789000", " GB123456789000", "GB123456789000\t", "Gb123456789000\u00a0"])
def test_a_party_is_stored_in_the_form_in_which_it_is_compared(run: Run, folder: Path, typed: str) -> None:
    assert run("keys", "create", "--data", folder, "--role", "trader", "--party", typed).status == 0
    assert " GB123456789000 " in run("keys", "list", "--data", folder).out


@pytest.mark.parametrize(
    "typed", ["GB 1", "", " ", "G\u0412123", "GB1\u200b", "GB1;GB2", "\uff27\uff221", "GB1234567890123456", "-GB1"]
)
@pytest.mark.parametrize(
    "command",
    [
        ("keys", "create", "--role", "trader", "--party"),
        ("keys", "create", "--role", "broker", "--party"),
        ("mandates", "grant", "--broker", "BROKER1", "--party"),
        ("mandates", "grant", "--party", "GB1", "--broker"),
    ],
    ids=" ".join,
)
def test_what_no_declaration_could_name_gets_no_key_and_no_mandate(
    run: Run, folder: Path, command: tuple[str, ...], typed: str
) -> None:
    status, out, err = run(*command, typed, "--data", folder)
    assert (status, out) == (1, "")
    assert ascii(typed) in err or "needs its party" in err
    assert "GB" not in run("keys", "list", "--data", folder).out + run("mandates", "list", "--data", folder).out


@pytest.mark.usefixtures("two_agencies")
@pytest.mark.parametrize("typed", ["CUSTOMS", " customs", "Customs\t"])
def test_an_agency_is_found_however_its_code_is_typed(run: Run, folder: Path, typed: str) -> None:
    assert run("keys", "create", "--data", folder, "--role", "agency", "--agency", typed).status == 0
    assert " customs " in run("keys", "list", "--data", folder).out


def test_the_last_day_of_a_mandate_counts_to_its_end(run: Run, folder: Path) -> None:
    days = {"first": ("--from", "2099-01-31", "--to", "2099-01-31"), "end": ("--to", "9999-12-31")}
    for given in days.values():
        granted = run("mandates", "grant", "--data", folder, "--broker", "B1", "--party", "GB1", *given)
        assert granted.status == 0, granted.err
    with sqlite3.connect(folder / "singlewindow.db") as connection:
        spans = connection.execute("SELECT valid_from, valid_to FROM mandate ORDER BY id").fetchall()
    assert spans[0][1] - spans[0][0] == 86_400_000_000
    listed = run("mandates", "list", "--data", folder).out
    assert "2099-01-31 " in listed
    assert "9999-12-31" in listed
    assert "2099-02-01" not in listed


def test_a_mandate_whose_last_day_is_over_or_before_its_first_is_refused(run: Run, folder: Path) -> None:
    for given in (("--to", "2020-01-31"), ("--from", "2099-02-01", "--to", "2099-01-31")):
        status, out, err = run("mandates", "grant", "--data", folder, "--broker", "B1", "--party", "GB1", *given)
        assert (status, out, "end before it begins" in err) == (1, "", True)


def test_nobody_needs_a_mandate_for_itself(run: Run, folder: Path) -> None:
    status, _, err = run("mandates", "grant", "--data", folder, "--broker", "gb1", "--party", "GB1")
    assert (status, "needs no mandate" in err) == (1, True)


def test_all_that_commands_cause_has_one_actor(run: Run, folder: Path) -> None:
    key_id = run("keys", "create", "--data", folder, "--role", "auditor").out.split("_")[1]
    run("keys", "rotate", "--data", folder, key_id)
    run("keys", "revoke", "--data", folder, key_id)
    number = run("mandates", "grant", "--data", folder, "--broker", "B1", "--party", "GB1").out.strip()
    run("mandates", "revoke", "--data", folder, number)
    with sqlite3.connect(folder / "singlewindow.db") as connection:
        told = connection.execute("SELECT kind, actor FROM event ORDER BY id").fetchall()
    kinds = ("key-created", "key-rotated", "key-revoked", "mandate-granted", "mandate-revoked")
    assert told == [(kind, "operator:cli") for kind in kinds]
