"""An upgrade loses nothing and stops nobody: what earlier releases left is there, reads right, and is worked off.

Rows are put in as those releases left them, into tables as their migrations made them (`tests/records`); an old process
goes on working by its own SQL while the tables change, and after (`old_release`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, make_url, text

from adapters.registry import build_adapters
from singlewindow.access.keyring import list_keys
from singlewindow.access.keys import Caller as KeyHolder
from singlewindow.access.keys import Role, new_key
from singlewindow.access.mandates import list_mandates
from singlewindow.agencies.question_names import question_name
from singlewindow.audit.checkpoint import Signer, read_checkpoints
from singlewindow.audit.checkpoint import new_key as new_audit_key
from singlewindow.audit.verify import Verdict, verify
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.ask_again import Round, ask_again
from singlewindow.clearance.deciding.dispatch import take_back
from singlewindow.clearance.deciding.late_answers import Receipt
from singlewindow.clearance.deciding.respond import respond
from singlewindow.clearance.deciding.retry_parked import Choice, retry
from singlewindow.clearance.life.cancel import cancel
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.clearance.life.requests import Kind, RequestMade
from singlewindow.clearance.lodging.store import Message
from singlewindow.declarations.reading.message import Media
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.reconciliation import compare_with_trail
from singlewindow.life_cycle.machine import State
from singlewindow.storage import declarations
from singlewindow.storage.engine import migrate as migrations
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.migrate import migrate
from singlewindow.storage.engine.revision import is_current
from singlewindow.storage.trail import events
from tests import servers
from tests.conftest import ENGINES, copy_file
from tests.integration.conftest import Caller, Callers, body_of, work
from tests.integration.lodging import one
from tests.integration.old_release import OldProcess, answer_late, decide_all, insert, lodge, old_engine
from tests.integration.record import rows
from tests.integration.test_life import codes, lodge_in_advance, pass_days, state_of
from tests.integration.test_remote_agencies import GREEN_BODY, as_remote
from tests.records import CHECKPOINTS, EXPORT, record_at

TRADER = "GB381940275618"
AWAITED = "transport-security"
KEY = new_key()
SIGNER = Signer(new_audit_key())
MOVES_ON = {"trail": {"number", "link"}}


@pytest.fixture(params=["0001", "0009"])
def revision(request: pytest.FixtureRequest) -> str:
    """The tables that the database has been left at."""
    return str(request.param)


Releases = Callable[[str, str], str]


@pytest.fixture(scope="session")
def releases(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    """Databases to copy from, by engine and revision, as earlier releases left them; each is made when asked for."""
    with ExitStack() as stack:

        @cache
        def made(engine: str, revision: str) -> str:
            if engine == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('left') / 'left.sqlite'}"
            else:
                url = stack.enter_context(servers.database(postgres_url))
            leave(url, revision)
            return url

        yield made


@pytest.fixture(params=ENGINES)
def left(revision: str, releases: Releases, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database as an earlier release left it, once on each engine."""
    made = releases(request.param, revision)
    if request.param == "sqlite":
        yield copy_file(Path(str(make_url(made).database)), tmp_path / "left.sqlite")
        return
    with servers.database(request.getfixturevalue("postgres_url"), str(make_url(made).database)) as url:
        yield url


@pytest.fixture
def database_url(left: str) -> str:
    """The same, upgraded: what today's code works with here."""
    migrate(left)
    return left


def leave(database_url: str, revision: str) -> None:
    """Make the tables of a revision, and fill them; a trader's key, too, and an event that stands in no chain."""
    engine = open_engine(database_url, pool_size=1)
    config = migrations._alembic_config()
    config.attributes["engine"] = engine
    command.upgrade(config, revision)
    with engine.begin() as connection:
        if revision != "0001":
            connection.execute(text("DELETE FROM trail"))  # the empty heads that the migration makes
        for table, rows in expected(revision).items():
            insert(connection, table, rows)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('event_id_seq', (SELECT max(id) FROM event))"))
        insert(connection, "event", [{"at": 1, "kind": "parked", "actor": "system", "detail": b"{}"}])
    engine.dispose()


def expected(revision: str) -> dict[str, list[dict[str, Any]]]:
    """What is put in, and must be found."""
    record = record_at(revision)
    record["principal"].append({
        "key_id": KEY.key_id, "secret_sha256": KEY.secret_sha256, "name": "", "role": "trader", "party": TRADER,
        "created_at": 1,
    })  # fmt: skip
    return record


def mrn_of(engine: Engine, lrn: str) -> str:
    return str(rows(engine, f"SELECT mrn FROM declaration WHERE lrn = '{lrn}'")[0][0])


def version_of(engine: Engine, lrn: str) -> int:
    query = f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE lrn = '{lrn}'"
    return int(rows(engine, query)[0][0])


def verified(engine: Engine) -> Verdict:
    """What an auditor finds who takes a checkpoint and an export now, and kept all that were made."""
    made = audit_trail.sign_checkpoint(engine, SIGNER)
    assert made is not None
    kept = [*read_checkpoints((row[0] for row in rows(engine, "SELECT line FROM checkpoint")), ())]
    return verify(audit_trail.export_lines(engine, audit_trail.export_contents(engine)), kept)


def differences(engine: Engine) -> list[str]:
    return [words for _, found in compare_with_trail(engine) for words in found]


def test_every_row_is_there_as_it_was(context: ClearanceContext, revision: str) -> None:
    assert is_current(context.engine)
    for table, before in expected(revision).items():
        for row in before:
            assert _stands(context.engine, table, row), (table, row)
        more = 2 if table == "event" else 0  # the one outside every chain, and the one that says it was taken in
        assert rows(context.engine, f"SELECT count(*) FROM {table}") == [(len(before) + more,)], table


def _stands(engine: Engine, table: str, row: dict[str, Any]) -> bool:
    """Whether exactly one row has these values, but for what moves on when an event is chained."""
    names = row.keys() - MOVES_ON.get(table, set())
    same = " AND ".join(f"{name} IS NULL" if row[name] is None else f"{name} = :{name}" for name in names)
    with engine.connect() as connection:
        return bool(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {same}"), row).scalar() == 1)


def test_the_trail_and_the_record_are_whole(context: ClearanceContext, revision: str) -> None:
    verdict = verified(context.engine)
    assert (verdict.findings, verdict.tail.events) == ([], 0)
    assert rows(context.engine, "SELECT count(*) FROM event WHERE stream IS NULL") == [(0,)]
    adopted = len(record_at(revision)["event"]) + 1 if revision == "0001" else 1
    ((detail,),) = rows(context.engine, "SELECT detail FROM event WHERE kind = 'adopted'")
    assert detail == b'{"events":%d}' % adopted
    assert differences(context.engine) == []


def test_what_was_done_before_reads_right(context: ClearanceContext, callers: Callers, revision: str) -> None:
    engine, auditor = context.engine, callers.auditor()
    trader = Caller(auditor.app, KEY.text, TRADER)
    for row in record_at(revision)["declaration"]:
        path, decided = f"/v1/declarations/{row['mrn']}", row["lrn"] in {"DECIDED", "LATE"}
        for reader in (trader, auditor):
            status = body_of(reader.get(path))
            assert (status["mrn"], status["lrn"], status["decided_at"] is not None) == (row["mrn"], row["lrn"], decided)
            assert body_of(reader.get(f"{path}/decision")).get("outcome") == ("inspect" if decided else None)
        assert trader.get(f"{path}/document").status_code == 200
    assert len(body_of(trader.get("/v1/declarations"))["declarations"]) == 5
    notices = body_of(trader.get("/v1/notices?after=0"))
    assert len(notices["notices"]) == len(record_at(revision)["notice"])
    assert len(list_keys(engine)) == len(record_at(revision)["principal"]) + 2
    assert len(list_mandates(engine)) == len(record_at(revision).get("mandate", []))
    with engine.connect() as connection:
        kinds = [each.kind for each in events.of_subject(connection, version_of(engine, "LATE"))]
    assert kinds == ["lodged", *["unanswered"] * 3, "decided", "late"]


def test_open_work_is_asked_answered_and_decided(context: ClearanceContext) -> None:
    engine, everyone = context.engine, _with_awaited(context)
    assert take_back(everyone) == 2  # the dispatcher and the worker of before are gone
    assert retry(engine, Choice()) == 1
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = asked_at"))  # the pause after a failure is over
    mixed = question_name(version_of(engine, "MIXED"))
    assert isinstance(respond(everyone, AWAITED, mixed, GREEN_BODY), Receipt)
    assert work(context) == 3 + 3 + 1
    assert rows(engine, "SELECT * FROM outbox") == rows(engine, "SELECT * FROM batch") == []
    undecided = "FROM version LEFT JOIN decision ON version_id = id WHERE outcome IS NULL OR version.decided_at IS NULL"
    assert rows(engine, f"SELECT id {undecided}") == []
    assert rows(engine, "SELECT count(*) FROM assessment") == [(5 * 3,)]
    assert (verified(engine).findings, differences(engine)) == ([], [])


def _with_awaited(context: ClearanceContext) -> ClearanceContext:
    """The same, with an agency that answers by itself."""
    remote = as_remote(context.agencies[AWAITED], "http://127.0.0.1:9")
    agencies = {**context.agencies, AWAITED: remote}
    return replace(context, agencies=agencies, adapters=build_adapters(agencies, secrets=lambda _: "key"))


def test_an_answer_after_the_deadline_is_late_today_as_it_was(context: ClearanceContext) -> None:
    everyone, late = _with_awaited(context), question_name(version_of(context.engine, "LATE"))
    first = respond(everyone, AWAITED, late, GREEN_BODY)
    assert isinstance(first, Receipt)
    assert (first.late, respond(everyone, AWAITED, late, GREEN_BODY)) == (True, first)
    assert (verified(context.engine).findings, differences(context.engine)) == ([], [])


@pytest.mark.parametrize("revision", ["0009"])
def test_an_export_of_before_and_one_of_today_are_of_one_trail(context: ClearanceContext, callers: Callers) -> None:
    callers.operator()
    work(context)
    before = EXPORT.read_bytes().splitlines(keepends=True)
    kept = read_checkpoints(CHECKPOINTS.read_bytes().splitlines(), ())
    made = audit_trail.sign_checkpoint(context.engine, SIGNER)
    assert made is not None
    assert verify(before, kept).intact
    today = [*audit_trail.export_lines(context.engine, audit_trail.export_contents(context.engine))]
    assert set(before[1:]) < set(today)
    assert verify(today, [*kept, made]).findings == []
    since = audit_trail.export_contents(context.engine, kept[-1].statement.heads)
    assert verify(audit_trail.export_lines(context.engine, since), [*kept, made]).findings == []


@contextmanager
def at_work(database_url: str) -> Iterator[OldProcess]:
    """A process of the release before, which has done something when the test begins, and again when it ends."""
    process = OldProcess(database_url)
    process.start()
    try:
        process.goes_on()
        yield process
        process.goes_on()
    finally:
        process.stop()
    assert process.failures == []


@pytest.mark.service
@pytest.mark.parametrize("revision", ["0009"])
def test_who_writes_while_the_tables_change_is_not_stopped(left: str) -> None:
    with at_work(left) as process:
        migrate(left)
    with closing(left) as engine:
        assert is_current(engine)
        assert rows(engine, f"SELECT count(*) {OF_OLD}") == [(len(process.lodged),)]
        assert (verified(engine).findings, differences(engine)) == ([], [])


PAIRS = [
    pytest.param(*pair, marks=() if set(pair) == {"version", "outbox"} else pytest.mark.service)
    for pair in permutations(["declaration", "version", "outbox", "event"], 2)
]


@pytest.mark.parametrize("revision", ["0009"])
@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_an_upgrade_gives_way_to_who_holds_one_table_and_wants_the_other(left: str, first: str, then: str) -> None:
    engine = old_engine(left)
    with ThreadPoolExecutor(1) as pool, closing(left) as watching:
        with engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {first} WHERE 1 = 0"))
            upgrading = pool.submit(migrate, left)
            for _ in range(100):
                if upgrading.done() or _waits(watching):
                    break
                time.sleep(0.02)
            connection.execute(text(f"DELETE FROM {then} WHERE 1 = 0"))
            time.sleep(0.7)  # longer than the upgrade waits at a time
        assert upgrading.result() == "0009"
        assert is_current(watching)
    engine.dispose()


def _waits(engine: Engine) -> bool:
    """Whether anybody waits for a lock on PostgreSQL; on SQLite, where all wait for the one writer, it is soon so."""
    if engine.dialect.name == "sqlite":
        time.sleep(0.2)
        return True
    return bool(
        rows(engine, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    )


@contextmanager
def closing(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url, pool_size=2)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.mark.service
@pytest.mark.parametrize("revision", ["0009"])
def test_an_old_process_works_on_beside_a_new_one_and_what_it_leaves_is_worked_off(
    left: str, context: ClearanceContext
) -> None:
    engine = context.engine
    with at_work(left) as process:
        for number in range(2):
            one(context, f"NEW{number}")
            work(context)
    work(context)
    assert rows(engine, f"SELECT count(*) {OF_OLD} AND outcome IS NOT NULL") == [(len(process.lodged),)]
    assert (verified(engine).findings, differences(engine)) == ([], [])


OF_OLD = "FROM version LEFT JOIN decision ON version_id = version.id WHERE version.id < 1000000"
"""What the old process has lodged."""


@pytest.mark.service
@pytest.mark.parametrize("revision", ["0009"])
def test_what_an_old_process_lodges_and_decides_has_the_state_that_its_party_was_told(
    left: str, context: ClearanceContext
) -> None:
    with at_work(left) as process:
        one(context, "NEW")
    before = states_of(context.engine, process.lodged)
    assert {outcome for outcome, _ in before} == {"inspect", None}
    work(context)
    after = states_of(context.engine, process.lodged)
    assert None not in {outcome for outcome, _ in after}
    told = {None: State.PRESENTED, "inspect": State.INSPECTION_ORDERED, "release": State.RELEASED}
    assert [state for _, state in (*before, *after)] == [told[outcome] for outcome, _ in (*before, *after)]


def states_of(engine: Engine, version_ids: list[int]) -> list[tuple[str | None, State]]:
    """The outcome and the state of each version."""
    with engine.begin() as connection:
        return [(each.outcome, each.state) for each in declarations.lock_versions(connection, version_ids)]


@pytest.mark.parametrize("revision", ["0009"])
def test_what_an_old_process_lodges_lives_on(left: str, context: ClearanceContext) -> None:
    old = old_engine(left)
    with old.begin() as connection:
        cancelled, asked_again = lodge(connection), lodge(connection)
    ask = RequestMade(Kind.CANCELLATION, f"26GB06OLD{cancelled}", "C1", "Lodged twice", Message(b"{}", Media.JSON),
                      KeyHolder("key", Role.TRADER, party=TRADER))  # fmt: skip
    receipt = cancel(context, ask)
    assert receipt is not None
    assert receipt.answer == "granted"
    with old.begin() as connection:
        decide_all(connection, cancelled, "release")
        decide_all(connection, asked_again, "release")
    old.dispose()
    assert [state for _, state in states_of(context.engine, [cancelled, asked_again])] == [
        State.CANCELLED, State.RELEASED,
    ]  # fmt: skip
    ask_again(context, asked_again, Round(["customs"], "operator:cli", "new documents"))
    assert states_of(context.engine, [asked_again]) == [(None, State.UNDER_ASSESSMENT)]
    work(context)
    ((outcome, state),) = states_of(context.engine, [asked_again])
    assert state is (State.RELEASED if outcome == "release" else State.DOCUMENTS_ASKED_AFTER_RELEASE)
    assert (verified(context.engine).findings, differences(context.engine)) == ([], [])


@pytest.mark.parametrize("revision", ["0009"])
@pytest.mark.parametrize(("outcome", "state"), [("release", "released"), ("inspect", "inspection-ordered")])
def test_what_is_lodged_in_advance_and_decided_by_an_old_process_neither_lapses_nor_is_warned(
    left: str, context: ClearanceContext, callers: Callers, outcome: str, state: str
) -> None:
    trader, old = callers.trader(), old_engine(left)
    mrn = lodge_in_advance(trader)
    ((version_id,),) = rows(context.engine, f"SELECT v.id {OF_MRN.format(mrn)}")
    with old.begin() as connection:
        decide_all(connection, int(version_id), outcome)
    old.dispose()
    assert state_of(trader, mrn) == state
    for days in (26, 5):  # when it would have been warned, and when it would have lapsed
        pass_days(context, days)
        pass_deadlines(context)
    overdue = ["05"] if outcome == "inspect" else []  # its own term has begun, and passed
    assert (state_of(trader, mrn), codes(trader)) == (state, ["02", *overdue])
    ((due_at,),) = rows(context.engine, f"SELECT due_at {OF_MRN.format(mrn)}")
    assert (due_at is None) == (outcome == "release")  # whoever orders an inspection is reminded
    pass_deadlines(context)  # the inspection is ordered
    assert pass_deadlines(context) == 0


OF_MRN = "FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE mrn = '{}'"


@pytest.mark.parametrize("revision", ["0009"])
def test_an_old_process_keeps_a_late_answer_once_as_before(left: str, context: ClearanceContext) -> None:
    old, late = old_engine(left), version_of(context.engine, "LATE")
    try:
        with old.begin() as connection:
            answer_late(connection, late, AWAITED)
    finally:
        old.dispose()
    query = f"SELECT count(*) FROM late_assessment WHERE version_id = {late} AND agency = '{AWAITED}'"
    assert rows(context.engine, query) == [(1,)]
    assert (verified(context.engine).findings, differences(context.engine)) == ([], [])
