"""Agencies whose officers answer through the interface, on both databases: one officer, one answer, one deadline."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import msgspec
import pytest

from adapters.registry import build_adapters
from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.agencies.agency import Agency
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import answer_for_silence
from singlewindow.http.routes import ROUTES
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import iso
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import change, rows
from tests.integration.test_amending import put
from tests.integration.test_life import codes, state_of

AGENCY = "firearms"
LIST = f"/v1/agencies/{AGENCY}/questions"
GREEN: dict[str, Any] = {"lane": "green"}
RED = {
    "lane": "red",
    "controls": ["physical"],
    "findings": [{"profile": "by-hand", "legal_basis": "Firearms Act", "officer": "Look at the receivers.",
                  "trader": "Bring the licence.", "item": "1", "control": "physical"}],
}  # fmt: skip


def by_officers(agencies: Mapping[str, Agency], code: str = AGENCY) -> dict[str, Agency]:
    """The agencies, one of them with officers in the place of its profiles."""
    agency = agencies[code]
    head = msgspec.structs.replace(agency.head, adapter="officer", deadline_seconds=3600.0)
    return {**agencies, code: replace(agency, head=head, method=replace(agency.method, profiles=()))}


@pytest.fixture
def context(context: ClearanceContext) -> ClearanceContext:
    """The context of all integration tests, with officers at the firearms authority."""
    agencies = by_officers(context.agencies)
    return replace(context, agencies=agencies, adapters=build_adapters(agencies))


@pytest.fixture
def officer(callers: Callers) -> Caller:
    return callers.agency(AGENCY)


@pytest.fixture
def mrn(trader: Caller) -> str:
    """A lodged import of pistols, which concerns the firearms authority."""
    return lodge(trader)


@pytest.fixture
def question(mrn: str, officer: Caller) -> str:
    """The path of the question about it."""
    return question_about(officer, mrn)


def lodge(trader: Caller, lrn: str = "LRN1") -> str:
    return str(body_of(trader.lodge(tree(lrn, commodity=PISTOLS, description="Pistols")))["mrn"])


def question_about(officer: Caller, mrn: str) -> str:
    (found,) = [each for each in body_of(officer.get(LIST))["questions"] if each["mrn"] == mrn]
    return f"{LIST}/{found['question']}"


def take(officer: Caller, question: str) -> Any:
    return officer.call("PUT", f"{question}/officer")


def give_back(officer: Caller, question: str) -> Any:
    return officer.call("DELETE", f"{question}/officer")


def post(caller: Caller, path: str, body: Mapping[str, Any]) -> Any:
    return caller.post(json.dumps(body).encode(), path=path)


def key_of(officer: Caller) -> str:
    return officer.key.split("_")[1]


def kinds(context: ClearanceContext) -> list[str]:
    return [kind for (kind,) in rows(context, "SELECT kind FROM event WHERE version_id IS NOT NULL ORDER BY id")]


def test_a_question_waits_for_an_officer_who_takes_it_and_answers(
    trader: Caller, context: ClearanceContext, officer: Caller, mrn: str, question: str
) -> None:
    work(context)
    work(context)
    assert state_of(trader, mrn) == "presented"
    (listed,) = body_of(officer.get(LIST))["questions"]
    assert (listed["mrn"], listed["version"], listed["items"], listed["taken_by"]) == (mrn, 1, ["1"], None)
    assert listed["deadline"] > listed["asked_at"]
    taken = body_of(take(officer, question))
    assert (taken["taken_by"], body_of(officer.get(question))["question"]["taken_by"]) == (key_of(officer),) * 2
    receipt = post(officer, f"{question}/answer", RED)
    assert (receipt.status_code, body_of(receipt)["late"]) == (200, False)
    assert state_of(trader, mrn) == "inspection-ordered"
    assert "Item 1: Bring the licence." in body_of(trader.get(f"/v1/declarations/{mrn}/decision"))["reasons"]
    assert body_of(officer.get(LIST)) == {"questions": [], "next": "0"}


def test_an_officer_sees_what_the_law_lets_the_agency_see_and_no_more(
    context: ClearanceContext, officer: Caller, question: str
) -> None:
    content = body_of(officer.get(question))
    assert (content["after_release"], content["queries"]) == (False, [])
    assert content["view"]["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]["Commodity"]["Description"] == "Pistols"
    declared, seen = paths_of(tree(commodity=PISTOLS)), paths_of(content["view"])
    assert seen == declared & context.agencies[AGENCY].entitlement.maximum
    assert seen < declared


def paths_of(node: Any, path: str = "Declaration") -> set[str]:
    """Every element and attribute with a value, as the entitlements write them."""
    if isinstance(node, list):
        return {found for each in node for found in paths_of(each, path)}
    if not isinstance(node, dict):
        return {path}
    below = {name: path if name == "#text" else f"{path}/{name}" for name in node}
    return {found for name, value in node.items() for found in paths_of(value, below[name])}


def test_the_trail_names_the_officer_of_each_step(
    context: ClearanceContext, callers: Callers, officer: Caller, mrn: str, question: str
) -> None:
    work(context)
    for step in (take, give_back, take):
        assert step(officer, question).status_code == 200
    assert post(officer, f"{question}/answer", GREEN).status_code == 200
    steps = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))["timeline"]
    own = [(step["kind"], step["detail"]["officer"]) for step in steps if "officer" in step["detail"]]
    key = key_of(officer)
    assert own == [("taken", key), ("given-back", key), ("taken", key), ("assessed", key)]
    assert {step["actor"] for step in steps if "officer" in step["detail"]} == {f"agency:{AGENCY}"}


def test_only_the_officer_who_has_a_question_works_on_it(callers: Callers, officer: Caller, question: str) -> None:
    other = callers.agency(AGENCY)
    for path, body in (("answer", GREEN), ("queries", {"words": "Where is the licence?"})):
        assert problem(post(other, f"{question}/{path}", body)) == (409, "QUESTION_NOT_TAKEN")
    assert take(officer, question).status_code == 200
    assert take(officer, question).headers["Idempotent-Replayed"] == "true"
    refusals = [take(other, question), give_back(other, question), post(other, f"{question}/answer", GREEN),
                post(other, f"{question}/queries", {"words": "Where is the licence?"})]  # fmt: skip
    assert {problem(each) for each in refusals} == {(409, "QUESTION_TAKEN")}
    assert f"The officer with the key {key_of(officer)} has had this question since" in body_of(refusals[0])["detail"]
    assert give_back(officer, question).status_code == 200
    assert give_back(officer, question).headers["Idempotent-Replayed"] == "true"
    assert take(other, question).status_code == 200


def test_two_officers_at_once_one_takes_it(
    context: ClearanceContext, callers: Callers, trader: Caller, officer: Caller
) -> None:
    officers = [callers.agency(AGENCY) for _ in range(4)]
    for number in range(8):
        question = question_about(officer, lodge(trader, f"LRN-{number}"))
        outcomes = at_once(lambda each, name=question: take(each, name).status_code, officers)
        assert sorted(outcomes) == [200, 409, 409, 409]
        assert kinds(context).count("taken") == number + 1


def test_one_answer_counts_however_often_and_differently_it_is_given(
    context: ClearanceContext, trader: Caller, officer: Caller
) -> None:
    for number in range(8):
        mrn = lodge(trader, f"LRN-{number}")
        question = question_about(officer, mrn)
        work(context)
        assert take(officer, question).status_code == 200
        said = at_once(lambda body, name=question: post(officer, f"{name}/answer", body).status_code, [GREEN, RED] * 2)
        assert sorted(said) == [200, 200, 409, 409]
    assert rows(context, "SELECT count(*) FROM decision")[0][0] == 8
    assert rows(context, f"SELECT count(*) FROM assessment WHERE agency = '{AGENCY}'")[0][0] == 8


def at_once(act: Any, each: list[Any]) -> list[Any]:
    start = Barrier(len(each))

    def run(one: Any) -> Any:
        start.wait()
        return act(one)

    with ThreadPoolExecutor(len(each)) as pool:
        return list(pool.map(run, each))


@pytest.mark.parametrize("taken", [False, True], ids=["nobody took it", "taken and forgotten"])
def test_a_question_that_is_not_answered_runs_into_its_deadline(
    context: ClearanceContext, officer: Caller, question: str, taken: bool
) -> None:
    work(context)
    if taken:
        take(officer, question)
    assert answer_for_silence(context) == 0
    change(context, "UPDATE outbox SET deadline_at = 1")
    assert answer_for_silence(context) == 1
    assert rows(context, "SELECT state FROM version") == [("inspection-ordered",)]
    assert problem(take(officer, question)) == (409, "QUESTION_CLOSED")
    late = post(officer, f"{question}/answer", GREEN)
    assert (late.status_code, body_of(late)["late"]) == (200, True)
    assert rows(context, "SELECT state FROM version") == [("inspection-ordered",)]


def test_the_party_is_asked_and_its_answer_goes_to_the_officer(
    trader: Caller, context: ClearanceContext, officer: Caller, mrn: str, question: str
) -> None:
    work(context)
    take(officer, question)
    asked = post(officer, f"{question}/queries", {"words": "Which licence do you have?"})
    assert (asked.status_code, body_of(asked)["answer"]) == (200, None)
    assert post(officer, f"{question}/queries", {"words": "Which licence do you have?"}).headers["Idempotent-Replayed"]
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert (notice["function_code"], notice["mrn"]) == ("06", mrn)
    (said,) = notice["response"]["AdditionalInformation"]
    assert (said["StatementTypeCode"], said["StatementDescription"]) == ("ACA", "Which licence do you have?")
    assert said["LimitDateTime"]["DateTimeString"]["@formatCode"] == "304"
    answered = post(trader, answer_path(notice), {"words": "Licence 4711, attached."})
    assert (answered.status_code, body_of(answered)["query"]) == (200, body_of(asked)["query"])
    again = post(trader, answer_path(notice), {"words": "Licence 4711, attached."})
    assert body_of(again) == body_of(answered)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert problem(post(trader, answer_path(notice), {"words": "None."})) == (409, "QUERY_CLOSED")
    (shown,) = body_of(officer.get(question))["queries"]
    assert (shown["words"], shown["answer"]) == ("Which licence do you have?", "Licence 4711, attached.")
    post(officer, f"{question}/answer", RED)
    assert codes(trader) == ["01", "06", "05"]
    assert body_of(trader.get("/v1/notices"))["notices"][1] == notice, "no decision changes what was said before it"


def answer_path(notice: Mapping[str, Any]) -> str:
    return f"/v1/declarations/{notice['mrn']}/queries/{notice['response']['FunctionalReferenceID']}"


def test_the_party_does_not_learn_who_asks(
    trader: Caller, officer: Caller, context: ClearanceContext, mrn: str, question: str
) -> None:
    take(officer, question)
    post(officer, f"{question}/queries", {"words": "Which licence do you have?"})
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    post(trader, answer_path(notice), {"words": "Licence 4711."})
    status = trader.get(f"/v1/declarations/{mrn}")
    assert [step["text"] for step in body_of(status)["timeline"]] == [
        "Lodged and accepted", "An officer asks: Which licence do you have?", "The party answers: Licence 4711.",
    ]  # fmt: skip
    shown = (status.data + json.dumps(notice).encode()).lower()
    assert AGENCY.encode() not in shown
    assert key_of(officer).encode() not in shown


@pytest.mark.parametrize("hours", [-1, 2], ids=["past", "after the question's deadline"])
def test_a_query_is_due_before_the_questions_deadline(
    context: ClearanceContext, officer: Caller, question: str, hours: int
) -> None:
    take(officer, question)
    with reading(context.engine) as connection:
        due = iso(clock(connection) + hours * 3_600_000_000)
    assert problem(post(officer, f"{question}/queries", {"words": "Which?", "answer_by": due})) == (
        422, "MOMENT_UNLIKELY",
    )  # fmt: skip


def test_a_query_with_its_own_limit_is_answered_before_it(
    trader: Caller, context: ClearanceContext, officer: Caller, question: str
) -> None:
    take(officer, question)
    with reading(context.engine) as connection:
        due = iso(clock(connection) + 60_000_000)
    assert body_of(post(officer, f"{question}/queries", {"words": "Which?", "answer_by": due}))["answer_by"] == due
    change(context, "UPDATE query SET answer_by = 1")
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert problem(post(trader, answer_path(notice), {"words": "This."})) == (409, "QUERY_CLOSED")


def test_nobody_waits_for_an_answer_once_the_question_is_closed(trader: Caller, officer: Caller, question: str) -> None:
    take(officer, question)
    post(officer, f"{question}/queries", {"words": "Which licence do you have?"})
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    post(officer, f"{question}/answer", GREEN)
    assert problem(post(trader, answer_path(notice), {"words": "Licence 4711."})) == (409, "QUERY_CLOSED")


def test_an_amendment_withdraws_the_question_and_the_new_one_shows_what_was_said(
    trader: Caller, context: ClearanceContext, officer: Caller, mrn: str, question: str
) -> None:
    take(officer, question)
    post(officer, f"{question}/queries", {"words": "Which licence do you have?"})
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    post(trader, answer_path(notice), {"words": "Licence 4711."})
    amended = put(trader, mrn, tree(commodity=PISTOLS, description="Pistols for sport"))
    assert (amended.status_code, body_of(amended)["answer"]) == (200, "granted")
    assert problem(take(officer, question)) == (409, "QUESTION_CLOSED")
    late = post(officer, f"{question}/answer", GREEN)
    assert body_of(late)["late"] is True
    renewed = question_about(officer, mrn)
    assert renewed != question
    (shown,) = body_of(officer.get(renewed))["queries"]
    assert shown["answer"] == "Licence 4711."


def test_strangers_find_no_question_and_no_query(
    trader: Caller, callers: Callers, officer: Caller, mrn: str, question: str
) -> None:
    take(officer, question)
    post(officer, f"{question}/queries", {"words": "Which licence do you have?"})
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    stranger = callers.trader("GB999999999000")
    assert problem(post(stranger, answer_path(notice), {"words": "Mine."})) == (404, "NOT_FOUND")
    own = str(body_of(stranger.lodge(tree("LRN9")))["mrn"])
    assert problem(post(stranger, answer_path({**notice, "mrn": own}), {"words": "Mine."})) == (404, "NOT_FOUND")
    for code in ("customs", "medicines"):
        other = callers.agency(code)
        assert body_of(other.get(f"/v1/agencies/{code}/questions"))["questions"] == []
        for path in (question, question.replace(AGENCY, code)):
            assert problem(other.get(path)) == (404, "NOT_FOUND")
            assert problem(take(other, path)) == (404, "NOT_FOUND")
            assert problem(post(other, f"{path}/answer", GREEN)) == (404, "NOT_FOUND")
    assert problem(officer.get(f"{LIST}/nosuch")) == (404, "NOT_FOUND")
    assert problem(post(officer, question.replace("questions", "assessments"), GREEN)) == (404, "NOT_FOUND")


def test_an_answer_names_no_item_that_the_agency_does_not_see(officer: Caller, question: str) -> None:
    take(officer, question)
    foreign = {**RED, "findings": [{**RED["findings"][0], "item": "2"}]}  # type: ignore[dict-item]
    assert problem(post(officer, f"{question}/answer", foreign)) == (422, "SCHEMA_INVALID")


def test_the_list_goes_on_page_by_page(trader: Caller, officer: Caller) -> None:
    mrns = [lodge(trader, f"LRN-{number}") for number in range(3)]
    seen, after = [], "0"
    while page := body_of(officer.get(f"{LIST}?after={after}&limit=2"))["questions"]:
        seen += [each["mrn"] for each in page]
        after = body_of(officer.get(f"{LIST}?after={after}&limit=2"))["next"]
    assert seen == mrns


def test_what_officers_read_is_recorded(context: ClearanceContext, officer: Caller, mrn: str, question: str) -> None:
    officer.get(question)
    read = rows(context, "SELECT actor, detail FROM event WHERE kind = 'read' ORDER BY id")
    assert {actor for actor, _ in read} == {f"agency:{AGENCY}"}
    details = [json.loads(bytes(detail)) for _, detail in read]
    assert [(each["call"], each["key_id"], each["mrns"]) for each in details] == [
        (f"GET /v1/agencies/<code>/questions{path}", key_of(officer), [mrn]) for path in ("", "/<question>")
    ]


def test_a_key_for_answers_of_a_system_is_no_officers(app: Any, context: ClearanceContext, question: str) -> None:
    narrow = create_key(context.engine, Role.AGENCY, agency=AGENCY, scopes=["answer"]).text
    for answer in (Caller(app, narrow).get(LIST), take(Caller(app, narrow), question)):
        assert problem(answer) == (403, "FORBIDDEN")


def test_what_officers_are_shown_is_what_the_document_describes(officer: Caller, question: str) -> None:
    for path in (LIST, question):
        (route,) = [each for each in ROUTES if each.method == "GET" and _fits(each.path, path)]
        answer = officer.get(path)
        assert answer.status_code == 200
        described: object = msgspec.json.decode(answer.data, type=route.responses[200].body, strict=True)
        assert body_of(answer) == msgspec.to_builtins(described)


def _fits(route: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"<\w+>", "[^/]+", route), path) is not None
