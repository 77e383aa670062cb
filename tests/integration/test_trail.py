"""The chained trail on both databases: gapless and unforked whoever writes, and nothing of the record escapes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import OperationalError

from singlewindow.access.keyring import create_key, revoke_key, rotate_key
from singlewindow.access.keys import Caller, Role
from singlewindow.access.mandates import grant_mandate, revoke_mandate
from singlewindow.audit.chain import STREAMS
from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.audit.verify import Verdict, verify
from singlewindow.clearance.context import ClearanceContext
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.access_log import record_reading
from singlewindow.enquiries.cursors import START, Cursor, NotInStream
from singlewindow.enquiries.reconciliation import compare_with_trail
from singlewindow.storage.engine import migrate
from singlewindow.storage.engine.connect import open_engine, reading
from singlewindow.storage.tables import event
from singlewindow.storage.tables import trail as heads
from singlewindow.storage.trail import audit_chain, checkpoints, events, reconciliation
from tests.integration.conftest import Log, work
from tests.integration.lodging import one
from tests.integration.record import change, rows
from workers import dispatcher

WRITERS, EACH, LOT = 200, 2, 3
TRIES = 20
SIGNER = Signer(new_key())


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine with a connection for every writer."""
    opened = open_engine(database_url, pool_size=WRITERS)
    yield opened
    opened.dispose()


def happening(actor: str, number: int = 0) -> events.Event:
    return events.Event(number, events.Kind.PARKED, actor, None, {"number": number})


def verified(engine: Engine) -> Verdict:
    """What an auditor finds who takes a checkpoint and an export now."""
    made = audit_trail.sign_checkpoint(engine, SIGNER)
    assert made is not None
    return verify(audit_trail.export_lines(engine, audit_trail.export_contents(engine)), [made])


def test_all_that_happens_on_the_way_to_a_decision_is_chained(context: ClearanceContext) -> None:
    for number in range(3):
        one(context, f"TRAIL{number}")
    work(context)
    verdict = verified(context.engine)
    assert (verdict.findings, verdict.tail.events) == ([], 0)
    assert [(verdict.events,)] == rows(context.engine, "SELECT count(*) FROM event")


def test_two_hundred_writers_at_once_leave_no_gap_and_no_fork(engine: Engine) -> None:
    barrier = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        barrier.wait()
        for turn in range(EACH):
            write_in_the_end([happening(f"w{writer}", turn * LOT + place) for place in range(LOT)])

    def write_in_the_end(lot: list[events.Event]) -> None:
        """On a busy machine a writer may wait longer for its stream than a lock is waited for: it tries again."""
        for _ in range(TRIES):
            with suppress(OperationalError), engine.begin() as connection:
                events.record(connection, lot)
                return
        raise TimeoutError(f"no turn in {TRIES} tries")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    verdict = verified(engine)
    assert (verdict.findings, verdict.events) == ([], WRITERS * EACH * LOT)
    ends = rows(engine, "SELECT stream, count(*), max(number) FROM event GROUP BY stream")
    assert all(count == last for _, count, last in ends)
    assert len(ends) == STREAMS


def test_the_events_of_one_transaction_stand_together_in_one_stream(engine: Engine) -> None:
    with engine.begin() as connection:
        events.record(connection, [happening("first")])
        events.record(connection, [happening("second"), happening("third")])
    found = rows(engine, "SELECT stream, number, actor FROM event ORDER BY number")
    assert [row[1:] for row in found] == [(1, "first"), (2, "second"), (3, "third")]
    assert len({row[0] for row in found}) == 1


def test_a_transaction_that_is_undone_leaves_nothing_and_takes_no_number(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.begin()
        events.record(connection, [happening("undone")])
        audit_chain.append_collected(connection)
        events.record(connection, [happening("undone too")])
        connection.rollback()
    with engine.begin() as connection:
        events.record(connection, [happening("done")])
    assert rows(engine, "SELECT number, actor FROM event") == [(1, "done")]
    assert verified(engine).intact


def test_a_writer_takes_a_stream_that_nobody_holds_and_waits_where_all_are_held(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":  # one writer at a time holds all there is
        return
    with engine.connect() as holder:
        holder.execute(select(heads).where(heads.c.stream != 11).with_for_update())
        for number in range(5):
            with engine.begin() as connection:
                events.record(connection, [happening("free", number)])
        holder.execute(select(heads).with_for_update())
        last = threading.Thread(target=_write_one, args=[engine])
        last.start()
        last.join(0.3)
        assert last.is_alive()
        holder.rollback()
        last.join()
    assert {row[0] for row in rows(engine, "SELECT stream FROM event WHERE actor = 'free'")} == {11}
    assert (verified(engine).intact, len(rows(engine, "SELECT * FROM event"))) == (True, 6)


def _write_one(engine: Engine) -> None:
    with engine.begin() as connection:
        events.record(connection, [happening("waited")])


def written_by_an_older_version(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        for number in range(count):
            connection.exec_driver_sql(
                f"INSERT INTO event (at, kind, actor, detail) VALUES ({number}, 'parked', 'older', '{{}}')"
            )


def test_an_upgrade_chains_what_was_written_before_there_were_chains_and_says_so(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url, pool_size=1)
    config = migrate._alembic_config()
    config.attributes["engine"] = engine
    command.upgrade(config, "0002")
    written_by_an_older_version(engine, 5)
    migrate.upgrade(engine)
    verdict = verified(engine)
    assert (verdict.findings, verdict.events) == ([], 6)
    found = rows(engine, "SELECT kind, at FROM event ORDER BY number")
    assert [row[0] for row in found] == ["adopted", *["parked"] * 5]
    assert [row[1] for row in found[1:]] == list(range(5))
    engine.dispose()


def test_what_an_older_process_writes_beside_a_newer_is_outside_until_the_next_upgrade(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "PAGE", 4)
    _write_one(engine)
    written_by_an_older_version(engine, 10)
    _write_one(engine)
    (words,) = verified(engine).findings
    assert words.startswith("10 events are outside the chain")
    migrate.upgrade(engine)
    verdict = verified(engine)
    assert (verdict.findings, verdict.events) == ([], 12 + 3)
    assert rows(engine, "SELECT count(*) FROM event WHERE stream IS NULL") == [(0,)]


def test_an_export_is_read_in_pages_up_to_where_the_streams_ended(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "PAGE", 3)
    for _ in range(40):
        _write_one(engine)
    contents = audit_trail.export_contents(engine)
    for _ in range(10):
        _write_one(engine)
    made = audit_trail.sign_checkpoint(engine, SIGNER)
    assert made is not None
    assert verify(audit_trail.export_lines(engine, contents), [SIGNER.sign(1, 0, contents.heads, None)]).intact
    since = audit_trail.export_contents(engine, contents.heads)
    assert since.events == 10
    assert verify(audit_trail.export_lines(engine, since), [SIGNER.sign(1, 0, contents.heads, None), made]).events == 10


def test_an_event_altered_in_the_database_is_found(engine: Engine) -> None:
    for _ in range(20):
        _write_one(engine)
    made = audit_trail.sign_checkpoint(engine, SIGNER)
    assert made is not None
    change(engine, "UPDATE event SET actor = 'nobody' WHERE id = (SELECT min(id) FROM event)")
    (words,) = verify(audit_trail.export_lines(engine, audit_trail.export_contents(engine)), [made]).findings
    assert "does not follow" in words


ABOUT_ANOTHER = (
    "UPDATE event SET subject_id = 'another' WHERE kind = 'key-created'",
    "UPDATE event SET subject_kind = 'mandate' WHERE kind = 'key-created'",
    "UPDATE event SET subject_kind = NULL WHERE kind = 'key-created'",
    "UPDATE event SET subject_id = NULL WHERE kind = 'key-created'",
    "UPDATE event SET subject_kind = NULL, subject_id = NULL WHERE kind = 'key-created'",
    "UPDATE event SET version_id = (SELECT id FROM version) WHERE kind = 'key-created'",
    "UPDATE event SET subject_kind = 'key', subject_id = 'another' WHERE kind = 'lodged'",
    "UPDATE event SET subject_id = 'another' WHERE kind = 'lodged'",
    "UPDATE event SET subject_kind = 'version', subject_id = version_id, version_id = NULL WHERE kind = 'lodged'",
    "UPDATE event SET version_id = NULL WHERE kind = 'lodged'",
)


@pytest.mark.parametrize("statement", ABOUT_ANOTHER)
def test_an_event_whose_subject_was_altered_in_the_database_is_found(context: ClearanceContext, statement: str) -> None:
    one(context, "ABOUT")
    create_key(context.engine, Role.OPERATOR)
    assert verified(context.engine).intact
    change(context.engine, statement)
    assert not verified(context.engine).intact


def test_what_happened_to_a_key_or_a_mandate_and_what_was_read_is_found_by_its_subject(
    context: ClearanceContext,
) -> None:
    engine = context.engine
    key, other = create_key(engine, Role.AUDITOR), create_key(engine, Role.AUDITOR)
    mandate = grant_mandate(engine, "GB111111111111", "GB222222222222")
    record_reading(context.engine, Caller(key.key_id, Role.AUDITOR), "trail", {"mrns": ["M"]})
    rotate_key(engine, key.key_id, 60)
    revoke_key(engine, other.key_id)
    revoke_mandate(engine, mandate)
    about = [events.about_key(key.key_id), events.about_key(other.key_id), events.about_mandate(mandate)]
    with engine.connect() as connection:
        found = [[told.kind for told in events.of_subject(connection, subject)] for subject in about]
    assert found == [
        ["key-created", "read", "key-rotated"], ["key-created", "key-revoked"], ["mandate-granted", "mandate-revoked"],
    ]  # fmt: skip
    assert verified(engine).intact


def test_the_events_about_a_version_are_found_by_its_id_and_no_others(context: ClearanceContext) -> None:
    one(context, "FIRST")
    one(context, "SECOND")
    create_key(context.engine, Role.OPERATOR)
    work(context)
    with context.engine.connect() as connection:
        for version_id in connection.execute(text("SELECT id FROM version")).scalars():
            mine = events.of_subject(connection, version_id)
            assert [told.kind for told in mine] == ["lodged", "assessed", "decided"]
            assert {told.subject for told in mine} == {version_id}


def test_the_events_about_a_key_are_looked_up_in_their_index(engine: Engine) -> None:
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if not sqlite:
            connection.execute(text("SET enable_seqscan = off"))  # an empty table is read as a whole
        plan = connection.execute(
            text(
                f"EXPLAIN {'QUERY PLAN' if sqlite else ''} SELECT at FROM event"
                " WHERE subject_kind = :kind AND subject_id = :id ORDER BY id"
            ),
            {"kind": "key", "id": "k"},
        )
        assert "event_subject" in str(plan.all())


STREAM_OF_ONE = "(SELECT min(stream) FROM event)"


@pytest.mark.parametrize(
    ("stream", "number"),
    [(STREAM_OF_ONE, "-1"), (STREAM_OF_ONE, "0"), (STREAM_OF_ONE, "99"), (STREAM_OF_ONE, "NULL"), ("-1", "1"),
     (f"{STREAMS}", "1"), ("NULL", "1")],
)  # fmt: skip
def test_an_event_put_where_no_export_looks_is_found(engine: Engine, stream: str, number: str) -> None:
    for _ in range(3):
        _write_one(engine)
    assert verified(engine).intact
    change(
        engine,
        "INSERT INTO event (at, kind, actor, detail, stream, number, link)"
        f" SELECT 5, 'parked', 'nobody', detail, {stream}, {number}, link FROM event WHERE id = 1",
    )
    (words,) = verified(engine).findings
    assert words.startswith("1 events are outside the chain")


def test_dispatchers_that_sign_at_the_same_moment_make_one_checkpoint(engine: Engine) -> None:
    barrier = threading.Barrier(8)

    def sign(_: int) -> bool:
        barrier.wait()
        return audit_trail.sign_checkpoint(engine, SIGNER, after_seconds=60) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(sign, range(8))) == 1
    assert rows(engine, "SELECT number FROM checkpoint") == [(1,)]


def test_a_checkpoint_that_cannot_be_read_does_not_end_the_dispatcher(context: ClearanceContext, log: Log) -> None:
    dispatcher.seal_trail(context, SIGNER)
    with context.engine.begin() as connection:
        checkpoints.add_checkpoint(connection, checkpoints.KeptCheckpoint(99, 0, b"nonsense"))
    dispatcher.seal_trail(context, SIGNER)
    assert [line["level"] for line in log.lines() if "checkpoint" in line["message"]] == ["info", "error"]


def test_checkpoints_follow_each_other_when_they_are_due(engine: Engine) -> None:
    first = audit_trail.sign_checkpoint(engine, SIGNER, after_seconds=60)
    assert audit_trail.sign_checkpoint(engine, SIGNER, after_seconds=60) is None
    second = audit_trail.sign_checkpoint(engine, SIGNER, after_seconds=0)
    assert first is not None
    assert second is not None
    assert (second.statement.number, second.statement.previous) == (2, first.digest)
    assert audit_trail.checkpoints_after(engine, START, 10)[0] == [first, second]
    assert audit_trail.checkpoints_after(engine, Cursor(1), 10)[0] == [second]


def test_who_keeps_checkpoints_is_never_told_to_replace_them(engine: Engine) -> None:
    audit_trail.sign_checkpoint(engine, SIGNER, after_seconds=0)
    for gone in (Cursor(7), Cursor(1, "00000000")):
        with pytest.raises(NotInStream) as caught:
            audit_trail.checkpoints_after(engine, gone, 10)
        assert ("keep every line" in str(caught.value), "after=0" in str(caught.value)) == (True, False)


ALTERATIONS = (
    "UPDATE declaration SET party = 'GB000'",
    "UPDATE declaration SET mrn = '26GB06XLH4JTTHU0B0'",
    "UPDATE declaration SET lrn = 'ANOTHER'",
    "UPDATE version SET received = '<Declaration/>'",
    "UPDATE version SET canonical = '{}'",
    "UPDATE version SET routing = '[]'",
    "UPDATE version SET lodged_at = lodged_at + 1",
    "UPDATE version SET received_at = received_at - 1",
    "UPDATE assessment SET body = '{}' WHERE agency = 'customs'",
    "UPDATE assessment SET answer = 'silent' WHERE agency = 'customs'",
    "UPDATE assessment SET answered_at = answered_at + 1 WHERE agency = 'customs'",
    "UPDATE assessment SET dispatched_at = dispatched_at + 1 WHERE agency = 'customs'",
    "DELETE FROM assessment WHERE agency = 'customs'",
    "UPDATE decision SET outcome = 'inspect'",
    "UPDATE decision SET body = '{}'",
    "UPDATE decision SET fingerprint = 'x'",
    "UPDATE decision SET decided_at = decided_at + 1",
    "DELETE FROM decision",
    "DELETE FROM event WHERE kind = 'decided'",
    "DELETE FROM event WHERE kind = 'assessed'",
    "INSERT INTO late_assessment (version_id, agency, body, received_at)"
    " SELECT version_id, agency, body, 0 FROM assessment",
)


def test_a_record_that_nobody_touched_is_as_its_events_tell(context: ClearanceContext) -> None:
    one(context, "SAME1")
    one(context, "SAME2")
    work(context)
    assert list(compare_with_trail(context.engine)) == [(2, [])]


def test_whatever_is_altered_in_the_record_differs_from_its_events(context: ClearanceContext) -> None:
    one(context, "ALTER1")
    work(context)
    unseen = []
    for statement in ALTERATIONS:
        with context.engine.connect() as connection:
            connection.execute(text(statement))
            seen = _compared(context, connection)
            connection.rollback()
        unseen += [] if seen else [statement]
    assert unseen == []


def _compared(context: ClearanceContext, connection: Any) -> list[str]:
    from singlewindow.enquiries.reconciliation import _page_differences
    from singlewindow.storage.trail.reconciliation import version_ids

    return list(_page_differences(connection, version_ids(connection, 0, 10)))


def test_what_is_written_while_the_record_is_compared_is_no_difference(context: ClearanceContext) -> None:
    """Rows and events are read one after the other, and must be of one moment."""
    with reading(context.engine, together=True) as connection:
        before = reconciliation.recorded_changes(connection, reconciliation.version_ids(connection, 0, 10))
        one(context, "MEANWHILE")
        work(context)
        page = reconciliation.version_ids(connection, 0, 10)
        assert (before, page, reconciliation.stored_changes(connection, page)) == ({}, [], {})


def test_a_version_whose_declaration_was_taken_away_differs_from_its_events(context: ClearanceContext) -> None:
    one(context, "TAKEN1")
    other = create_engine(context.engine.url)
    with other.begin() as connection:
        if other.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE version DROP CONSTRAINT version_declaration_id_fkey")
        connection.exec_driver_sql("DELETE FROM declaration")
    other.dispose()
    ((_, found),) = compare_with_trail(context.engine)
    assert [words.partition(", ")[2] for words in found] == [
        "lodged: 1 in the record without an event", "lodged: 1 in an event but not in the record",
    ]  # fmt: skip


def test_a_version_without_a_row_is_found_by_its_events(engine: Engine) -> None:
    other = create_engine(engine.url)
    with other.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE event DROP CONSTRAINT event_version_id_fkey")
        connection.execute(event.insert().values(at=1, kind="decided", actor="x", version_id=77, detail=b"{}"))
    other.dispose()
    assert list(compare_with_trail(engine)) == [(1, ["version 77, decided: 1 in an event but not in the record"])]
