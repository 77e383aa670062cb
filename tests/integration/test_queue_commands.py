"""The operator's commands: what is where, what is parked and why, and asking again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from click import Command
from click.testing import CliRunner, Result

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.retry_parked import Choice, retry
from singlewindow.cli.operator.queue import queue
from singlewindow.declarations.mrn import make_mrn
from tests.integration.conftest import Caller, body_of, work
from tests.integration.documents import tree
from tests.integration.record import change, rows

PARK = "UPDATE outbox SET parked = true, attempts = 3, failure = 'the register is down' WHERE agency = 'customs'"


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def invoke(*arguments: str, command: Command = queue) -> Result:
        return CliRunner().invoke(command, arguments)

    return invoke


def row_of(table: str, agency: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if f" {agency} " in line]
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_the_queue_shows_each_agencys_questions_where_they_are(
    run: Any, trader: Caller, context: ClearanceContext
) -> None:
    for lrn in ("A", "B", "C"):
        trader.lodge(tree(lrn))
    small = msgspec.structs.replace(context.settings, sw_batch_size=1)
    dispatch.make_batches(ClearanceContext(small, *list(vars(context).values())[1:]))
    waiting, batched, *_ = row_of(run().stdout, "customs")[1:]
    assert (waiting, batched) == ("2", "1")
    assert row_of(run().stdout, "firearms")[1:] == ["0", "0", "0", "0", "0", "-", "0", "0"]


def test_parked_questions_are_listed_with_reason_and_deadline(
    run: Any, trader: Caller, context: ClearanceContext
) -> None:
    mrn = body_of(trader.lodge(tree()))["mrn"]
    change(context, PARK)
    _, version, agency, attempts, reason, deadline = row_of(run("parked").stdout, "customs")
    assert (version, agency, attempts, reason) == ("1", "customs", "3", "the register is down")
    assert deadline.endswith("Z")
    assert mrn in run("parked").stdout


def test_retry_asks_parked_questions_again_and_records_it(run: Any, trader: Caller, context: ClearanceContext) -> None:
    trader.lodge(tree())
    change(context, PARK)
    work(context)
    assert rows(context, "SELECT count(*) FROM decision") == [(0,)]
    assert run("retry", "--reason", "It is back", "--all").stdout == "1 parked question will be asked again.\n"
    ((actor, detail),) = rows(context, "SELECT actor, detail FROM event WHERE kind = 'retried'")
    assert (actor, msgspec.json.decode(detail)) == (
        "operator:cli",
        {"agency": "customs", "attempts": 3, "failure": "the register is down", "reason": "It is back"},
    )
    work(context)
    assert rows(context, "SELECT outcome FROM decision") == [("release",)]


def test_retry_takes_the_chosen_questions_only(run: Any, trader: Caller, context: ClearanceContext) -> None:
    mrns = [body_of(trader.lodge(tree(lrn)))["mrn"] for lrn in ("A", "B")]
    change(context, PARK)
    assert run("retry", "--reason", "It is back", "--agency", "firearms").stdout.startswith("0 parked questions")
    assert run("retry", "--reason", "It is back", "--mrn", make_mrn(2026, "ZZ", 1)).stdout.startswith(
        "0 parked questions"
    )
    assert run(
        "retry", "--reason", "It is back", "--mrn", f" {mrns[0].lower()}", "--agency", "Customs "
    ).stdout.startswith("1 parked question ")
    assert rows(context, "SELECT count(*) FROM outbox WHERE parked") == [(1,)]


@pytest.mark.parametrize("arguments", [("--agency", "custom"), ("--mrn", "26ZZ00000000000000"), ("--mrn", "LRN1")])
def test_what_names_no_agency_or_declaration_is_refused(run: Any, arguments: tuple[str, ...]) -> None:
    answer = run("retry", "--reason", "It is back", *arguments)
    assert (answer.exit_code, arguments[1] in answer.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--all", "--agency", "customs")])
def test_retry_wants_to_know_which(run: Any, arguments: tuple[str, ...]) -> None:
    answer = run("retry", "--reason", "It is back", *arguments)
    assert answer.exit_code == 2
    assert "only --all" in answer.stderr


def test_a_question_parked_because_its_workers_ended_has_its_event(trader: Caller, context: ClearanceContext) -> None:
    trader.lodge(tree())
    (batch,) = [batch for batch in dispatch.make_batches(context) if batch.agency == "customs"]
    change(context, f"UPDATE batch SET claimed = true, lease_until = 0 WHERE id = {batch.id}")
    change(context, "UPDATE outbox SET attempts = 2 WHERE agency = 'customs'")
    assert dispatch.take_back(context) == 1
    ((detail,),) = rows(context, "SELECT detail FROM event WHERE kind = 'parked'")
    assert msgspec.json.decode(detail) == {"agency": "customs", "failure": "the worker ended before it answered"}
    assert rows(context, "SELECT count(*) FROM outbox WHERE parked") == [(1,)]


def test_retrying_taking_back_and_closing_at_once_never_wait_in_a_ring(
    trader: Caller, context: ClearanceContext
) -> None:
    for number in range(12):
        trader.lodge(tree(f"RING{number}"))

    def put_back(_: int) -> None:
        retry(context.engine, Choice())

    def take_back(_: int) -> None:
        dispatch.make_batches(context)
        change(context, "UPDATE batch SET claimed = true, lease_until = 0")
        dispatch.take_back(context)

    def close(_: int) -> None:
        change(context, "UPDATE outbox SET deadline_at = 0 WHERE version_id = (SELECT max(version_id) FROM outbox)")
        dispatch.answer_for_silence(context)

    with ThreadPoolExecutor(3) as pool:
        rounds = [pool.submit(task, number) for number in range(20) for task in (put_back, take_back, close)]
        for each in rounds:
            each.result()
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    assert rows(context, "SELECT count(*) FROM decision") == [(12,)]
