"""Every notice on both databases: when it comes and in which order, what it says, and that it is a valid RES message.

A refused declaration gets no notice (03): it is not stored, and the answer to the call says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.registry import build_adapters
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import answer_for_silence
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.declarations.reading.message import Limits
from singlewindow.declarations.reading.schema import is_valid, parse
from singlewindow.life_cycle.deadlines import DAY
from singlewindow.life_cycle.machine import DEADLINES, EXPECTED, TRANSITIONS, UNDECIDED, State, Step
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import iso
from tests.integration.conftest import Caller, Callers, app_over, body_of, work
from tests.integration.documents import PISTOLS, XML_TYPE, tree
from tests.integration.record import change, rows
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, pass_days, rule, send, state_of
from tests.integration.test_officers import by_officers, post, question_about, take
from tests.integration.test_refused_requests import Scene, correction, message
from tests.unit.declarations.amending.messages import amendments, item, reason

Story = Callable[[Scene], None]
SAWS = item("<Commodity><Description>Saws</Description></Commodity>")
EXPORT: dict[str, Any] = {"TypeCode": "EXA", "ExitOffice": {"ID": "GB000060"}}


def lodge(scene: Scene, **declared: Any) -> Scene:
    """Lodge another declaration and let the agencies answer."""
    if declared.get("TypeCode") == "EXA":
        declared["Exporter"] = {"ID": scene.trader.party}
    receipt = scene.trader.lodge(tree(**declared))
    assert receipt.status_code == 202, receipt.data
    work(scene.context)
    return scene._replace(mrn=str(body_of(receipt)["mrn"]))


def plain(scene: Scene) -> None:
    lodge(scene)


def inspected(scene: Scene) -> None:
    lodge(scene, commodity=PISTOLS)


def overdue_inspection(scene: Scene) -> None:
    lodge(scene, commodity=PISTOLS)
    pass_days(scene.context, 4)
    assert pass_deadlines(scene.context) == 1


def early(scene: Scene) -> None:
    mrn = lodge_in_advance(scene.trader)
    work(scene.context)
    assert send(scene.trader, mrn, "arrival", arrived(scene.context)).status_code == 200


def early_inspected(scene: Scene) -> None:
    mrn = lodge_in_advance(scene.trader, commodity=PISTOLS)
    work(scene.context)
    assert send(scene.trader, mrn, "arrival", arrived(scene.context)).status_code == 200


def lapsed(scene: Scene) -> None:
    lodge_in_advance(scene.trader)
    work(scene.context)
    for days in (26, 5):
        pass_days(scene.context, days)
        assert pass_deadlines(scene.context) == 1


def supplementary(scene: Scene) -> None:
    receipt = scene.trader.lodge(tree(TypeCode="IMY", AcceptanceDateTime=_today(scene.context)))
    assert receipt.status_code == 202, receipt.data
    work(scene.context)


def _today(context: ClearanceContext) -> dict[str, Any]:
    with reading(context.engine) as connection:
        day = (iso(clock(connection) - DAY) or "")[:10].replace("-", "")
    return {"DateTimeString": {"@formatCode": "102", "#text": day}}


def amended(scene: Scene) -> None:
    receipt = scene.trader.lodge(tree())
    scene = scene._replace(mrn=str(body_of(receipt)["mrn"]))
    words = reason("A typing error", 1) + amendments("42A/67A/68A[1]/23A#137") + SAWS
    assert message(words)(scene).status_code == 200
    work(scene.context)


def amended_by_officer(scene: Scene) -> None:
    scene = lodge(scene)
    answer = put(scene.trader, scene.mrn, tree(description="Saws"))
    assert answer.status_code == 202, answer.data
    rule(scene.callers.agency("customs"), (scene.mrn, body_of(answer)["request"]), "granted")
    work(scene.context)


def amendment_refused(scene: Scene) -> None:
    scene = lodge(scene, commodity=PISTOLS)
    answer = put(scene.trader, scene.mrn, tree(commodity=PISTOLS, description="Toys"))
    rule(scene.callers.agency("customs"), (scene.mrn, body_of(answer)["request"]), "refused")


def not_possible(scene: Scene) -> None:
    scene = lodge(scene)
    change(scene.context, "UPDATE version SET state = 'impounded'")
    assert correction("42A/67A/68A[1]/23A#137", values=SAWS)(scene).status_code == 409


def cancelled(scene: Scene) -> None:
    mrn = str(body_of(scene.trader.lodge(tree()))["mrn"])
    assert send(scene.trader, mrn, "cancellation", {"reason": "Lodged twice"}).status_code == 200


def exported(scene: Scene) -> None:
    scene = lodge(scene, **EXPORT)
    report = arrived(scene.context, milestone="exited")
    assert send(scene.trader, scene.mrn, "milestones", report).status_code == 200


def exit_awaited(scene: Scene) -> None:
    lodge(scene, **EXPORT)
    pass_days(scene.context, 151)
    assert pass_deadlines(scene.context) == 1


STORIES: dict[Story, list[str]] = {
    plain: ["01", "08"],
    inspected: ["01", "05"],
    overdue_inspection: ["01", "05", "05"],
    early: ["02", "02", "01", "08"],
    early_inspected: ["02", "02", "01", "05"],
    lapsed: ["02", "02", "02", "10"],
    supplementary: ["01", "09"],
    amended: ["01", "02", "11", "07", "08"],
    amended_by_officer: ["01", "08", "02", "11", "07", "09"],
    amendment_refused: ["01", "05", "02", "11"],
    not_possible: ["01", "08", "02", "11"],
    cancelled: ["01", "02", "11", "10"],
    exported: ["01", "08", "16"],
    exit_awaited: ["01", "08", "18"],
}


@pytest.fixture
def scene(context: ClearanceContext, callers: Callers, trader: Caller) -> Scene:
    return Scene(context, callers, trader, "")


def notices(trader: Caller) -> list[dict[str, Any]]:
    return [each["response"] for each in body_of(trader.get("/v1/notices"))["notices"]]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_notices_come_in_this_order_and_each_is_valid_in_both_forms(scene: Scene, story: Story) -> None:
    story(scene)
    told = notices(scene.trader)
    assert [each["FunctionCode"] for each in told] == STORIES[story]
    assert len({each["FunctionalReferenceID"] for each in told}) == len(told)
    root = parse(scene.trader.get("/v1/notices", XML_TYPE).data, Limits())
    assert is_valid(root)
    assert [*texts(root, "FunctionalReferenceID")] == [*_references(told)]
    ((mrn, lrn),) = rows(scene.context, "SELECT mrn, lrn FROM declaration")
    assert {(each["Declaration"]["ID"], each["Declaration"]["FunctionalReferenceID"]) for each in told} == {(mrn, lrn)}
    assert told == notices(scene.trader), "what was said once is said so for ever"


def texts(root: Any, name: str) -> Iterator[str]:
    """The texts of an element in the responses, without those of the new values."""
    for node in root.iter("{urn:wco:datamodel:WCO:RES-DMS:2}" + name):
        yield node.text


def _references(told: list[dict[str, Any]]) -> Iterator[str]:
    for each in told:
        yield from (each["FunctionalReferenceID"], each["Declaration"]["FunctionalReferenceID"])


def test_together_the_stories_tell_every_code(context: ClearanceContext) -> None:
    produced = {code for codes in STORIES.values() for code in codes} | {"06"}
    assert produced == {"01", "02", "05", "06", "07", "08", "09", "10", "11", "16", "18"}


def last(scene: Scene, code: str) -> dict[str, Any]:
    return [each for each in notices(scene.trader) if each["FunctionCode"] == code][-1]


def moment_in(node: Any) -> bool:
    written = node["DateTimeString"]
    return bool(written["@formatCode"] == "304" and written["#text"].endswith("Z"))


def test_01_says_when_it_was_accepted(scene: Scene) -> None:
    plain(scene)
    assert moment_in(last(scene, "01")["Declaration"]["AcceptanceDateTime"])


def test_02_says_that_the_goods_may_go_on_arrival_and_when_the_declaration_lapses(scene: Scene) -> None:
    lapsed(scene)
    _, decided, warned, ended = notices(scene.trader)
    (words,) = decided["AdditionalInformation"]
    assert "as soon as their arrival is reported" in words["StatementDescription"]
    (warning,) = warned["AdditionalInformation"]
    assert moment_in(warning["LimitDateTime"])
    assert moment_in(ended["Declaration"]["CancellationDateTime"])
    assert "has lapsed" in ended["AdditionalInformation"][0]["StatementDescription"]


def test_05_points_at_the_items_and_again_at_each_deadline_says_the_next(scene: Scene) -> None:
    overdue_inspection(scene)
    _, first, again = notices(scene.trader)
    pointers = [each["Pointer"] for each in first["AdditionalInformation"] if "Pointer" in each]
    assert [step["DocumentSectionCode"] for step in pointers[0]] == ["42A", "67A", "68A"]
    assert pointers[0][-1]["SequenceNumeric"] == "1"
    overdue = again["AdditionalInformation"][0]
    assert (overdue["StatementTypeCode"], moment_in(overdue["LimitDateTime"])) == ("AES", True)
    assert overdue["StatementDescription"] == "The goods are at the border and wait for inspection."


def test_06_has_a_limit(context: ClearanceContext) -> None:
    agencies = by_officers(context.agencies)
    context = replace(context, agencies=agencies, adapters=build_adapters(agencies))
    callers = Callers(app_over(context), context)
    scene = Scene(context, callers, callers.trader(), "")
    scene = lodge(scene, commodity=PISTOLS)
    officer = callers.agency("firearms")
    question = question_about(officer, scene.mrn)
    take(officer, question)
    finding = {"profile": "by-hand", "legal_basis": "Act", "officer": "Look.", "trader": "Bring the licence.",
               "item": "1", "control": "documents"}  # fmt: skip
    post(officer, f"{question}/answer", {"lane": "yellow", "findings": [finding]})
    assert state_of(scene.trader, scene.mrn) == "documents-asked"
    limit, asked = last(scene, "06")["AdditionalInformation"]
    assert (limit["StatementTypeCode"], limit["StatementCode"], moment_in(limit["LimitDateTime"])) == (
        "ACA",
        "ACA",
        True,
    )
    assert (asked["StatementTypeCode"], asked["StatementDescription"]) == ("ACA", "Bring the licence.")
    assert asked["Pointer"][-1] == {"DocumentSectionCode": "68A", "SequenceNumeric": "1"}
    assert is_valid(parse(scene.trader.get("/v1/notices", XML_TYPE).data, Limits()))


def test_07_points_at_each_change_and_its_words_point_at_the_amendment(scene: Scene) -> None:
    amended(scene)
    told = last(scene, "07")
    (amendment,) = told["Amendment"]
    assert amendment["ChangeReasonCode"] == "32"
    steps = [(step["DocumentSectionCode"], step.get("SequenceNumeric")) for step in amendment["Pointer"]]
    assert steps == [("42A", None), ("67A", None), ("68A", "1"), ("23A", None)]
    assert amendment["Pointer"][-1]["TagID"] == "137"
    (words,) = told["AdditionalInformation"]
    assert (words["StatementTypeCode"], words["StatementDescription"]) == ("AES", "A typing error")
    assert words["Pointer"] == [
        {"DocumentSectionCode": "07B"}, {"DocumentSectionCode": "06A", "SequenceNumeric": "1"},
    ]  # fmt: skip
    (new,) = told["dec:Declaration"]["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    assert (new["SequenceNumeric"], new["Commodity"]["Description"]) == ("1", "Saws")
    assert told["Declaration"]["VersionID"] == "2"


@pytest.mark.parametrize(("story", "code"), [(plain, "08"), (supplementary, "09")])
def test_a_release_has_its_result(scene: Scene, story: Story, code: str) -> None:
    story(scene)
    assert last(scene, code)["AdditionalInformation"] == [{"StatementCode": "A2", "StatementTypeCode": "AFB"}]


def test_10_says_when_and_why(scene: Scene) -> None:
    cancelled(scene)
    told = last(scene, "10")
    assert moment_in(told["Declaration"]["CancellationDateTime"])
    assert told["AdditionalInformation"] == [{"StatementDescription": "Lodged twice", "StatementTypeCode": "AFB"}]


@pytest.mark.parametrize(
    ("story", "status", "words"),
    [
        (cancelled, "39", None),
        (amendment_refused, "41", "As you ask."),
        (not_possible, "41", "The goods are impounded."),
    ],
)
def test_11_says_whether_it_is_granted_and_why_not(scene: Scene, story: Story, status: str, words: str | None) -> None:
    story(scene)
    told = last(scene, "11")
    assert told["Status"] == [{"NameCode": status}]
    said = [each["StatementDescription"] for each in told.get("AdditionalInformation", [])]
    assert [each[: len(words or "")] for each in said] == ([] if words is None else [words])


def test_16_says_since_when_and_from_which_office(scene: Scene) -> None:
    exported(scene)
    told = last(scene, "16")
    (status,) = told["Status"]
    assert (status["NameCode"], moment_in(status["EffectiveDateTime"])) == ("A1", True)
    assert told["AdditionalInformation"] == [{"StatementCode": "GB000060", "StatementTypeCode": "CEX"}]


def test_18_has_a_limit(scene: Scene) -> None:
    exit_awaited(scene)
    (limit,) = last(scene, "18")["AdditionalInformation"]
    assert (limit["StatementTypeCode"], moment_in(limit["LimitDateTime"])) == ("CEX", True)


@pytest.mark.parametrize("state", DEADLINES, ids=str)
def test_when_the_deadline_of_a_state_passes_the_party_hears_of_it(scene: Scene, state: State) -> None:
    if state in EXPECTED:
        lodge_in_advance(scene.trader)
    else:
        scene.trader.lodge(tree(**EXPORT, Exporter={"ID": scene.trader.party}))
    if state not in UNDECIDED:
        work(scene.context)
    for _ in range(3):
        before = len(notices(scene.trader))
        change(scene.context, f"UPDATE version SET state = '{state}', state_until = 1, due_at = 1")
        change(scene.context, "UPDATE outbox SET deadline_at = 1")
        assert answer_for_silence(scene.context) + pass_deadlines(scene.context) > 0
        assert len(notices(scene.trader)) > before
        ((now, until, due),) = rows(scene.context, "SELECT state, state_until, due_at FROM version")
        if now != state or state is State.RELEASED:
            return
        assert TRANSITIONS[state, Step.DEADLINE_PASSED].to is state
        if due < until:  # an inspection may have to be ordered
            pass_deadlines(scene.context)
            ((until, due),) = rows(scene.context, "SELECT state_until, due_at FROM version")
        assert until == due > 1


def test_the_party_of_each_path_waits_no_longer_than_the_longest_deadline_says(scene: Scene) -> None:
    longest = max(scene.context.rulebooks.profile_of("GB").periods.arrival, 7) * DAY
    lodge_in_advance(scene.trader, "EARLY")
    scene.trader.lodge(tree("THERE", commodity=PISTOLS))
    supplementary(scene)
    for _ in range(12):
        before = states(scene)
        waits = [until for _, until in before.values() if until is not None]
        with reading(scene.context.engine) as connection:
            now = clock(connection)
        assert all(until - now <= longest for until in waits), before
        change(scene.context, "UPDATE outbox SET deadline_at = 1")
        change(scene.context, "UPDATE version SET due_at = 1, state_until = 1 WHERE due_at IS NOT NULL")
        passed = answer_for_silence(scene.context) + pass_deadlines(scene.context)
        if passed == 0:
            break
    final = {lrn: state for lrn, (state, _) in states(scene).items()}
    assert final["EARLY"] == "lapsed"
    assert final["THERE"] == "inspection-ordered"


def states(scene: Scene) -> dict[str, tuple[str, int | None]]:
    found = rows(
        scene.context, "SELECT lrn, state, state_until FROM version JOIN declaration d ON d.id = declaration_id"
    )
    return {lrn: (state, until) for lrn, state, until in found}
