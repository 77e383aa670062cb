"""Every metric, by name and value, on both databases; and that a scrape reads nothing that grows."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, event, text

from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.operations import read_figures
from singlewindow.http.api.metrics import NAMES, PREFIX, exposition
from singlewindow.storage import counters
from singlewindow.storage.tables import metadata
from tests.integration.conftest import Callers, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import change
from workers.heartbeat import Heartbeat

GROWING = {"declaration", "version", "event", "assessment", "late_assessment", "decision", "notice", "feed",
           "later_decision", "later_late_assessment"}  # fmt: skip


def exposed(context: ClearanceContext) -> bytes:
    return exposition(read_figures(context.engine, context.agencies))


def scrape(context: ClearanceContext) -> dict[tuple[str, ...], float]:
    """Every sample by its name without the prefix and its labels' values."""
    families = text_string_to_metric_families(exposed(context).decode())
    samples = [sample for family in families for sample in family.samples if not sample.name.endswith("_created")]
    return {(sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value for sample in samples}


def test_every_metric_is_there_before_anything_has_happened(context: ClearanceContext) -> None:
    samples = scrape(context)
    assert {name for name, *_ in samples} == {*NAMES}
    assert set(samples.values()) == {0.0}
    assert ("questions_open", "customs") in samples
    assert ("questions_unanswered_total", "customs", "silent") in samples
    assert ("decisions_total", "inspect") in samples


def test_an_open_question_is_counted_where_it_is(callers: Callers, context: ClearanceContext) -> None:
    callers.trader().lodge(tree())
    lodged = scrape(context)
    assert lodged["questions_open", "customs"] == lodged["questions_waiting", "customs"] == 1
    dispatch.make_batches(context)
    batched = scrape(context)
    assert (batched["questions_waiting", "customs"], batched["questions_batched", "customs"]) == (0, 1)
    assert (batched["batches_open", "customs"], batched["batches_lost", "customs"]) == (1, 0)
    change(context, "UPDATE batch SET lease_until = 0, created_at = created_at - 60000000")
    late = scrape(context)
    assert late["batches_lost", "customs"] == 1
    assert 60 <= late["batches_oldest_seconds", "customs"] < 120


def test_the_numbers_of_a_scrape_are_of_one_moment(
    callers: Callers, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers.trader().lodge(tree())
    before, totals = scrape(context), counters.totals

    def decided_first(connection: Connection) -> dict[tuple[str, ...], int]:
        work(context)
        return totals(connection)

    monkeypatch.setattr(counters, "totals", decided_first)
    meanwhile = scrape(context)
    for name in (("questions_open", "customs"), ("decisions_total", "release"), ("decisions_total", "inspect")):
        assert meanwhile[name] == before[name]
    monkeypatch.undo()
    assert sum(scrape(context)["decisions_total", outcome] for outcome in ("release", "inspect")) == 1


@pytest.mark.parametrize("state", ["parked", "awaiting"])
def test_a_question_set_aside_is_counted_apart(state: str, callers: Callers, context: ClearanceContext) -> None:
    callers.trader().lodge(tree())
    change(context, f"UPDATE outbox SET {state} = true WHERE agency = 'customs'")
    samples = scrape(context)
    assert samples[f"questions_{state}", "customs"] == samples["questions_open", "customs"] == 1
    assert samples["questions_waiting", "customs"] == 0


def test_the_oldest_open_question_has_its_age(callers: Callers, context: ClearanceContext) -> None:
    callers.trader().lodge(tree())
    change(context, "UPDATE outbox SET asked_at = asked_at - 60000000, deadline_at = 0 WHERE agency = 'customs'")
    samples = scrape(context)
    assert 60 <= samples["questions_oldest_seconds", "customs"] < 120
    assert samples["questions_overdue", "customs"] == 1


def test_decisions_and_missed_deadlines_are_counted_with_their_events(
    callers: Callers, context: ClearanceContext
) -> None:
    trader = callers.trader()
    trader.lodge(tree("RELEASED"))
    trader.lodge(tree("INSPECTED", commodity=PISTOLS, description="Pistols"))
    work(context)
    trader.lodge(tree("SILENT"))
    change(context, "UPDATE outbox SET deadline_at = 0, attempts = 1 WHERE agency = 'customs'")
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    samples = scrape(context)
    assert (samples["decisions_total", "release"], samples["decisions_total", "inspect"]) == (1, 2)
    assert samples["questions_unanswered_total", "customs", "failed"] == 1
    assert samples["questions_unanswered_total", "customs", "silent"] == 0


def test_the_totals_equal_what_the_record_holds(callers: Callers, context: ClearanceContext) -> None:
    trader = callers.trader()
    for number in range(5):
        trader.lodge(tree(f"LRN{number}"))
        change(context, f"UPDATE outbox SET deadline_at = {0 if number % 2 else 2**52}")
        dispatch.answer_for_silence(context)
        work(context)
    with context.engine.connect() as connection:
        decided = connection.execute(text("SELECT outcome, count(*) FROM decision GROUP BY outcome")).all()
        silent = connection.execute(text("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")).scalar_one()
    samples = scrape(context)
    assert all(samples["decisions_total", outcome] == count for outcome, count in decided)
    assert sum(value for (name, *_), value in samples.items() if name == "questions_unanswered_total") == silent > 0


def test_a_dispatcher_counts_while_it_gives_signs_of_life(context: ClearanceContext) -> None:
    heart = Heartbeat(context.engine)
    heart.beat()
    heart.beat()
    assert scrape(context)["dispatchers",] == 1
    change(context, "UPDATE dispatcher SET seen_at = seen_at - 16000000")
    assert scrape(context)["dispatchers",] == 0
    heart.leave()
    with context.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM dispatcher")).scalar_one() == 0


def test_events_that_no_checkpoint_covers_are_counted_with_how_long_they_have_waited(
    callers: Callers, context: ClearanceContext
) -> None:
    trader = callers.trader()
    before = scrape(context)
    assert (before["events_unproven",], before["events_unproven_seconds",]) == (1, math.inf)
    audit_trail.sign_checkpoint(context.engine, Signer(new_key()))
    assert scrape(context)["events_unproven_seconds",] == 0
    trader.lodge(tree())
    change(context, "UPDATE checkpoint SET at = at - 60000000")
    samples = scrape(context)
    assert samples["events_unproven",] == 1
    assert 60 <= samples["events_unproven_seconds",] < 120


def test_a_scrape_reads_no_table_that_grows(context: ClearanceContext) -> None:
    statements: list[str] = []

    @event.listens_for(context.engine, "before_cursor_execute")
    def note(*execution: Any) -> None:
        statements.append(execution[2])

    exposed(context)
    read = set(re.findall(r"FROM (\w+)", " ".join(statements))) & {*metadata.tables}
    assert read == {"outbox", "batch", "tally", "dispatcher", "trail", "checkpoint", "subscription", "delivery"}
    assert not read & GROWING
