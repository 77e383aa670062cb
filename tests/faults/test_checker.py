"""The checker must be able to fail: each invariant is shown a record that breaks it, and a log that contradicts it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from singlewindow.bootstrap.context import open_context
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.dispatch import make_batches
from singlewindow.settings import load_settings
from tests.documents import DECLARANT, original
from tests.faults.harness.checker import INVARIANTS, check
from tests.faults.harness.client import Answer, Log, Sending
from tests.integration.lodging import one

PARTY = DECLARANT
LRNS = ("CHECK1", "CHECK2", "CHECK3")


class Quiet:
    """A record in which all is well, in a file to damage, with the log of the client that filled it."""

    def __init__(self, url: str) -> None:
        self.url, self.path, self.log = url, Path(url.removeprefix("sqlite:///")), Log()

    def damage(self, *statements: str) -> None:
        """Change the record as the product never would, every constraint off."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for table in ("declaration", "decision", "notice", "assessment"):
                connection.execute(f"CREATE TABLE free_{table} AS SELECT * FROM {table}")
                connection.execute(f"DROP TABLE {table}")
                connection.execute(f"ALTER TABLE free_{table} RENAME TO {table}")
            for statement in statements:
                connection.execute(statement)

    def answer(self, lrn: str, status: int = 202, mrn: str | None = None, content: bytes | None = None) -> None:
        """Write an answer into the client's log."""
        sending = Sending(PARTY, lrn, content or original(lrn))
        self.log.add(Answer(sending, 0.0, 0.1, status, {"mrn": mrn}))

    def wrong(self) -> set[str]:
        """The invariants that the checker finds broken."""
        return {words.split(":")[0] for words in check(self.url, self.log, deadline=1.0)}


@pytest.fixture(scope="module")
def filled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file with decided declarations, and the MRN of each LRN."""
    path = tmp_path_factory.mktemp("checker") / "filled.sqlite"
    _copy(migrated_sqlite, path)
    context = open_context(load_settings({"DATABASE_URL": f"sqlite:///{path}"}))
    receipts = [one(context, lrn) for lrn in LRNS]
    while batches := make_batches(context):
        for batch in batches:
            assess_batches(context, batch.id)
    context.engine.dispose()
    return path, {receipt.lrn: receipt.mrn for receipt in receipts}


@pytest.fixture
def quiet(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> Quiet:
    """A copy of it for each test."""
    path, mrns = filled
    copy = tmp_path / "quiet.sqlite"
    _copy(path, copy)
    made = Quiet(f"sqlite:///{copy}")
    for lrn, mrn in mrns.items():
        made.answer(lrn, 202, mrn)
    return made


def _copy(original_path: Path, copy: Path) -> None:
    with closing(sqlite3.connect(original_path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


FIRST = "(SELECT id FROM version ORDER BY id LIMIT 1)"
DAMAGES = {
    "accepted is stored": (
        "UPDATE declaration SET mrn = 'another' WHERE lrn = 'CHECK1'",
        "UPDATE version SET received_sha256 = x'00' WHERE id = " + FIRST,
        "DELETE FROM decision WHERE version_id = " + FIRST,
        "DELETE FROM declaration WHERE lrn = 'CHECK1'",
    ),
    "one declaration per reference": (
        "INSERT INTO declaration SELECT id + 1, 'second', party, lrn, type_code, country, lodged_at"
        " FROM declaration LIMIT 1",
    ),
    "one decision each": (
        "INSERT INTO decision SELECT * FROM decision LIMIT 1",
        "DELETE FROM decision WHERE version_id = " + FIRST,
        "INSERT INTO event (at, kind, actor, version_id, detail)"
        " SELECT at, kind, actor, version_id, detail FROM event WHERE kind = 'decided' LIMIT 1",
        "UPDATE version SET decided_at = NULL WHERE id = " + FIRST,
        "UPDATE decision SET version_id = 1 WHERE version_id = " + FIRST,
    ),
    "released by all": (
        "DELETE FROM assessment WHERE version_id = " + FIRST,
        "UPDATE assessment SET answer = 'silent' WHERE version_id = " + FIRST,
    ),
    "nothing is partial": (
        "DELETE FROM version WHERE id = " + FIRST,
        "DELETE FROM event WHERE kind = 'lodged'",
        "DELETE FROM notice WHERE function_code = '01'",
        "DELETE FROM assessment",
        "INSERT INTO assessment SELECT * FROM assessment LIMIT 1",
        "INSERT INTO outbox (version_id, agency, asked_at, due_at, deadline_at)"
        " SELECT version_id, agency, 0, 0, 0 FROM assessment LIMIT 1",
    ),
    "numbers without gaps": (
        "UPDATE notice SET number = 99 WHERE number = 2",
        "UPDATE notice SET number = 1 WHERE number = 2",
        "UPDATE stream SET last_number = 99 WHERE name LIKE 'notice/%'",
        "UPDATE feed SET number = 99 WHERE number = 2",
    ),
    "told once": (
        "DELETE FROM notice WHERE function_code <> '01'",
        "INSERT INTO notice (party, number, version_id, function_code, reference, issued_at)"
        " SELECT party, number + 50, version_id, function_code, reference, issued_at FROM notice",
        "INSERT INTO notice (party, number, version_id, function_code, reference, issued_at, decision_number)"
        " SELECT party, number + 50, version_id, '05', reference, issued_at, 0 FROM notice",
        "DELETE FROM feed WHERE kind = 'decided'",
        "DELETE FROM feed WHERE kind = 'asked'",
    ),
    "one event per change": (
        "DELETE FROM event WHERE kind = 'assessed'",
        "UPDATE event SET kind = 'unanswered' WHERE kind = 'assessed'",
    ),
    "chain holds": (
        "UPDATE event SET actor = 'nobody' WHERE id = (SELECT min(id) FROM event)",
        "UPDATE event SET detail = '{}' WHERE kind = 'decided'",
        "UPDATE event SET link = x'00' WHERE id = (SELECT max(id) FROM event)",
        "UPDATE event SET stream = NULL WHERE id = (SELECT max(id) FROM event)",
        "UPDATE event SET stream = 99 WHERE id = (SELECT max(id) FROM event)",
        "DELETE FROM event WHERE id = (SELECT max(id) FROM event)",
        "INSERT INTO event (at, kind, actor, detail) VALUES (0, 'parked', 'nobody', '{}')",
        "UPDATE trail SET number = number + 1",
    ),
    "decisions follow": (
        "UPDATE decision SET outcome = 'inspect'",
        "UPDATE decision SET fingerprint = 'x'",
        "UPDATE assessment SET body = replace(CAST(body AS TEXT), 'green', 'red')",
    ),
    "nothing is open": (
        "INSERT INTO outbox (version_id, agency, asked_at, due_at, deadline_at)"
        " SELECT version_id, 'customs', 0, 0, 0 FROM assessment LIMIT 1",
        "INSERT INTO batch (id, agency, created_at, lease_until) VALUES (1, 'customs', 0, 0)",
    ),
    "times run forward": (
        "UPDATE assessment SET answered_at = asked_at - 1",
        "UPDATE version SET decided_at = lodged_at - 1",
        "UPDATE version SET received_at = lodged_at + 1",
    ),
    "decided in time": ("UPDATE version SET decided_at = lodged_at + 100 * 1000000",),
}


def test_a_record_in_which_all_is_well_has_nothing_wrong(quiet: Quiet) -> None:
    assert quiet.wrong() == set()


def test_every_invariant_is_shown_a_record_that_breaks_it() -> None:
    assert INVARIANTS.keys() | {"decided in time"} == DAMAGES.keys()


@pytest.mark.parametrize(
    ("invariant", "statement"), [(name, one) for name, several in DAMAGES.items() for one in several]
)
def test_a_damaged_record_is_found_out(quiet: Quiet, invariant: str, statement: str) -> None:
    quiet.damage(statement)
    assert invariant in quiet.wrong()


def test_an_answer_that_nobody_stored_is_found_out(quiet: Quiet) -> None:
    quiet.answer("NEVER", 202, "26GB0000000000000")
    assert quiet.wrong() == {"accepted is stored"}


def test_bytes_that_nobody_sent_are_found_out(quiet: Quiet) -> None:
    quiet.log = _with_content(quiet.log, b"<Declaration/>")
    assert quiet.wrong() == {"accepted is stored"}


def test_two_answers_with_different_numbers_are_found_out(quiet: Quiet) -> None:
    quiet.answer("CHECK1", 409, "another")
    assert quiet.wrong() == {"one declaration per reference"}


def test_content_in_the_queue_is_found_out(quiet: Quiet, queue_url: str) -> None:
    with closing(redis.Redis.from_url(queue_url)) as client:
        client.hset("rq:job:batch-1", mapping={"data": b"... <Declaration> ..."})
        client.rpush("rq:queue:assess", "CHECK1")
        client.set("innocent", "batch-17")
    found = check(quiet.url, quiet.log, queue_url)
    assert {words.split(":")[0] for words in found} == {"no content in the queue"}
    assert len(found) == 2


def test_content_in_a_log_is_found_out(quiet: Quiet, tmp_path: Path) -> None:
    (tmp_path / "web-1.log").write_text("failed on <Declaration>\n")
    assert [words.split(":")[0] for words in check(quiet.url, quiet.log, logs=tmp_path)] == ["no content in logs"]


def _with_content(log: Log, content: bytes) -> Log:
    changed = Log()
    for answer in log.answers():
        changed.add(replace(answer, sending=replace(answer.sending, content=content)))
    return changed
