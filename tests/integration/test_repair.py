"""What is stuck is found, explained and mended: asked again or answered by hand, each with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.ask_stuck import AnswerStands, ask_stuck
from singlewindow.cli.operator.queue import queue
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import tree
from tests.integration.record import change, rows

PARK = "UPDATE outbox SET parked = true, attempts = 3, failure = 'the register is down' WHERE agency = 'customs'"
AWAIT = "UPDATE outbox SET awaiting = true WHERE agency = 'customs'"
QUESTIONS = "/v1/agencies/customs/questions"
GREEN = {"lane": "green"}


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(queue, arguments)

    return invoke


@pytest.fixture
def mrn(trader: Caller) -> str:
    return str(body_of(trader.lodge(tree()))["mrn"])


def cells(table: str, mrn: str, agency: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if mrn in line and f" {agency} " in line]
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_a_stuck_question_is_found_explained_and_asked_again(run: Any, mrn: str, context: ClearanceContext) -> None:
    change(context, PARK)
    shown = run("stuck", "--older", "0", "--mrn", mrn.lower())
    assert shown.exit_code == 0, shown.output
    assert cells(shown.stdout, mrn, "customs")[3] == "failed"
    assert "the register is down" in shown.stdout
    assert "failed: Asking has failed for good" in shown.stdout
    assert mrn not in run("stuck").stdout, "it has been open for less than a minute"
    asked = run("ask-again", "--mrn", mrn, "--agency", "customs", "--reason", "The register is back")
    assert asked.stdout == f"customs is asked again about {mrn}, in round 2.\n"
    work(context)
    assert rows(context, "SELECT outcome FROM decision") == [("release",)]
    ((actor, detail),) = rows(context, "SELECT actor, detail FROM event WHERE kind = 'asked-again'")
    assert (actor, msgspec.json.decode(detail)["reason"]) == ("operator:cli", "The register is back")


def test_a_retry_wants_a_reason(run: Any, mrn: str, context: ClearanceContext) -> None:
    change(context, PARK)
    assert run("retry", "--all").exit_code == 2
    assert rows(context, "SELECT count(*) FROM outbox WHERE parked") == [(1,)]


def test_an_agency_that_never_answers_is_asked_again(run: Any, mrn: str, context: ClearanceContext) -> None:
    change(context, AWAIT)
    assert cells(run("stuck", "--older", "0").stdout, mrn, "customs")[3] == "no-answer-yet"
    assert run("ask-again", "--mrn", mrn, "--agency", "customs", "--reason", "It lost the question").exit_code == 0
    work(context)
    assert rows(context, "SELECT outcome FROM decision") == [("release",)]


def test_what_an_officer_has_is_not_asked_again(
    mrn: str, callers: Callers, context: ClearanceContext, run: Any
) -> None:
    change(context, PARK)
    officer = callers.agency("customs")
    (shown,) = body_of(officer.get(QUESTIONS))["questions"]
    assert officer.call("PUT", f"{QUESTIONS}/{shown['question']}/officer?reason=Down").status_code == 200
    refused = run("ask-again", "--mrn", mrn, "--agency", "customs", "--reason", "It is back")
    assert (refused.exit_code, "has had this question since" in refused.output) == (1, True)
    assert post(officer, f"{QUESTIONS}/{shown['question']}/answer", GREEN).status_code == 200


def test_one_person_sets_no_answer_aside(run: Any, mrn: str, context: ClearanceContext) -> None:
    work(context)
    before = rows(context, "SELECT * FROM event")
    with pytest.raises(AnswerStands):
        ask_stuck(context, mrn, "customs", "Once more")
    refused = run("ask-again", "--mrn", mrn, "--agency", "customs", "--reason", "Once more")
    assert (refused.exit_code, "two officers" in refused.output) == (1, True)
    assert rows(context, "SELECT * FROM event") == before


@pytest.mark.parametrize(("agency", "reason", "error"), [("customs", " ", ValueError), ("bees", "Why", LookupError)])
def test_asking_again_without_reason_or_agency_is_refused(
    mrn: str, context: ClearanceContext, agency: str, reason: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask_stuck(context, mrn, agency, reason)


def test_what_was_never_asked_is_not_asked(mrn: str, context: ClearanceContext) -> None:
    assert ask_stuck(context, mrn, "firearms", "Why not") is None
    assert ask_stuck(replace(context), "26GB0000000000000X", "customs", "Why not") is None


def post(caller: Caller, path: str, body: Any) -> Any:
    return caller.call("POST", path, json=body)


@pytest.mark.parametrize("stuck", [PARK, AWAIT])
def test_an_officer_answers_a_stuck_question_by_hand(
    mrn: str, callers: Callers, context: ClearanceContext, stuck: str
) -> None:
    officer, other = callers.agency("customs"), callers.agency("customs")
    assert body_of(officer.get(QUESTIONS))["questions"] == [], "profiles answer"
    change(context, stuck)
    (shown,) = body_of(officer.get(QUESTIONS))["questions"]
    assert (shown["mrn"], shown["stuck"]) == (mrn, True)
    question = f"{QUESTIONS}/{shown['question']}"
    assert officer.get(question).status_code == 200
    assert problem(post(officer, f"{question}/answer", GREEN))[0] in {404, 409}
    assert problem(officer.call("PUT", f"{question}/officer")) == (422, "REASON_MISSING")
    assert problem(officer.call("PUT", f"{question}/officer?reason=%20")) == (422, "REASON_MISSING")
    assert officer.call("PUT", f"{question}/officer?reason=The+register+is+down").status_code == 200
    assert problem(other.call("PUT", f"{question}/officer?reason=Mine")) == (409, "QUESTION_TAKEN")
    assert post(officer, f"{question}/answer", GREEN).status_code == 200
    assert post(officer, f"{question}/answer", GREEN).status_code == 200, "the same again"
    work(context)
    assert rows(context, "SELECT outcome FROM decision") == [("release",)]
    ((detail,),) = rows(context, "SELECT detail FROM event WHERE kind = 'taken'")
    assert msgspec.json.decode(detail)["reason"] == "The register is down"


def test_a_question_that_is_not_stuck_is_not_answered_by_hand(
    mrn: str, callers: Callers, context: ClearanceContext
) -> None:
    officer = callers.agency("customs")
    ((version,),) = rows(context, "SELECT id FROM version")
    name = question_name(int(version), 1)
    assert problem(officer.call("PUT", f"{QUESTIONS}/{name}/officer?reason=Mine")) == (404, "NOT_FOUND")
    assert problem(post(officer, f"{QUESTIONS}/{name}/answer", GREEN)) == (404, "NOT_FOUND")


def test_another_agency_does_not_answer_it(mrn: str, callers: Callers, context: ClearanceContext) -> None:
    change(context, PARK)
    (shown,) = body_of(callers.agency("customs").get(QUESTIONS))["questions"]
    path = f"/v1/agencies/firearms/questions/{shown['question']}/officer?reason=Mine"
    assert problem(callers.agency("firearms").call("PUT", path)) == (404, "NOT_FOUND")
