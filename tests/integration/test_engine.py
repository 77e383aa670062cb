"""The engine on both databases: lodged once, asked once, answered once, decided once; silence means inspect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event, text

from adapters.contract import Adapter, NotRetryable, Retryable, View
from singlewindow.access.keys import Principal, Role
from singlewindow.clearance.context import Window
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.lease import lease
from singlewindow.clearance.lodging.lodge import Conflict, Receipt, lodge
from singlewindow.decisions.assessment import Answer, Assessment, Lane
from singlewindow.storage import open_questions
from singlewindow.storage.engine.connect import clock
from tests.documents import original
from tests.integration.lodging import arrival, one

PISTOLS = "23-pistols-in-second-hand-table.xml"
"""Several agencies are asked about it."""


class Scripted:
    """An adapter whose answers the test chooses: an assessment, or an exception to raise."""

    def __init__(self, agency: str, answer: Assessment | Exception) -> None:
        self.agency, self.answer, self.asked = agency, answer, 0

    def assess(self, view: View) -> Assessment:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def green(agency: str) -> Assessment:
    return Assessment(agency=agency, answer=Answer.ASSESSED, lane=Lane.GREEN)


def with_adapters(window: Window, *adapters: Adapter) -> Window:
    return replace(window, adapters={**window.adapters, **{adapter.agency: adapter for adapter in adapters}})


def with_settings(window: Window, **settings: float) -> Window:
    return replace(window, settings=msgspec.structs.replace(window.settings, **settings))


def lodge_many(window: Window, count: int, name: str = "MANY") -> None:
    lodge(window, [arrival(window, f"{name}{each}", original(f"{name}{each}")) for each in range(count)])


def work_off(window: Window) -> None:
    while batches := dispatch.make_batches(window):
        for batch in batches:
            assess_batches(window, batch.id)


def rows(window: Window, query: str) -> Sequence[Any]:
    with window.engine.connect() as connection:
        return connection.execute(text(query)).all()


def change(window: Window, statement: str) -> None:
    with window.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_lodged_declaration_is_decided_once_every_asked_agency_has_answered(window: Window) -> None:
    one(window, "ENGINE1")
    work_off(window)
    assert rows(window, "SELECT outcome FROM decision") == [("release",)]
    assert rows(window, "SELECT count(*) FROM outbox") == [(0,)]
    assert rows(window, "SELECT count(*) FROM batch") == [(0,)]


def test_the_same_content_again_gets_the_first_answer(window: Window) -> None:
    first = one(window, "ENGINE1")
    again = one(window, "ENGINE1")
    assert again == replace(first, replayed=True)


def test_the_same_content_twice_in_one_transaction_is_one_declaration(window: Window) -> None:
    both = lodge(window, [arrival(window, "ENGINE1"), arrival(window, "ENGINE1")])
    assert [getattr(answer, "replayed", None) for answer in both] == [False, True]
    assert rows(window, "SELECT count(*) FROM declaration") == [(1,)]


def test_other_content_under_the_same_reference_is_a_conflict_that_names_the_first(window: Window) -> None:
    first = one(window, "ENGINE1")
    other = original("ENGINE1").replace(b"<TotalPackageQuantity>", b"<TotalPackageQuantity>1")
    (answer,) = lodge(window, [arrival(window, "ENGINE1", other)])
    assert answer == Conflict(first.mrn, "ENGINE1")


def test_two_traders_may_use_the_same_reference(window: Window) -> None:
    other = Principal("key2", Role.TRADER, party="GB999999999999")
    first, second = lodge(window, [arrival(window, "ENGINE1"), arrival(window, "ENGINE1", trader=other)])
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert first.mrn != second.mrn


def test_two_hundred_parallel_lodgements_of_one_reference_are_one_declaration(window: Window) -> None:
    arrivals = [arrival(window, "ENGINE1") for _ in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda entry: lodge(window, [entry])[0], arrivals))
    assert {answer.mrn for answer in answers} == {answers[0].mrn}
    assert sum(not getattr(answer, "replayed", True) for answer in answers) == 1


def test_a_batch_is_worked_once_however_often_its_job_runs(window: Window) -> None:
    one(window, "ENGINE1")
    customs = Scripted("customs", green("customs"))
    window = with_adapters(window, customs)
    batches = dispatch.make_batches(window)
    for _ in range(3):
        for batch in batches:
            assess_batches(window, batch.id)
    assert customs.asked == 1


def test_a_worker_whose_lease_was_lost_writes_nothing(window: Window) -> None:
    one(window, "ENGINE1")

    class Slow(Scripted):
        def assess(self, view: View) -> Assessment:
            change(window, "UPDATE batch SET lease_until = 0")
            dispatch.take_back(window)
            return super().assess(view)

    slow = with_adapters(window, Slow("customs", green("customs")))
    (batch,) = [batch for batch in dispatch.make_batches(slow) if batch.agency == "customs"]
    assert assess_batches(slow, batch.id) == 0
    assert rows(window, "SELECT count(*) FROM assessment WHERE agency = 'customs'") == [(0,)]
    assert rows(window, "SELECT attempts, batch_id FROM outbox WHERE agency = 'customs'") == [(1, None)]


def test_a_lost_bell_is_no_failed_attempt(window: Window) -> None:
    one(window, "ENGINE1")
    dispatch.make_batches(window)
    change(window, "UPDATE batch SET lease_until = 0")
    assert dispatch.take_back(window) > 0
    assert set(rows(window, "SELECT attempts FROM outbox")) == {(0,)}


def test_what_cannot_be_read_is_not_claimed_and_so_no_failed_attempt(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, *_: Any) -> None:
        raise RuntimeError("the database goes away here")

    one(window, "ENGINE1")
    batches = dispatch.make_batches(window)
    monkeypatch.setattr("singlewindow.storage.declarations.contents", fail)
    with pytest.raises(RuntimeError):
        assess_batches(window, *(batch.id for batch in batches))
    assert set(rows(window, "SELECT claimed FROM batch")) == {(False,)}
    change(window, "UPDATE batch SET lease_until = 0")
    dispatch.take_back(window)
    assert set(rows(window, "SELECT attempts FROM outbox")) == {(0,)}


def test_a_claim_begins_the_lease_anew(window: Window) -> None:
    one(window, "ENGINE1")
    (batch, *_) = dispatch.make_batches(window)
    change(window, "UPDATE batch SET lease_until = 0")
    with window.engine.begin() as connection:
        before = clock(connection)
        open_questions.claim(connection, [batch.id], lease(window))
    ((until,),) = rows(window, f"SELECT lease_until FROM batch WHERE id = {batch.id}")
    # SQLite's clock has milliseconds, and PostgreSQL's in a statement is that of its beginning.
    assert before - 1_000 <= until - lease(window) <= before + 5_000_000


def test_one_failing_declaration_does_not_hold_its_neighbours(window: Window) -> None:
    one(window, "GOOD1")
    one(window, "BAD1")

    class Choosy(Scripted):
        def assess(self, view: View) -> Assessment:
            if view.tree["FunctionalReferenceID"] == "BAD1":
                raise ValueError("a poisonous declaration")
            return green(self.agency)

    work_off(with_adapters(window, Choosy("customs", green("customs"))))
    decided = rows(window, "SELECT d.lrn FROM decision c JOIN version v ON v.id = c.version_id"
                           " JOIN declaration d ON d.id = v.declaration_id")  # fmt: skip
    assert decided == [("GOOD1",)]


def test_a_question_that_keeps_failing_is_parked_after_three_attempts_and_then_inspected(window: Window) -> None:
    one(window, "ENGINE1")
    failing = Scripted("customs", Retryable("the register is down", after=0.0))
    window = with_adapters(window, failing)
    work_off(window)
    assert failing.asked == 3
    assert rows(window, "SELECT count(*) FROM outbox WHERE parked AND agency = 'customs'") == [(1,)]
    change(window, "UPDATE outbox SET deadline_at = 0")
    assert dispatch.answer_for_silence(window) == 1
    assert rows(window, "SELECT outcome FROM decision") == [("inspect",)]


def test_what_cannot_be_retried_is_parked_at_once(window: Window) -> None:
    one(window, "ENGINE1")
    refusing = Scripted("customs", NotRetryable("not for us"))
    work_off(with_adapters(window, refusing))
    assert refusing.asked == 1


def test_silence_past_the_deadline_means_inspect(window: Window) -> None:
    one(window, "ENGINE1")
    change(window, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(window)
    assert rows(window, "SELECT outcome FROM decision") == [("inspect",)]
    assert set(rows(window, "SELECT answer FROM assessment")) == {("silent",)}


def test_a_question_that_failed_before_is_in_a_batch_that_is_worked_off_alone(window: Window) -> None:
    lodge_many(window, 2)
    failing = with_adapters(window, Scripted("customs", RuntimeError("not now")))
    assert not any(batch.failed for batch in dispatch.make_batches(failing))
    for (batch_id,) in rows(window, "SELECT id FROM batch"):
        assess_batches(failing, batch_id)
    change(window, "UPDATE outbox SET due_at = 0")
    assert [(batch.size, batch.failed) for batch in dispatch.make_batches(window)] == [(1, True)]


def test_batches_of_several_agencies_are_worked_off_together(window: Window) -> None:
    lodge(window, [arrival(window, "ENGINE1", original("ENGINE1", PISTOLS))])
    batches = dispatch.make_batches(window)
    assert len(batches) > 1
    assert assess_batches(window, *(batch.id for batch in batches)) == len(batches)
    assert rows(window, "SELECT count(*) FROM decision") == [(1,)]
    assert rows(window, "SELECT count(*) FROM batch") == [(0,)]


def test_a_lease_that_is_lost_takes_no_other_batch_with_it(window: Window) -> None:
    lodge(window, [arrival(window, "ENGINE1", original("ENGINE1", PISTOLS))])
    batches = dispatch.make_batches(window)
    lost = batches[0].agency

    class Losing(Scripted):
        def assess(self, view: View) -> Assessment:
            change(window, f"UPDATE batch SET lease_until = 0 WHERE agency = '{lost}'")
            dispatch.take_back(window)
            return super().assess(view)

    losing = with_adapters(window, Losing(lost, green(lost)))
    assert assess_batches(losing, *(batch.id for batch in batches)) == len(batches) - 1
    assert rows(window, "SELECT agency, attempts FROM outbox") == [(lost, 1)]
    assert rows(window, "SELECT count(*) FROM decision") == [(0,)]
    work_off(window)
    assert rows(window, "SELECT count(*) FROM decision") == [(1,)]


def test_an_answer_after_the_deadline_changes_nothing(window: Window) -> None:
    one(window, "ENGINE1")
    batches = dispatch.make_batches(window)
    change(window, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(window)
    for batch in batches:
        assess_batches(window, batch.id)
    assert set(rows(window, "SELECT answer FROM assessment")) == {("silent",)}
    assert rows(window, "SELECT count(*) FROM decision") == [(1,)]


def test_many_deciders_at_once_make_one_decision_each(window: Window) -> None:
    lodge_many(window, 20)
    window = with_settings(window, sw_batch_size=3, sw_batches_open=50)
    batches = []
    while made := dispatch.make_batches(window):
        batches += made
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda batch: assess_batches(window, batch.id), batches * 2))
    assert rows(window, "SELECT count(*) FROM decision") == [(20,)]
    assert rows(window, "SELECT count(*) FROM event WHERE kind = 'decided'") == [(20,)]
    assert rows(window, "SELECT count(*) FROM notice WHERE function_code <> '01'") == [(20,)]


def test_a_lone_question_is_a_batch_at_once(window: Window) -> None:
    lodge_many(window, 1)
    assert {batch.size for batch in dispatch.make_batches(window)} == {1}


def test_questions_wait_where_as_many_batches_are_under_way_as_may_be(window: Window) -> None:
    window = with_settings(window, sw_batch_size=3, sw_batches_open=1)
    lodge_many(window, 1, "FIRST")
    first = dispatch.make_batches(window)
    lodge_many(window, 3, "NEXT")
    assert dispatch.make_batches(window) == []
    assess_batches(window, *(batch.id for batch in first))
    assert {batch.size for batch in dispatch.make_batches(window)} == {3}


def test_questions_gather_after_batches_that_were_not_full(window: Window) -> None:
    window = with_settings(window, sw_batch_size=3)
    assert not dispatch.may_gather(window, [])
    lodge_many(window, 3)
    assert not dispatch.may_gather(window, dispatch.make_batches(window))
    lodge_many(window, 2, "NEXT")
    assert dispatch.may_gather(window, dispatch.make_batches(window))


def test_what_failed_before_keeps_nobody_waiting(window: Window) -> None:
    lodge_many(window, 3, "FAILED")
    change(window, "UPDATE outbox SET attempts = 1")
    lodge_many(window, 2, "NEW")
    made = [(batch.size, batch.failed) for batch in dispatch.make_batches(window) if batch.agency == "customs"]
    assert made == [(2, False), (1, True)]
    assert not dispatch.may_gather(window, dispatch.make_batches(window))


def test_more_failed_ones_than_a_batch_holds_keep_nobody_waiting_either(window: Window) -> None:
    window = with_settings(window, sw_batch_size=2)
    lodge_many(window, 5, "FAILED")
    change(window, "UPDATE outbox SET attempts = 1")
    lodge_many(window, 3, "NEW")
    made = [(batch.size, batch.failed) for batch in dispatch.make_batches(window) if batch.agency == "customs"]
    assert made == [(2, False), (1, True)]


def test_due_questions_are_found_by_their_own_indexes(window: Window) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    lodge_many(window, 1)
    event.listen(window.engine, "before_cursor_execute", note)
    dispatch.make_batches(window)
    event.remove(window.engine, "before_cursor_execute", note)
    with window.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")  # for so few rows it would need no index
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        found, filled = ("\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {query}", parameters))
                         for query, parameters in asked if "due_at" in query)  # fmt: skip
    agencies = len(window.agencies)
    assert (found.count("outbox_fresh"), found.count("outbox_failed")) == (agencies, agencies)
    assert "outbox_fresh" in filled


def test_no_more_batches_are_opened_than_the_settings_say(window: Window) -> None:
    window = with_settings(window, sw_batch_size=1, sw_batches_open=2)
    lodge_many(window, 5)
    made = [batch for _ in range(5) for batch in dispatch.make_batches(window)]
    assert max(Counter(batch.agency for batch in made).values()) == 2


def test_two_dispatchers_never_put_one_question_into_two_batches(window: Window) -> None:
    lodge_many(window, 20)
    small = with_settings(window, sw_batch_size=2, sw_batches_open=50)
    with ThreadPoolExecutor(3) as pool:
        made = [batch for each in pool.map(lambda _: dispatch.make_batches(small), range(30)) for batch in each]
    batched = rows(window, "SELECT count(*) FROM outbox WHERE batch_id IS NOT NULL")
    held = rows(window, "SELECT count(DISTINCT batch_id) FROM outbox WHERE batch_id IS NOT NULL")
    assert batched == rows(window, "SELECT count(*) FROM outbox")
    assert held == [(len(made),)]


def test_a_failed_transaction_leaves_nothing_behind(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection, *_: Any) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("singlewindow.storage.streams.publish", fail)
    with pytest.raises(RuntimeError):
        one(window, "ENGINE1")
    for table in ("declaration", "version", "outbox", "event"):
        assert rows(window, f"SELECT count(*) FROM {table}") == [(0,)]
