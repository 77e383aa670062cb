from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Basis, Outcome, Verdict, merge, newest_rounds

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
COUNTS = st.integers(0, 3)
BASES = st.none() | st.builds(Basis, customs=AGENCIES, items=COUNTS, covered=COUNTS, after_release=st.booleans())
AFTERWARDS = st.builds(Basis, customs=AGENCIES, items=COUNTS, covered=COUNTS, after_release=st.just(True))
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


ROUNDS = st.lists(st.tuples(st.integers(1, 4), ASSESSMENTS), max_size=8)


@given(ROUNDS, ASKED)
def test_only_the_newest_answers_of_each_agency_decide(given: list[tuple[int, Assessment]], asked: list[str]) -> None:
    last = {answer.agency: max(n for n, other in given if other.agency == answer.agency) for _, answer in given}
    counted = [answer for asked_round, answer in given if asked_round == last[answer.agency]]
    assert merge(newest_rounds(given), asked) == merge(counted, asked)


@given(ROUNDS.flatmap(lambda answers: st.tuples(st.just(answers), st.permutations(answers))), ASKED)
def test_the_order_of_rounds_changes_nothing(
    both: tuple[list[tuple[int, Assessment]], list[tuple[int, Assessment]]], asked: list[str]
) -> None:
    one, other = (merge(newest_rounds(answers), asked) for answers in both)
    assert one == other


def test_an_agency_that_takes_back_its_doubt_in_a_later_round_no_longer_holds_the_goods() -> None:
    rounds = [(2, green("customs")), (1, wants("customs", Control.SCAN)), (1, green("health"))]
    assert merge(newest_rounds(rounds), ["customs", "health"]).outcome is Outcome.RELEASE


def of_items(items: int, covered: int | None = None, customs: str = "customs") -> Basis:
    return Basis(customs=customs, items=items, covered=items if covered is None else covered)


GONE = Basis(customs="customs", items=1, covered=1, after_release=True)


def test_goods_are_released_where_customs_has_assessed_every_item() -> None:
    verdict = merge([green("customs"), green("health")], ["customs", "health"], of_items(3))
    assert (verdict.outcome, verdict.function_code, verdict.reasons) == (Outcome.RELEASE, "08", ())


@pytest.mark.parametrize(
    ("answers", "asked", "basis", "words"),
    [
        (
            [green("health")],
            ["health"],
            of_items(1, 0),
            "The agency was not asked, and nothing is released without it.",
        ),
        ([green("customs"), green("health")], ["health"], of_items(1, 0), "was not asked"),
        ([green("customs")], ["customs"], of_items(3, 2), "The agency was asked about 2 of 3 goods items only."),
        ([green("customs")], ["customs"], of_items(999, 1), "about 1 of 999"),
        ([green("customs")], ["customs"], of_items(0), "the declaration has no goods items"),
        ([green("customs")], ["customs"], of_items(1, 0, "douane"), "was not asked"),
        ([green("health")], ["customs", "health"], of_items(1), "has not answered in time"),
        ([], [], of_items(1, 0), "was not asked"),
    ],
)
def test_nothing_is_released_unless_customs_has_assessed_every_item(
    answers: list[Assessment], asked: list[str], basis: Basis, words: str
) -> None:
    verdict = merge(answers, asked, basis)
    assert (verdict.outcome, verdict.lane, verdict.controls, verdict.function_code) == (
        Outcome.INSPECT, Lane.YELLOW, (Control.DOCUMENTS,), "05",
    )  # fmt: skip
    told = [reason for reason in verdict.reasons if words in reason.officer]
    assert [(reason.agency, reason.trader, reason.weight) for reason in told] == [(basis.customs, "", 100)]


def test_what_agencies_ask_for_stays_where_customs_was_not_asked() -> None:
    verdict = merge([wants("health", Control.SAMPLE)], ["health"], of_items(1, 0))
    assert (verdict.lane, verdict.controls) == (Lane.ORANGE, (Control.DOCUMENTS, Control.SAMPLE))


def test_a_person_looks_first_where_customs_was_not_asked() -> None:
    assert merge([wants("health", Control.DOCUMENTS)], ["health"]).function_code == "06"
    assert merge([wants("health", Control.DOCUMENTS)], ["health"], of_items(1, 0)).function_code == "05"


@given(MANY, ASKED, BASES)
def test_nothing_is_green_that_customs_has_not_assessed_whole(
    answers: list[Assessment], asked: list[str], basis: Basis | None
) -> None:
    verdict = merge(answers, asked, basis)
    if basis is not None and verdict.outcome is Outcome.RELEASE:
        assert 0 < basis.items <= basis.covered
        assert basis.customs in asked
        assert (Answer.ASSESSED, Lane.GREEN) in {
            (each.answer, each.lane) for each in answers if each.agency == basis.customs
        }


@given(MANY, ASKED, BASES)
def test_a_basis_never_releases_what_the_answers_hold(
    answers: list[Assessment], asked: list[str], basis: Basis | None
) -> None:
    before, after = merge(answers, asked), merge(answers, asked, basis)
    assert before.outcome is Outcome.RELEASE or after.outcome is Outcome.INSPECT
    if basis is not None and not basis.after_release:
        assert relaxed_in(strictness(before), strictness(after)) == []


TRIALS = st.just(UNSET) | st.lists(FINDINGS, max_size=3).map(tuple)


@given(MANY, ASKED, BASES, st.data())
def test_what_is_only_tried_changes_nothing(
    answers: list[Assessment], asked: list[str], basis: Basis | None, draw: st.DataObject
) -> None:
    tried = [msgspec.structs.replace(each, trial=draw.draw(TRIALS)) for each in answers]
    assert merge(tried, asked, basis) == merge(answers, asked, basis)


def test_answers_that_differ_in_what_was_tried_do_not_contradict_each_other() -> None:
    tried = msgspec.structs.replace(green("customs"), trial=(finding("X", 100),))
    verdict = merge([green("customs"), tried], ["customs"])
    assert (verdict.outcome, verdict.contradictory) == (Outcome.RELEASE, False)


@given(MANY, ASKED, AFTERWARDS)
def test_goods_that_have_gone_are_held_for_documents_at_most(
    answers: list[Assessment], asked: list[str], basis: Basis
) -> None:
    verdict = merge(answers, asked, basis)
    if verdict.outcome is Outcome.INSPECT:
        assert (verdict.lane, verdict.controls, verdict.function_code) == (Lane.YELLOW, (Control.DOCUMENTS,), "06")
    assert {reason.control for reason in verdict.reasons} <= {None, Control.DOCUMENTS}
    assert verdict.after_release is True


@given(MANY, ASKED, BASES)
def test_goods_that_were_released_since_are_like_those_that_were_gone_at_lodgement(
    answers: list[Assessment], asked: list[str], basis: Basis | None
) -> None:
    released_since = merge(answers, asked, basis, gone=True)
    assert released_since.function_code in {"06", "08"}
    assert set(released_since.controls) <= {Control.DOCUMENTS}
    if basis is None:
        assert released_since.fingerprint != merge(answers, asked).fingerprint
    else:
        assert released_since == merge(answers, asked, msgspec.structs.replace(basis, after_release=True))


@pytest.mark.parametrize("control", Control)
def test_an_answer_that_forgets_that_the_goods_have_gone_gets_documents(control: Control) -> None:
    held = msgspec.structs.replace(wants("health", control, lane=Lane.RED), findings=(finding("H", 90),))
    verdict = merge([green("customs"), held], ["customs", "health"], GONE)
    assert (verdict.lane, verdict.controls, verdict.function_code) == (Lane.YELLOW, (Control.DOCUMENTS,), "06")


def test_goods_that_have_gone_are_no_ground_to_release() -> None:
    silent = Assessment(agency="customs", answer=Answer.SILENT, lane=Lane.ORANGE, controls=(Control.DOCUMENTS,))
    assert merge([silent], ["customs"], GONE).outcome is Outcome.INSPECT
    assert merge([], ["customs"], GONE).outcome is Outcome.INSPECT


def test_the_basis_is_part_of_what_was_judged() -> None:
    found = {
        merge([green("customs")], ["customs"], basis).fingerprint for basis in (None, of_items(1), of_items(2), GONE)
    }
    assert len(found) == 4


def test_a_decision_without_basis_is_written_as_it_was_before_there_were_any() -> None:
    held = msgspec.structs.replace(wants("customs", Control.SCAN), findings=(finding("A", 50, "1"),))
    stored = msgspec.json.decode(msgspec.json.encode(merge([held], ["customs"])))
    assert list(stored) == [
        "outcome", "lane", "controls", "contradictory", "reasons", "fingerprint", "function_code",
    ]  # fmt: skip
    assert list(stored["reasons"][0]) == ["agency", "officer", "trader", "weight", "profile", "item", "control"]
