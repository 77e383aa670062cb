"""The way of the operator and of the auditor through `singlewindow audit`, each in a folder of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


@pytest.fixture
def folder(migrated_sqlite: Path, tmp_path: Path) -> Path:
    (tmp_path / "singlewindow.db").write_bytes(migrated_sqlite.read_bytes())
    return tmp_path


@pytest.fixture
def public(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public key of a fresh private one, which the settings name."""
    made = run("audit", "keygen", folder / "key.pem")
    monkeypatch.setenv("SW_AUDIT_KEY_FILE", str(folder / "key.pem"))
    return made.out.strip()


def happen(run: Run, folder: Path, count: int) -> None:
    for _ in range(count):
        assert run("keys", "create", "--data", folder, "--role", "auditor").status == 0


def keep(run: Run, folder: Path, name: str = "kept") -> Path:
    kept = folder / name
    with kept.open("a") as file:
        file.write(run("audit", "checkpoint", "--data", folder).out)
    return kept


def export(run: Run, folder: Path, name: str = "trail", *options: object) -> Path:
    assert run("audit", "export", folder / name, "--data", folder, *options).status == 0
    return folder / name


def test_a_record_that_nobody_touched_is_intact_and_its_tail_is_told(run: Run, folder: Path, public: str) -> None:
    happen(run, folder, 3)
    kept = keep(run, folder)
    happen(run, folder, 2)
    file = export(run, folder)
    (folder / "singlewindow.db").unlink()  # the auditor has no database
    status, out, _ = run("audit", "verify", file, "--checkpoint", kept, "--key", public)
    assert status == 0
    assert "INTACT: 3 events are unchanged since checkpoint 1" in out
    assert "NOT COVERED: 2 events" in out
    assert "ALTERED" not in out


def test_a_record_that_was_altered_and_chained_again_is_found_out(run: Run, folder: Path, public: str) -> None:
    happen(run, folder, 3)
    kept = keep(run, folder)
    other = folder / "other"
    other.mkdir()
    (other / "singlewindow.db").write_bytes((folder / "singlewindow.db").read_bytes())
    with closing(sqlite3.connect(other / "singlewindow.db")) as connection, connection:
        connection.execute("DELETE FROM event")
        connection.execute("UPDATE trail SET number = 0, link = ?", [bytes(32)])
    happen(run, other, 3)
    status, out, _ = run("audit", "verify", export(run, other), "--checkpoint", kept, "--key", public)
    assert status == 1
    assert "ALTERED" in out
    assert "INTACT" not in out


def test_only_what_came_after_a_checkpoint_is_exported_and_checked_where_that_is_asked(
    run: Run, folder: Path, public: str
) -> None:
    happen(run, folder, 3)
    kept = keep(run, folder)
    happen(run, folder, 2)
    file = export(run, folder, "part", "--after", kept)
    keep(run, folder)
    out = run("audit", "verify", file, "--checkpoint", kept).out
    assert "INTACT: 2 events are unchanged since checkpoint 2" in out
    assert f"signed with {public}" in out


def test_files_that_came_through_windows_are_intact_and_it_is_said(run: Run, folder: Path, public: str) -> None:
    happen(run, folder, 3)
    kept, file = keep(run, folder), export(run, folder)
    for path in (kept, file):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    status, out, _ = run("audit", "verify", file, "--checkpoint", kept, "--key", f"\ufeff{public.upper()}\r\n")
    assert (status, "INTACT: 3 events" in out, "ALTERED" in out) == (0, True, False)
    for path in (kept, file):
        assert f"NOTE: {path} has a byte order mark and Windows line ends (CRLF)" in out
    part = export(run, folder, "part", "--after", kept)
    assert run("audit", "verify", part, "--checkpoint", kept).status == 0


@pytest.mark.parametrize("which", ["trail", "kept"])
def test_a_file_in_utf_16_is_never_called_altered(run: Run, folder: Path, public: str, which: str) -> None:
    happen(run, folder, 3)
    kept, file = keep(run, folder), export(run, folder)
    path = folder / which
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    status, out, err = run("audit", "verify", file, "--checkpoint", kept, "--key", public)
    assert (status, out.count("ALTERED"), "is in UTF-16" in err, "Traceback" in err) == (1, 0, True, False)


@pytest.mark.parametrize("key", ["", "c17b", "zz" * 32, "kept.txt"])
def test_what_is_no_public_key_is_said_before_a_checkpoint_is_blamed(
    run: Run, folder: Path, public: str, key: str
) -> None:
    kept, file = keep(run, folder), export(run, folder)
    status, _, err = run("audit", "verify", file, "--checkpoint", kept, "--key", key)
    assert (status, "--key takes a public key" in err) == (1, True)


def test_a_private_key_s_file_may_come_through_windows(
    run: Run, folder: Path, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (folder / "key.pem").read_bytes()
    (folder / "key.pem").write_bytes(b"\xef\xbb\xbf" + made.replace(b"\n", b"\r\n"))
    assert public in keep(run, folder).read_text()
    (folder / "key.pem").write_text(made.decode(), encoding="utf-16")
    status, out, err = run("audit", "checkpoint", "--data", folder)
    assert (status, out, "The file that SW_AUDIT_KEY_FILE names is in UTF-16" in err) == (1, "", True)


@pytest.mark.parametrize("after", ["9", "9-01234567", "1-01234567"])
def test_checkpoints_after_one_that_there_is_not_are_refused_in_words(
    run: Run, folder: Path, public: str, after: str
) -> None:
    keep(run, folder)
    status, out, err = run("audit", "checkpoints", "--data", folder, "--after", after)
    assert (status, out, "its newest is number 1" in err) == (1, "", True)
    assert run("audit", "checkpoints", "--data", folder, "--after", "1").out == ""


def test_checkpoints_are_listed_as_they_were_made(run: Run, folder: Path, public: str) -> None:
    kept = [keep(run, folder).read_text() for _ in range(3)][-1]
    assert run("audit", "checkpoints", "--data", folder).out == kept
    assert run("audit", "checkpoints", "--data", folder, "--after", "2").out == kept.splitlines(keepends=True)[2]


def test_a_checkpoint_of_another_key_is_refused(run: Run, folder: Path, public: str) -> None:
    kept, file = keep(run, folder), export(run, folder)
    status, _, err = run("audit", "verify", file, "--checkpoint", kept, "--key", "00" * 32)
    assert (status, "which was not given" in err, public in err) == (1, True, True)


def test_without_a_key_no_checkpoint_is_made(run: Run, folder: Path) -> None:
    status, out, err = run("audit", "checkpoint", "--data", folder)
    assert (status, out, "`singlewindow audit keygen`" in err) == (1, "", True)


def test_a_private_key_is_for_its_owner_only_and_never_overwritten(run: Run, folder: Path, public: str) -> None:
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(public)) == 32
    status, _, err = run("audit", "keygen", folder / "key.pem")
    assert (status, "exists already" in err) == (1, True)


def test_an_export_never_overwrites_and_is_for_its_owner_only(run: Run, folder: Path) -> None:
    file = export(run, folder)
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("audit", "export", file, "--data", folder).status == 1


def test_what_is_no_export_is_said_in_a_sentence(run: Run, folder: Path, public: str) -> None:
    status, _, err = run("audit", "verify", folder / "key.pem", "--checkpoint", keep(run, folder))
    assert (status, "not an export of the audit trail" in err, "Traceback" in err) == (1, True, False)


def test_a_record_is_compared_with_its_trail(run: Run, folder: Path) -> None:
    assert run("audit", "compare", "--data", folder).out == "0 versions agree with their events.\n"
    with closing(sqlite3.connect(folder / "singlewindow.db")) as connection, connection:
        connection.execute(
            "INSERT INTO event (at, kind, actor, version_id, detail) VALUES (1, 'decided', 'x', 7, '{}')"
        )
    status, out, err = run("audit", "compare", "--data", folder)
    assert (status, "DIFFERENT: version 7" in out, "1 differences in 1 versions" in err) == (1, True, True)


def test_rights_are_given_on_postgresql_only(run: Run, folder: Path) -> None:
    status, _, err = run("db", "grants", "service", "--data", folder)
    assert (status, "Only PostgreSQL has roles" in err) == (1, True)


def test_an_export_onto_a_file_that_is_there_is_refused_in_words(run: Run, folder: Path) -> None:
    (folder / "there").write_text("mine", encoding="utf-8")
    status, _, err = run("audit", "export", folder / "there", "--data", folder)
    assert (status, f"{folder / 'there'} exists already" in err, "another name" in err) == (1, True, True)
    assert (folder / "there").read_text(encoding="utf-8") == "mine"
