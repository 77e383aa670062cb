"""The engine on both databases: lodged once, asked once, answered once, decided once; silence means inspect."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from adapters.contract import Adapter, NotRetryable, Retryable, View
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.lease import lease_end
from singlewindow.clearance.lodging.store import Conflict, Receipt
from singlewindow.decisions.assessment import Answer, Assessment, Lane
from singlewindow.storage import batches
from singlewindow.storage.engine.connect import clock
from tests.documents import original
from tests.integration.lodging import arrival, one, store
from tests.integration.record import change, rows

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


def with_adapters(context: ClearanceContext, *adapters: Adapter) -> ClearanceContext:
    return replace(context, adapters={**context.adapters, **{adapter.agency: adapter for adapter in adapters}})


def with_settings(context: ClearanceContext, **settings: float) -> ClearanceContext:
    return replace(context, settings=msgspec.structs.replace(context.settings, **settings))


def lodge_many(context: ClearanceContext, count: int, name: str = "MANY") -> None:
    store(context, [arrival(context, f"{name}{each}", original(f"{name}{each}")) for each in range(count)])


def work_off(context: ClearanceContext) -> None:
    while batches := dispatch.make_batches(context):
        for batch in batches:
            assess_batches(context, batch.id)


def test_a_lodged_declaration_is_decided_once_every_asked_agency_has_answered(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    work_off(context)
    assert rows(context, "SELECT outcome FROM decision") == [("release",)]
    assert rows(context, "SELECT count(*) FROM outbox") == [(0,)]
    assert rows(context, "SELECT count(*) FROM batch") == [(0,)]


def test_the_same_content_again_gets_the_first_answer(context: ClearanceContext) -> None:
    first = one(context, "ENGINE1")
    again = one(context, "ENGINE1")
    assert again == replace(first, replayed=True)


def test_the_same_content_twice_in_one_transaction_is_one_declaration(context: ClearanceContext) -> None:
    both = store(context, [arrival(context, "ENGINE1"), arrival(context, "ENGINE1")])
    assert [getattr(answer, "replayed", None) for answer in both] == [False, True]
    assert rows(context, "SELECT count(*) FROM declaration") == [(1,)]


def test_other_content_under_the_same_reference_is_a_conflict_that_names_the_first(context: ClearanceContext) -> None:
    first = one(context, "ENGINE1")
    other = original("ENGINE1").replace(b"<TotalPackageQuantity>", b"<TotalPackageQuantity>1")
    (answer,) = store(context, [arrival(context, "ENGINE1", other)])
    assert answer == Conflict(first.mrn, "ENGINE1")


def test_two_traders_may_use_the_same_reference(context: ClearanceContext) -> None:
    first, second = store(context, [arrival(context, "ENGINE1"), arrival(context, "ENGINE1", party="GB999999999999")])
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert first.mrn != second.mrn


def test_two_hundred_parallel_lodgements_of_one_reference_are_one_declaration(context: ClearanceContext) -> None:
    arrivals = [arrival(context, "ENGINE1") for _ in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda entry: store(context, [entry])[0], arrivals))
    assert {answer.mrn for answer in answers} == {answers[0].mrn}
    assert sum(not getattr(answer, "replayed", True) for answer in answers) == 1


def test_a_batch_is_worked_once_however_often_its_job_runs(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    customs = Scripted("customs", green("customs"))
    context = with_adapters(context, customs)
    batches = dispatch.make_batches(context)
    for _ in range(3):
        for batch in batches:
            assess_batches(context, batch.id)
    assert customs.asked == 1


def test_a_worker_whose_lease_was_lost_writes_nothing(context: ClearanceContext) -> None:
    one(context, "ENGINE1")

    class Slow(Scripted):
        def assess(self, view: View) -> Assessment:
            change(context, "UPDATE batch SET lease_until = 0")
            dispatch.take_back(context)
            return super().assess(view)

    slow = with_adapters(context, Slow("customs", green("customs")))
    (batch,) = [batch for batch in dispatch.make_batches(slow) if batch.agency == "customs"]
    assert assess_batches(slow, batch.id) == 0
    assert rows(context, "SELECT count(*) FROM assessment WHERE agency = 'customs'") == [(0,)]
    assert rows(context, "SELECT attempts, batch_id FROM outbox WHERE agency = 'customs'") == [(1, None)]


def test_a_lost_bell_is_no_failed_attempt(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    dispatch.make_batches(context)
    change(context, "UPDATE batch SET lease_until = 0")
    assert dispatch.take_back(context) > 0
    assert set(rows(context, "SELECT attempts FROM outbox")) == {(0,)}


def test_what_cannot_be_read_is_not_claimed_and_so_no_failed_attempt(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, *_: Any) -> None:
        raise RuntimeError("the database goes away here")

    one(context, "ENGINE1")
    batches = dispatch.make_batches(context)
    monkeypatch.setattr("singlewindow.storage.declarations.contents_of", fail)
    with pytest.raises(RuntimeError):
        assess_batches(context, *(batch.id for batch in batches))
    assert set(rows(context, "SELECT claimed FROM batch")) == {(False,)}
    change(context, "UPDATE batch SET lease_until = 0")
    dispatch.take_back(context)
    assert set(rows(context, "SELECT attempts FROM outbox")) == {(0,)}


def test_a_claim_begins_the_lease_anew(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    (batch, *_) = dispatch.make_batches(context)
    change(context, "UPDATE batch SET lease_until = 0")
    with context.engine.begin() as connection:
        before = clock(connection)
        batches.claim_batches(connection, [batch.id], lease_end(context))
    ((until,),) = rows(context, f"SELECT lease_until FROM batch WHERE id = {batch.id}")
    # SQLite's clock has milliseconds, and PostgreSQL's in a statement is that of its beginning.
    assert before - 1_000 <= until - lease_end(context) <= before + 5_000_000


def test_one_failing_declaration_does_not_hold_its_neighbours(context: ClearanceContext) -> None:
    one(context, "GOOD1")
    one(context, "BAD1")

    class Choosy(Scripted):
        def assess(self, view: View) -> Assessment:
            if view.tree["FunctionalReferenceID"] == "BAD1":
                raise ValueError("a poisonous declaration")
            return green(self.agency)

    work_off(with_adapters(context, Choosy("customs", green("customs"))))
    decided = rows(context, "SELECT d.lrn FROM decision c JOIN version v ON v.id = c.version_id"
                           " JOIN declaration d ON d.id = v.declaration_id")  # fmt: skip
    assert decided == [("GOOD1",)]


def test_a_question_that_keeps_failing_is_parked_after_three_attempts_and_then_inspected(
    context: ClearanceContext,
) -> None:
    one(context, "ENGINE1")
    failing = Scripted("customs", Retryable("the register is down", after=0.0))
    context = with_adapters(context, failing)
    work_off(context)
    assert failing.asked == 3
    assert rows(context, "SELECT count(*) FROM outbox WHERE parked AND agency = 'customs'") == [(1,)]
    change(context, "UPDATE outbox SET deadline_at = 0")
    assert dispatch.answer_for_silence(context) == 1
    assert rows(context, "SELECT outcome FROM decision") == [("inspect",)]


def test_what_cannot_be_retried_is_parked_at_once(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    refusing = Scripted("customs", NotRetryable("not for us"))
    work_off(with_adapters(context, refusing))
    assert refusing.asked == 1


def test_silence_past_the_deadline_means_inspect(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    assert rows(context, "SELECT outcome FROM decision") == [("inspect",)]
    assert set(rows(context, "SELECT answer FROM assessment")) == {("silent",)}


def test_a_question_that_failed_before_is_in_a_batch_that_is_worked_off_alone(context: ClearanceContext) -> None:
    lodge_many(context, 2)
    failing = with_adapters(context, Scripted("customs", RuntimeError("not now")))
    assert not any(batch.failed for batch in dispatch.make_batches(failing))
    for (batch_id,) in rows(context, "SELECT id FROM batch"):
        assess_batches(failing, batch_id)
    change(context, "UPDATE outbox SET due_at = 0")
    assert [(batch.size, batch.failed) for batch in dispatch.make_batches(context)] == [(1, True)]


def test_batches_of_several_agencies_are_worked_off_together(context: ClearanceContext) -> None:
    store(context, [arrival(context, "ENGINE1", original("ENGINE1", PISTOLS))])
    batches = dispatch.make_batches(context)
    assert len(batches) > 1
    assert assess_batches(context, *(batch.id for batch in batches)) == len(batches)
    assert rows(context, "SELECT count(*) FROM decision") == [(1,)]
    assert rows(context, "SELECT count(*) FROM batch") == [(0,)]


def test_a_lease_that_is_lost_takes_no_other_batch_with_it(context: ClearanceContext) -> None:
    store(context, [arrival(context, "ENGINE1", original("ENGINE1", PISTOLS))])
    batches = dispatch.make_batches(context)
    lost = batches[0].agency

    class Losing(Scripted):
        def assess(self, view: View) -> Assessment:
            change(context, f"UPDATE batch SET lease_until = 0 WHERE agency = '{lost}'")
            dispatch.take_back(context)
            return super().assess(view)

    losing = with_adapters(context, Losing(lost, green(lost)))
    assert assess_batches(losing, *(batch.id for batch in batches)) == len(batches) - 1
    assert rows(context, "SELECT agency, attempts FROM outbox") == [(lost, 1)]
    assert rows(context, "SELECT count(*) FROM decision") == [(0,)]
    work_off(context)
    assert rows(context, "SELECT count(*) FROM decision") == [(1,)]


def test_an_answer_after_the_deadline_changes_nothing(context: ClearanceContext) -> None:
    one(context, "ENGINE1")
    batches = dispatch.make_batches(context)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    for batch in batches:
        assess_batches(context, batch.id)
    assert set(rows(context, "SELECT answer FROM assessment")) == {("silent",)}
    assert rows(context, "SELECT count(*) FROM decision") == [(1,)]


def test_many_deciders_at_once_make_one_decision_each(context: ClearanceContext) -> None:
    lodge_many(context, 20)
    context = with_settings(context, sw_batch_size=3, sw_batches_open=50)
    batches = []
    while made := dispatch.make_batches(context):
        batches += made
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda batch: assess_batches(context, batch.id), batches * 2))
    assert rows(context, "SELECT count(*) FROM decision") == [(20,)]
    assert rows(context, "SELECT count(*) FROM event WHERE kind = 'decided'") == [(20,)]
    assert rows(context, "SELECT count(*) FROM notice WHERE function_code <> '01'") == [(20,)]


def test_a_lone_question_is_a_batch_at_once(context: ClearanceContext) -> None:
    lodge_many(context, 1)
    assert {batch.size for batch in dispatch.make_batches(context)} == {1}


def test_questions_wait_where_as_many_batches_are_under_way_as_may_be(context: ClearanceContext) -> None:
    context = with_settings(context, sw_batch_size=3, sw_batches_open=1)
    lodge_many(context, 1, "FIRST")
    first = dispatch.make_batches(context)
    lodge_many(context, 3, "NEXT")
    assert dispatch.make_batches(context) == []
    assess_batches(context, *(batch.id for batch in first))
    assert {batch.size for batch in dispatch.make_batches(context)} == {3}


def test_questions_gather_after_batches_that_were_not_full(context: ClearanceContext) -> None:
    context = with_settings(context, sw_batch_size=3)
    assert not dispatch.may_gather(context, [])
    lodge_many(context, 3)
    assert not dispatch.may_gather(context, dispatch.make_batches(context))
    lodge_many(context, 2, "NEXT")
    assert dispatch.may_gather(context, dispatch.make_batches(context))


def test_what_failed_before_keeps_nobody_waiting(context: ClearanceContext) -> None:
    lodge_many(context, 3, "FAILED")
    change(context, "UPDATE outbox SET attempts = 1")
    lodge_many(context, 2, "NEW")
    made = [(batch.size, batch.failed) for batch in dispatch.make_batches(context) if batch.agency == "customs"]
    assert made == [(2, False), (1, True)]
    assert not dispatch.may_gather(context, dispatch.make_batches(context))


def test_more_failed_ones_than_a_batch_holds_keep_nobody_waiting_either(context: ClearanceContext) -> None:
    context = with_settings(context, sw_batch_size=2)
    lodge_many(context, 5, "FAILED")
    change(context, "UPDATE outbox SET attempts = 1")
    lodge_many(context, 3, "NEW")
    made = [(batch.size, batch.failed) for batch in dispatch.make_batches(context) if batch.agency == "customs"]
    assert made == [(2, False), (1, True)]


def test_due_questions_are_found_by_their_own_indexes(context: ClearanceContext) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    lodge_many(context, 1)
    event.listen(context.engine, "before_cursor_execute", note)
    dispatch.make_batches(context)
    event.remove(context.engine, "before_cursor_execute", note)
    with context.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")  # for so few rows it would need no index
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        found, filled = ("\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {query}", parameters))
                         for query, parameters in asked if "due_at" in query)  # fmt: skip
    agencies = len(context.agencies)
    assert (found.count("outbox_fresh"), found.count("outbox_failed")) == (agencies, agencies)
    assert "outbox_fresh" in filled


def test_no_more_batches_are_opened_than_the_settings_say(context: ClearanceContext) -> None:
    context = with_settings(context, sw_batch_size=1, sw_batches_open=2)
    lodge_many(context, 5)
    made = [batch for _ in range(5) for batch in dispatch.make_batches(context)]
    assert max(Counter(batch.agency for batch in made).values()) == 2


def test_two_dispatchers_never_put_one_question_into_two_batches(context: ClearanceContext) -> None:
    lodge_many(context, 20)
    small = with_settings(context, sw_batch_size=2, sw_batches_open=50)
    with ThreadPoolExecutor(3) as pool:
        made = [batch for each in pool.map(lambda _: dispatch.make_batches(small), range(30)) for batch in each]
    batched = rows(context, "SELECT count(*) FROM outbox WHERE batch_id IS NOT NULL")
    held = rows(context, "SELECT count(DISTINCT batch_id) FROM outbox WHERE batch_id IS NOT NULL")
    assert batched == rows(context, "SELECT count(*) FROM outbox")
    assert held == [(len(made),)]


def test_a_failed_transaction_leaves_nothing_behind(context: ClearanceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection, *_: Any) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("singlewindow.storage.streams.publish", fail)
    with pytest.raises(RuntimeError):
        one(context, "ENGINE1")
    for table in ("declaration", "version", "outbox", "event"):
        assert rows(context, f"SELECT count(*) FROM {table}") == [(0,)]
