from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Outcome, Verdict, merge

LANES = list(Lane)
AGENCIES = st.sampled_from(["customs", "firearms", "health", "transport"])
FINDINGS = st.builds(
    Finding,
    profile=st.sampled_from(["A-1", "B-2"]),
    legal_basis=st.just("clause 1"),
    weight=st.integers(0, 100),
    control=st.none() | st.sampled_from(Control),
    officer=st.sampled_from(["look", "look twice"]),
    trader=st.text(max_size=5),
    item=st.none() | st.sampled_from(["1", "2", "10", "x", "\u0663"]),
)
ASSESSMENTS = st.builds(
    Assessment,
    agency=AGENCIES,
    answer=st.sampled_from(Answer),
    lane=st.sampled_from(Lane),
    score=st.integers(0, 100),
    controls=st.lists(st.sampled_from(Control), max_size=3).map(tuple),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    profiles=st.sampled_from(["", "f"]),
)
MANY = st.lists(ASSESSMENTS, max_size=6)
ASKED = st.lists(AGENCIES, max_size=4)


def green(agency: str) -> Assessment:
    return Assessment(agency=agency, answer=Answer.ASSESSED, lane=Lane.GREEN)


def wants(agency: str, *controls: Control, lane: Lane = Lane.ORANGE) -> Assessment:
    return Assessment(agency=agency, answer=Answer.ASSESSED, lane=lane, score=50, controls=controls)


def finding(profile: str, weight: int, item: str | None = None) -> Finding:
    return Finding(
        profile=profile,
        legal_basis="x",
        weight=weight,
        control=None,
        officer=f"see {profile}",
        trader="wait",
        item=item,
    )


def strictness(verdict: Verdict) -> tuple[bool, int, frozenset[Control]]:
    return verdict.outcome is Outcome.INSPECT, LANES.index(verdict.lane), frozenset(verdict.controls)


def relaxed_in(
    before: tuple[bool, int, frozenset[Control]],
    after: tuple[bool, int, frozenset[Control]],
    but: frozenset[Control] = frozenset(),
) -> list[str]:
    checks = {
        "outcome": after[0] >= before[0],
        "lane": after[1] >= before[1],
        "controls": after[2] | but >= before[2],
    }
    return [name for name, kept in checks.items() if not kept]


def test_goods_are_released_where_every_agency_asked_is_green() -> None:
    verdict = merge([green("customs"), green("health")], ["customs", "health"])
    assert (verdict.outcome, verdict.lane, verdict.controls) == (Outcome.RELEASE, Lane.GREEN, ())


def test_one_agency_that_wants_a_control_holds_the_goods() -> None:
    verdict = merge([green("customs"), wants("health", Control.SAMPLE)], ["customs", "health"])
    assert (verdict.outcome, verdict.lane, verdict.controls) == (Outcome.INSPECT, Lane.ORANGE, (Control.SAMPLE,))


def test_controls_of_all_agencies_are_in_one_decision_once() -> None:
    answers = [wants("customs", Control.SCAN, Control.DOCUMENTS), wants("health", Control.SCAN)]
    assert merge(answers, ["customs", "health"]).controls == (Control.DOCUMENTS, Control.SCAN)


def test_an_agency_that_has_not_answered_holds_the_goods() -> None:
    verdict = merge([green("customs")], ["customs", "health"])
    assert (verdict.outcome, verdict.lane, verdict.controls) == (Outcome.INSPECT, Lane.YELLOW, (Control.DOCUMENTS,))


@pytest.mark.parametrize("answer", [Answer.SILENT, Answer.FAILED])
def test_an_answer_that_was_not_had_holds_the_goods_even_if_it_says_green(answer: Answer) -> None:
    held = Assessment(agency="customs", answer=answer, lane=Lane.GREEN)
    assert merge([held], ["customs"]).outcome is Outcome.INSPECT


def test_nothing_is_released_where_nobody_was_asked() -> None:
    verdict = merge([], [])
    assert (verdict.outcome, verdict.reasons[0].officer) == (Outcome.INSPECT, "No agency was asked.")


def test_a_green_answer_of_an_agency_not_asked_does_not_release_on_its_own() -> None:
    assert merge([green("customs")], []).outcome is Outcome.INSPECT


def test_an_agency_not_asked_can_still_hold_the_goods() -> None:
    verdict = merge([green("customs"), wants("health", Control.SCAN)], ["customs"])
    assert verdict.controls == (Control.SCAN,)


def test_two_different_answers_of_one_agency_contradict_each_other() -> None:
    verdict = merge([green("customs"), wants("customs", Control.SCAN)], ["customs"])
    assert (verdict.contradictory, verdict.outcome) == (True, Outcome.INSPECT)


def test_two_green_answers_that_differ_contradict_each_other_too() -> None:
    verdict = merge([green("customs"), msgspec.structs.replace(green("customs"), score=5)], ["customs"])
    assert (verdict.contradictory, verdict.outcome) == (True, Outcome.INSPECT)


def test_a_green_answer_that_asks_for_a_control_contradicts_itself() -> None:
    verdict = merge([wants("customs", Control.SCAN, lane=Lane.GREEN)], ["customs"])
    assert (verdict.contradictory, verdict.controls) == (True, (Control.DOCUMENTS, Control.SCAN))


def test_a_decision_without_contradiction_says_so() -> None:
    assert not merge([wants("customs", Control.SCAN)], ["customs"]).contradictory


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([green("customs")], "08"),
        ([wants("customs", Control.DOCUMENTS)], "06"),
        ([wants("customs", Control.DOCUMENTS, Control.SCAN)], "05"),
        ([wants("customs")], "05"),
        ([], "05"),
        ([wants("customs", Control.DOCUMENTS), green("customs")], "05"),
    ],
)
def test_the_notice_asks_for_documents_only_where_an_agency_wants_them_alone(
    answers: list[Assessment], code: str
) -> None:
    assert merge(answers, ["customs"]).function_code == code


def test_reasons_stand_by_weight_agency_profile_and_item() -> None:
    found = (finding("B", 50, "10"), finding("B", 50, "9"), finding("A", 50), finding("C", 90))
    held = msgspec.structs.replace(wants("customs", Control.SCAN), findings=found)
    assert [(each.profile, each.item) for each in merge([held], ["customs"]).reasons] == [
        ("C", ""), ("A", ""), ("B", "9"), ("B", "10"),
    ]  # fmt: skip


def test_an_agency_that_holds_nothing_gives_no_reason() -> None:
    informed = msgspec.structs.replace(green("health"), findings=(finding("H", 5),))
    verdict = merge([informed, wants("customs", Control.SCAN)], ["customs", "health"])
    assert {reason.agency for reason in verdict.reasons} == {"customs"}


def test_silence_is_given_as_a_reason() -> None:
    assert merge([], ["customs"]).reasons[0].officer == "The agency has not answered in time."


def test_other_inputs_have_another_fingerprint() -> None:
    assert merge([green("customs")], ["customs"]).fingerprint != merge([green("customs")], ["customs", "x"]).fingerprint


def test_the_fingerprint_is_stable_across_versions_of_the_code() -> None:
    expected = "78d54c5f0926"
    assert merge([green("customs")], ["customs"]).fingerprint.startswith(expected)


@given(MANY.flatmap(lambda answers: st.tuples(st.just(answers), st.permutations(answers))), ASKED)
def test_the_order_of_answers_changes_nothing(
    both: tuple[list[Assessment], list[Assessment]], asked: list[str]
) -> None:
    answers, shuffled = both
    assert merge(shuffled, asked[::-1]) == merge(answers, asked)


@given(ASSESSMENTS, ASKED)
def test_the_order_inside_an_answer_changes_nothing(answer: Assessment, asked: list[str]) -> None:
    turned = msgspec.structs.replace(answer, findings=answer.findings[::-1], controls=answer.controls[::-1])
    assert merge([turned, answer], asked) == merge([answer], asked)


@given(MANY, ASKED)
def test_answers_given_twice_count_once(answers: list[Assessment], asked: list[str]) -> None:
    assert merge([*answers, *answers], asked + asked) == merge(answers, asked)


@given(MANY, ASKED, ASSESSMENTS)
def test_an_answer_that_breaks_no_silence_never_relaxes(
    answers: list[Assessment], asked: list[str], more: Assessment
) -> None:
    assume(more.agency not in asked or more.agency in {each.agency for each in answers})
    assert relaxed_in(strictness(merge(answers, asked)), strictness(merge([*answers, more], asked))) == []


@given(MANY, ASKED, st.data())
def test_a_stricter_answer_in_place_of_another_never_relaxes(
    answers: list[Assessment], asked: list[str], draw: st.DataObject
) -> None:
    assume(answers and len({each.agency for each in answers}) == len(answers))
    place = draw.draw(st.integers(0, len(answers) - 1))
    lane = draw.draw(st.sampled_from(LANES[LANES.index(answers[place].lane) :]))
    stricter = msgspec.structs.replace(answers[place], lane=lane, controls=(*answers[place].controls, Control.SCAN))
    changed = [*answers[:place], stricter, *answers[place + 1 :]]
    before, after = strictness(merge(answers, asked)), strictness(merge(changed, asked))
    assert relaxed_in(before, after, but=frozenset({Control.DOCUMENTS})) == []


@given(MANY, ASKED)
def test_any_answers_lead_to_one_of_the_two_decisions(answers: list[Assessment], asked: list[str]) -> None:
    verdict = merge(answers, asked)
    assert (verdict.outcome is Outcome.RELEASE) == (verdict.lane is Lane.GREEN) == (verdict.controls == ())


@given(MANY, ASKED)
def test_every_inspection_has_a_reason(answers: list[Assessment], asked: list[str]) -> None:
    verdict = merge(answers, asked)
    assert verdict.outcome is Outcome.RELEASE or verdict.reasons


@given(MANY, ASKED)
def test_goods_are_released_only_by_the_green_answer_of_everybody_asked(
    answers: list[Assessment], asked: list[str]
) -> None:
    if merge(answers, asked).outcome is Outcome.RELEASE:
        assert {each.agency for each in answers} >= set(asked)
        assert {(each.answer, each.lane) for each in answers} == {(Answer.ASSESSED, Lane.GREEN)}
