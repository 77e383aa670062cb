from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from singlewindow.agencies.agency import Agency
from singlewindow.decisions.assessment import Answer, Control, Finding, Lane
from singlewindow.declarations.model import Tree
from singlewindow.risk.assess import FINDINGS_PER_PROFILE, GIVE_DOCUMENTS, GONE, assess
from singlewindow.risk.conditions import ConditionError
from singlewindow.risk.fact_readers import Value
from singlewindow.risk.facts import Facts
from tests.agency_folders import one, profile
from tests.terms import TERMS

TODAY = date(2026, 6, 1)


def arms(*sequences: str) -> Tree:
    items = [
        {
            "SequenceNumeric": each,
            "Commodity": {"Classification": [{"ID": "93020000", "IdentificationTypeCode": "TSP"}]},
        }
        for each in sequences
    ]
    return {"TypeCode": "IMA", "GoodsShipment": {"GovernmentAgencyGoodsItem": items}}


UNSTEADY = "\"item.commodity_code == '' || int(item.commodity_code) > 5\""


def unsteady(*sequences: str) -> Tree:
    """Arms whose code is no number that fits, so that `UNSTEADY` cannot be answered."""
    tree = arms(*sequences)
    for item in tree["GoodsShipment"]["GovernmentAgencyGoodsItem"]:
        item["Commodity"]["Classification"][0]["ID"] = "9" + "3" * 39
    return tree


def test_a_declaration_no_profile_fires_on_is_green(tmp_path: Path) -> None:
    assessment = assess(one(tmp_path).method, {}, TERMS)
    assert (assessment.answer, assessment.lane, assessment.score) == (Answer.ASSESSED, Lane.GREEN, 0)


def test_weights_of_different_profiles_add_up(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="15"), profile("B", weight="25"))
    assert assess(agency.method, arms("1"), TERMS).score == 40


def test_a_profile_counts_once_however_many_items_it_fires_on(tmp_path: Path) -> None:
    assessment = assess(one(tmp_path, profile(weight="15")).method, arms("1", "2", "3"), TERMS)
    assert (assessment.score, [each.item for each in assessment.findings]) == (15, ["1", "2", "3"])


def test_the_score_ends_at_a_hundred(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="90"), profile("B", weight="90"))
    assert assess(agency.method, arms("1"), TERMS).score == 100


@pytest.mark.parametrize(
    ("weight", "lane"),
    [
        ("19", Lane.GREEN),
        ("20", Lane.YELLOW),
        ("39", Lane.YELLOW),
        ("40", Lane.ORANGE),
        ("69", Lane.ORANGE),
        ("70", Lane.RED),
    ],
)
def test_the_score_makes_the_lane(tmp_path: Path, weight: str, lane: Lane) -> None:
    assert assess(one(tmp_path, profile(weight=weight)).method, arms("1"), TERMS).lane == lane


def test_a_profile_can_raise_the_lane_above_its_score(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="1", lane='"orange"')).method, arms("1"), TERMS).lane is Lane.ORANGE


def test_a_profile_cannot_lower_the_lane(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="90", lane='"yellow"')).method, arms("1"), TERMS).lane is Lane.RED


def test_controls_of_all_profiles_are_asked_once(tmp_path: Path) -> None:
    agency = one(
        tmp_path,
        *(profile(name, control=f'"{ask}"') for name, ask in (("A", "scan"), ("B", "physical"), ("C", "scan"))),
    )
    assert assess(agency.method, arms("1"), TERMS).controls == (Control.PHYSICAL, Control.SCAN)


def test_a_lane_that_is_not_green_asks_for_documents_at_least(tmp_path: Path) -> None:
    assert assess(one(tmp_path).method, arms("1"), TERMS).controls == (Control.DOCUMENTS,)


def test_a_weak_indicator_alone_asks_for_nothing(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="5", control='"physical"')).method, arms("1"), TERMS).controls == ()


@pytest.mark.parametrize("validity", [{"valid_from": "2026-06-02"}, {"valid_until": "2026-05-31"}])
def test_a_profile_outside_its_validity_does_not_fire(tmp_path: Path, validity: dict[str, str]) -> None:
    assert assess(one(tmp_path, profile(**validity)).method, arms("1"), TERMS).findings == ()


def test_both_ends_of_the_validity_belong_to_it(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(valid_from="2026-06-01", valid_until="2026-06-01"))
    assert assess(agency.method, arms("1"), TERMS).findings


def test_a_profile_on_trial_changes_no_assessment(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", when='"false"'), profile("B", mode='"dry-run"'))
    assert assess(agency.method, arms("1"), TERMS).findings == ()


def tried(agency: Agency, tree: Tree, gone: bool = False) -> list[Finding]:
    trial = assess(agency.method, tree, TERMS, gone).trial
    return [] if trial is UNSET else list(trial)


def test_a_profile_on_trial_says_what_it_would_have_found(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A"), profile("B", mode='"dry-run"'))
    assert [(each.profile, each.item) for each in tried(agency, arms("1", "2"))] == [("B", "1"), ("B", "2")]


def test_everything_but_the_trial_is_as_if_there_were_none(tmp_path: Path) -> None:
    trial = profile("B", mode='"dry-run"', weight="100", control='"physical"', lane='"red"')
    with_trial, without = one(tmp_path / "a", profile("A"), trial), one(tmp_path / "b", profile("A"))
    answers = [
        msgspec.structs.replace(assess(agency.method, arms("1"), TERMS).without_trial, profiles="")
        for agency in (with_trial, without)
    ]
    assert answers[0] == answers[1]


def test_an_answer_without_trial_is_stored_as_it_was_before_there_were_trials(tmp_path: Path) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(assess(one(tmp_path).method, arms("1"), TERMS)))
    assert list(stored) == ["agency", "answer", "lane", "score", "controls", "findings", "profiles"]
    assert list(stored["findings"][0]) == [
        "profile", "legal_basis", "weight", "control", "officer", "trader", "item",
    ]  # fmt: skip


def test_a_profile_on_trial_outside_its_validity_is_not_tried(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A"), profile("B", mode='"dry-run"', valid_from="2027-01-01"))
    assert tried(agency, arms("1")) == []


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_profile_on_trial_that_cannot_be_answered_is_noted_and_fails_nothing(tmp_path: Path, position: int) -> None:
    trials = [profile(name, mode='"dry-run"') for name in ("B", "C")]
    trials.insert(position, profile("X", mode='"dry-run"', when=UNSTEADY))
    agency, broken = one(tmp_path, profile("A"), *trials), unsteady("1", "2")
    found = tried(agency, broken)
    assert [each.profile for each in found] == ["B", "B", "C", "C", "X"]
    assert ("could not be answered" in found[-1].officer, found[-1].trader, found[-1].weight) == (True, "", 0)
    assert [each.profile for each in assess(agency.method, broken, TERMS).findings] == ["A", "A"]


def test_a_profile_on_trial_gives_a_limited_number_of_findings_too(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", when='"false"'), profile("B", mode='"dry-run"'))
    assert len(tried(agency, arms(*map(str, range(1, 100))))) == FINDINGS_PER_PROFILE


def test_a_fact_is_read_once_for_live_profiles_and_those_on_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    missing = Facts.__missing__

    def counted(facts: Facts, name: str) -> Value:
        read.append(name)
        return missing(facts, name)

    agency = one(tmp_path, profile("A"), profile("B", mode='"dry-run"'), profile("C", mode='"dry-run"'))
    monkeypatch.setattr(Facts, "__missing__", counted)
    assess(agency.method, arms("1"), TERMS)
    assert read == ["commodity_code"]


@pytest.mark.parametrize("control", ["scan", "physical", "sample", "documents"])
def test_of_goods_that_have_gone_only_documents_are_asked(tmp_path: Path, control: str) -> None:
    found = assess(one(tmp_path, profile(weight="90", control=f'"{control}"')).method, arms("1"), TERMS, gone=True)
    assert (found.lane, found.controls, found.score) == (Lane.YELLOW, (Control.DOCUMENTS,), 90)
    assert {each.control for each in found.findings} == {Control.DOCUMENTS}


def test_of_goods_that_have_gone_a_weak_indicator_asks_nothing(tmp_path: Path) -> None:
    found = assess(one(tmp_path, profile(weight="5", control='"physical"')).method, arms("1"), TERMS, gone=True)
    assert (found.lane, found.controls) == (Lane.GREEN, ())


@pytest.mark.parametrize(
    ("acts", "before", "after"),
    [
        ("", True, True),
        ('"both"', True, True),
        ('"before-release"', True, False),
        ('"after-release"', False, True),
    ],
)
@pytest.mark.parametrize("mode", ["live", "dry-run"])
def test_a_profile_acts_when_it_says(tmp_path: Path, acts: str, before: bool, after: bool, mode: str) -> None:
    agency = one(tmp_path, profile("A", when='"false"'), profile("B", acts=acts, mode=f'"{mode}"'))
    for gone, wanted in ((False, before), (True, after)):
        found = assess(agency.method, arms("1"), TERMS, gone)
        assert bool([*found.findings, *tried(agency, arms("1"), gone)]) is wanted


def test_the_officer_reads_first_that_the_goods_have_gone(tmp_path: Path) -> None:
    (found,) = assess(one(tmp_path).method, arms("1"), TERMS, gone=True).findings
    assert found.officer == f"{GONE} look at the receivers"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"control": '"physical"', "trader": '"you are selected"'}, GIVE_DOCUMENTS),
        ({"control": '"physical"', "trader_after_release": '"give the licence"'}, "give the licence"),
        ({"control": '"documents"', "trader": '"give the invoice"'}, "give the invoice"),
        ({"control": '"documents"', "trader_after_release": '"give the licence"'}, "give the licence"),
        ({"control": "", "trader": '"the goods are held"'}, GIVE_DOCUMENTS),
    ],
)
def test_the_trader_reads_words_that_fit_goods_that_have_gone(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    (found,) = assess(one(tmp_path, profile(**changes)).method, arms("1"), TERMS, gone=True).findings
    assert found.trader == words


def test_findings_stand_by_weight_then_profile_then_item(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="10"), profile("C", weight="30"), profile("B", weight="30"))
    found = assess(agency.method, arms("10", "9"), TERMS).findings
    assert [(each.profile, each.item) for each in found] == [
        ("B", "9"), ("B", "10"), ("C", "9"), ("C", "10"), ("A", "9"), ("A", "10"),
    ]  # fmt: skip


@pytest.mark.parametrize("items", [1, FINDINGS_PER_PROFILE - 1, FINDINGS_PER_PROFILE, FINDINGS_PER_PROFILE + 1, 99])
def test_one_profile_gives_a_limited_number_of_findings_and_says_if_there_are_more(tmp_path: Path, items: int) -> None:
    found = assess(one(tmp_path).method, arms(*map(str, range(1, items + 1))), TERMS).findings
    assert len(found) == min(items, FINDINGS_PER_PROFILE)
    assert [each.more is True for each in found] == [False] * (len(found) - 1) + [items > FINDINGS_PER_PROFILE]


def test_a_profile_that_cannot_be_answered_fails_the_assessment(tmp_path: Path) -> None:
    with pytest.raises(ConditionError):
        assess(one(tmp_path, profile(when=UNSTEADY)).method, unsteady("1"), TERMS)


def test_the_assessment_carries_the_fingerprint_of_the_profiles(tmp_path: Path) -> None:
    agency = one(tmp_path)
    assert assess(agency.method, {}, TERMS).profiles == agency.fingerprint
