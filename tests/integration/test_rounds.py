"""Rounds on both databases: agencies are asked again, the version is decided anew, and what was before stays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from adapters.contract import Pending, View
from singlewindow.agencies.agency import Remote
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.ask_again import Round, ask_again
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.late_answers import MOST_CONTRADICTIONS, Contradiction, Receipt
from singlewindow.clearance.deciding.respond import respond
from singlewindow.decisions.assessment import Answer, Assessment, Lane
from singlewindow.decisions.merge import merge, newest_rounds
from singlewindow.enquiries import reconciliation
from singlewindow.storage import assessments, decisions, declarations
from singlewindow.storage.trail import events
from tests.documents import original
from tests.integration.conftest import Caller, Callers, body_of
from tests.integration.documents import PISTOLS, tree
from tests.integration.lodging import arrival, store
from tests.integration.record import change, rows
from tests.properties import tries

AGENCY = "customs"
AGENCIES = ("customs", "firearms")
GREEN = json.dumps({"lane": "green"}).encode()
RED = json.dumps({"lane": "red", "controls": ["physical"]}).encode()


class Waiting:
    """An agency that takes every question and answers by itself."""

    def __init__(self, agency: str) -> None:
        self.agency, self.questions = agency, list[str]()

    def assess(self, view: View) -> Assessment:
        self.questions.append(view.question)
        raise Pending("the agency will answer by itself")


class Green:
    """An agency that lets everything pass."""

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def assess(self, view: View) -> Assessment:
        return Assessment(agency=self.agency, answer=Answer.ASSESSED, lane=Lane.GREEN)


@pytest.fixture
def context(context: ClearanceContext) -> ClearanceContext:
    """Customs and firearms answer by themselves, all others at once and green."""
    agencies, adapters = dict(context.agencies), {code: Green(code) for code in context.agencies}
    for code in AGENCIES:
        remote = Remote(url="http://127.0.0.1:9/", key_env="KEY", allow_http=True)
        agencies[code] = replace(agencies[code], remote=remote)
    return replace(context, agencies=agencies, adapters={**adapters, **{code: Waiting(code) for code in AGENCIES}})


def work_off(context: ClearanceContext) -> None:
    while made := dispatch.make_batches(context):
        assess_batches(context, *(batch.id for batch in made))


def version_of(context: ClearanceContext, mrn: str) -> int:
    query = f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE d.mrn = '{mrn}'"
    ((version_id,),) = rows(context, query)
    return int(version_id)


def again(*agencies: str) -> Round:
    return Round(agencies, "operator:cli", "new documents")


@pytest.fixture
def lodged(trader: Caller, context: ClearanceContext) -> tuple[str, int]:
    """A declaration of pistols, which customs and firearms are asked about: MRN and version."""
    mrn = str(body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"])
    work_off(context)
    return mrn, version_of(context, mrn)


def answer_all(context: ClearanceContext, version_id: int, asked_round: int, content: bytes) -> None:
    for code in AGENCIES:
        receipt = respond(context, code, question_name(version_id, asked_round), content)
        assert isinstance(receipt, Receipt)
        assert not receipt.late


def test_two_rounds_from_end_to_end(
    trader: Caller, callers: Callers, context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    mrn, version_id = lodged
    answer_all(context, version_id, 1, RED)
    first = body_of(trader.get(f"/v1/declarations/{mrn}/decision"))
    assert (first["number"], first["outcome"]) == (1, "inspect")

    asked = ask_again(context, version_id, again(*AGENCIES))
    assert [(each.agency, each.round) for each in asked] == [(code, 2) for code in AGENCIES]
    assert trader.get(f"/v1/declarations/{mrn}/decision").status_code == 202
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["state"] == "under-review"
    work_off(context)
    adapter = context.adapters[AGENCY]
    assert isinstance(adapter, Waiting)
    assert adapter.questions == [question_name(version_id), f"{question_name(version_id)}-2"]

    answer_all(context, version_id, 2, GREEN)
    second = body_of(trader.get(f"/v1/declarations/{mrn}/decision"))
    assert (second["number"], second["outcome"]) == (2, "release")
    status = body_of(trader.get(f"/v1/declarations/{mrn}"))
    assert (status["state"], status["decided_at"]) == ("released", second["decided_at"])
    audited = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))
    assert {each["lane"] for each in audited["agencies"]} == {"green"}
    assert [each["kind"] for each in audited["timeline"]].count("asked-again") == 1
    assert [each["text"].split(":")[0] for each in status["timeline"]] == ["Lodged and accepted", "Decided", "Decided"]


def test_notices_and_feed_say_of_each_decision_what_it_was(
    trader: Caller, callers: Callers, context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    _, version_id = lodged
    for asked_round, content in ((1, RED), (2, GREEN), (3, RED)):
        answer_all(context, version_id, asked_round, content)
        if asked_round < 3:
            ask_again(context, version_id, again(*AGENCIES))
    notices = body_of(trader.get("/v1/notices"))["notices"]
    assert [each["function_code"] for each in notices] == ["01", "05", "08", "06"]
    assert ["StatementDescription" in json.dumps(each["response"]) for each in notices] == [False, True, False, True]
    feed = body_of(callers.agency(AGENCY).get(f"/v1/agencies/{AGENCY}/feed"))["entries"]
    assert [each["kind"] for each in feed] == ["asked", "decided"] * 3
    assert [each["assessment"]["lane"] for each in feed[1::2]] == ["red", "green", "red"]
    assert [each["decision"]["outcome"] for each in feed[1::2]] == ["inspect", "release", "inspect"]
    with context.engine.connect() as connection:
        current = decisions.current_decision(connection, version_id)
    assert current is not None
    assert (current.number, current.outcome) == (3, "inspect")
    assert rows(context, "SELECT number FROM decision UNION ALL SELECT number FROM later_decision ORDER BY 1") == [
        (1,), (2,), (3,)
    ]  # fmt: skip


def test_once_the_goods_are_released_no_verdict_orders_an_inspection(
    trader: Caller, callers: Callers, context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    mrn, version_id = lodged
    answer_all(context, version_id, 1, GREEN)
    ask_again(context, version_id, again(*AGENCIES))
    answer_all(context, version_id, 2, RED)
    told = body_of(trader.get(f"/v1/declarations/{mrn}/decision"))
    assert (told["outcome"], told["controls"]) == ("inspect", ["documents"])
    assert told["reasons"][0] == "The documents for the goods will be checked."
    assert "physical" not in json.dumps(told)
    audited = body_of(callers.auditor().get(f"/v1/declarations/{mrn}/decision"))
    assert (audited["lane"], "notice=06 after_release=true" in audited["reasons"][0]) == ("yellow", True)
    feed = body_of(callers.agency(AGENCY).get(f"/v1/agencies/{AGENCY}/feed"))["entries"]
    assert feed[-1]["decision"]["controls"] == ["documents"]
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["state"] == "documents-asked-after-release"
    ask_again(context, version_id, again(*AGENCIES))
    answer_all(context, version_id, 3, GREEN)
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["state"] == "released"


def test_an_answer_to_an_older_round_is_late_for_it_and_changes_nothing(
    context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    _, version_id = lodged
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    ask_again(context, version_id, again(AGENCY))
    late = respond(context, AGENCY, question_name(version_id), RED)
    assert isinstance(late, Receipt)
    assert late.late
    respond(context, AGENCY, question_name(version_id, 2), GREEN)
    assert isinstance(respond(context, AGENCY, question_name(version_id), GREEN), Contradiction)
    assert respond(context, AGENCY, question_name(version_id, 3), GREEN) is None
    kept = rows(context, "SELECT agency, round FROM late_assessment")
    assert kept == [(AGENCY, 1)]
    answers = rows(context, f"SELECT round, answer, lane FROM assessment WHERE agency = '{AGENCY}' ORDER BY round")
    assert answers == [(1, "silent", "orange"), (2, "assessed", "green")]


def test_different_answers_are_noted_for_each_question_of_its_own(
    context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    _, version_id = lodged
    noted = [json.dumps({"lane": "orange", "score": score}).encode() for score in range(MOST_CONTRADICTIONS)]
    for asked_round in (1, 2):
        answer_all(context, version_id, asked_round, GREEN)
        for content in (*noted, *noted, RED):  # each is sent twice, and one more is over the limit
            other = respond(context, AGENCY, question_name(version_id, asked_round), content)
            assert isinstance(other, Contradiction)
        if asked_round == 1:
            ask_again(context, version_id, again(*AGENCIES))
            work_off(context)
    with context.engine.connect() as connection:
        trail = events.of_subject(connection, version_id)
    rounds = Counter(entry.detail["round"] for entry in trail if entry.kind is events.Kind.CONTRADICTED)
    assert rounds == {1: MOST_CONTRADICTIONS, 2: MOST_CONTRADICTIONS}


def test_a_contradiction_noted_before_there_were_rounds_is_of_the_first(
    context: ClearanceContext, lodged: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, version_id = lodged
    answer_all(context, version_id, 1, GREEN)
    record = events.record

    def record_without_round(connection: Connection, made: Iterable[events.Event]) -> None:
        for entry in made:
            entry.detail.pop("round")
            record(connection, [entry])

    with monkeypatch.context() as before:
        before.setattr(events, "record", record_without_round)
        respond(context, AGENCY, question_name(version_id), RED)
    respond(context, AGENCY, question_name(version_id), RED)
    assert rows(context, "SELECT count(*) FROM event WHERE kind = 'contradicted'") == [(1,)]


def test_a_question_that_is_open_is_replaced_by_the_newer_one(
    callers: Callers, context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    mrn, version_id = lodged
    ask_again(context, version_id, again(AGENCY))
    assert rows(context, f"SELECT round FROM outbox WHERE agency = '{AGENCY}'") == [(2,)]
    assert rows(context, "SELECT agency, round, answer FROM assessment WHERE answer = 'replaced'") == [
        (AGENCY, 1, "replaced")
    ]
    respond(context, AGENCY, question_name(version_id, 2), GREEN)
    respond(context, "firearms", question_name(version_id), GREEN)
    assert rows(context, "SELECT number, outcome FROM decision") == [(1, "release")]
    texts = [each["text"] for each in body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))["timeline"]]
    assert sum("had not answered when it was asked again" in each for each in texts) == 1
    assert rows(context, "SELECT name FROM tally WHERE name LIKE 'unanswered/%'") == []


def test_an_answer_of_a_worker_whose_question_was_replaced_is_late(
    context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    _, version_id = lodged
    change(context, f"UPDATE outbox SET awaiting = false WHERE agency = '{AGENCY}'")
    (batch,) = dispatch.make_batches(context)

    class Meanwhile(Green):
        def assess(self, view: View) -> Assessment:
            ask_again(context, version_id, again(AGENCY))
            return super().assess(view)

    assert assess_batches(replace(context, adapters={AGENCY: Meanwhile(AGENCY)}), batch.id) == 0
    assert rows(context, "SELECT agency, round FROM late_assessment") == [(AGENCY, 1)]
    assert rows(context, f"SELECT round, batch_id FROM outbox WHERE agency = '{AGENCY}'") == [(2, None)]


def test_an_agency_that_was_not_asked_before_has_its_first_round(
    callers: Callers, context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    mrn, version_id = lodged
    answer_all(context, version_id, 1, GREEN)
    asked = {agency for (agency,) in rows(context, "SELECT agency FROM assessment")}
    other = min(context.agencies.keys() - asked)
    (question,) = ask_again(context, version_id, again(other))
    assert question.round == 1
    work_off(context)
    audited = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))
    assert (audited["state"], other in {each["agency"] for each in audited["agencies"]}) == ("released", True)
    kinds = [each["kind"] for each in body_of(callers.agency(other).get(f"/v1/agencies/{other}/feed"))["entries"]]
    assert kinds == ["asked", "decided"]


@pytest.mark.parametrize("codes", [(), ("nobody",)])
def test_who_cannot_be_asked_is_refused_and_nothing_changes(
    context: ClearanceContext, lodged: tuple[str, int], codes: tuple[str, ...]
) -> None:
    _, version_id = lodged
    answer_all(context, version_id, 1, GREEN)
    with pytest.raises(LookupError):
        ask_again(context, version_id, again(*codes))
    with pytest.raises(LookupError):
        ask_again(context, 1, again(AGENCY))
    assert rows(context, "SELECT count(*) FROM version WHERE decided_at IS NULL") == [(0,)]


def test_the_record_of_several_rounds_agrees_with_its_trail(context: ClearanceContext, lodged: tuple[str, int]) -> None:
    _, version_id = lodged
    answer_all(context, version_id, 1, RED)
    ask_again(context, version_id, again(*AGENCIES))
    answer_all(context, version_id, 2, GREEN)
    assert _differences(context) == []
    change(context, "UPDATE assessment SET round = 3 WHERE round = 2 AND agency = 'customs'")
    assert _differences(context) != []


def test_what_events_of_before_rounds_do_not_say_is_the_first(
    context: ClearanceContext, lodged: tuple[str, int]
) -> None:
    answer_all(context, lodged[1], 1, RED)
    for id_, detail in rows(context, "SELECT id, detail FROM event"):
        older = {name: value for name, value in msgspec.json.decode(detail).items() if name not in ("round", "number")}
        with context.engine.begin() as connection:
            statement = text("UPDATE event SET detail = :detail WHERE id = :id")
            connection.execute(statement, {"detail": msgspec.json.encode(older), "id": id_})
    assert _differences(context) == []


def _differences(context: ClearanceContext) -> list[str]:
    return [words for _, found in reconciliation.compare_with_trail(context.engine) for words in found]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([AGENCIES, ("customs",), ("firearms",)])),
        st.tuples(st.just("answer"), st.sampled_from(AGENCIES), st.integers(1, 3), st.sampled_from([GREEN, RED])),
        st.tuples(st.just("silence"), st.sampled_from(AGENCIES)),
        st.tuples(st.just("work")),
    ),
    max_size=12,
)


def test_whatever_happens_one_decision_stands_made_of_the_newest_answers_and_nothing_is_lost(
    context: ClearanceContext,
) -> None:
    @settings(max_examples=tries(1 / 3), deadline=None)
    @given(steps=STEPS)
    def anything(steps: list[tuple[Any, ...]]) -> None:
        _take(context, steps)

    anything()


def _take(context: ClearanceContext, steps: list[tuple[Any, ...]]) -> None:
    version_id = _lodge_one(context)
    sent: set[tuple[str, int, bytes]] = set()
    for step, *what in steps:
        if step == "ask":
            ask_again(context, version_id, again(*what[0]))
        elif step == "answer":
            agency, asked_round, content = what
            if isinstance(respond(context, agency, question_name(version_id, asked_round), content), Receipt):
                sent.add((agency, asked_round, content))
        elif step == "silence":
            change(context, f"UPDATE outbox SET deadline_at = 0 WHERE version_id = {version_id}"
                            f" AND agency = '{what[0]}'")  # fmt: skip
            dispatch.answer_for_silence(context)
        else:
            work_off(context)
        _check(context, version_id, sent)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    _check(context, version_id, sent)
    assert rows(context, f"SELECT count(*) FROM version WHERE id = {version_id} AND decided_at IS NULL") == [(0,)]


_names: Iterator[int] = iter(range(1_000_000))


def _lodge_one(context: ClearanceContext) -> int:
    name = f"ROUNDS{next(_names)}"
    store(context, [arrival(context, name, original(name))])
    ((version_id,),) = rows(context, f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id"
                                     f" WHERE d.lrn = '{name}'")  # fmt: skip
    ask_again(context, version_id, again(*AGENCIES))
    work_off(context)
    return int(version_id)


def _check(context: ClearanceContext, version_id: int, sent: set[tuple[str, int, bytes]]) -> None:
    with context.engine.connect() as connection:
        (version,) = declarations.lock_versions(connection, [version_id])
        current = decisions.current_decision(connection, version_id)
        given = assessments.answers_of_complete(connection, [version_id]).get(version_id, [])
    opened = rows(context, f"SELECT agency, round FROM outbox WHERE version_id = {version_id}")
    numbers = [number for (number,) in rows(context, f"SELECT number FROM decision WHERE version_id = {version_id}"
               f" UNION ALL SELECT number FROM later_decision WHERE version_id = {version_id} ORDER BY 1")]  # fmt: skip
    assert (version.decided_at is None) == bool(opened) == (current is None)
    assert numbers == list(range(1, len(numbers) + 1))
    if current is not None:
        assert current.number == len(numbers)
        asked = [entry.agency for entry in version.routing if entry.asked]
        basis = next(entry.basis for entry in version.routing if entry.agency == AGENCY)
        assert isinstance(basis, msgspec.Struct)
        before = " UNION ".join(
            f"SELECT outcome FROM {table} WHERE version_id = {version_id} AND number < {current.number}"
            for table in ("decision", "later_decision")
        )
        gone = ("release",) in rows(context, before)
        assert current.fingerprint == merge(newest_rounds(given), asked, basis, gone=gone).fingerprint
    _check_rounds(context, version_id, opened)
    kept = {
        (agency, asked_round, msgspec.json.decode(body, type=Assessment).lane)
        for table in ("assessment", "late_assessment", "later_late_assessment")
        for agency, asked_round, body in rows(
            context, f"SELECT agency, round, body FROM {table} WHERE version_id = {version_id}"
        )
    }
    assert {(agency, asked_round, json.loads(content)["lane"]) for agency, asked_round, content in sent} <= kept


def _check_rounds(context: ClearanceContext, version_id: int, opened: Sequence[Any]) -> None:
    """Each agency's rounds have no gap, and each is either closed once or open."""
    closed = rows(context, f"SELECT agency, round FROM assessment WHERE version_id = {version_id}")
    counted = Counter((agency, asked_round) for agency, asked_round in [*opened, *closed])
    assert set(counted.values()) <= {1}
    for code in {agency for agency, _ in counted}:
        mine = sorted(asked_round for agency, asked_round in counted if agency == code)
        assert mine == list(range(1, len(mine) + 1))
