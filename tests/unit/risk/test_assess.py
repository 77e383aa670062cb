from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from singlewindow.decisions.assessment import Answer, Control, Lane
from singlewindow.declarations.model import Tree
from singlewindow.risk.assess import FINDINGS_PER_PROFILE, assess, dry_run
from singlewindow.risk.conditions import ConditionError
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


def test_a_declaration_no_profile_fires_on_is_green(tmp_path: Path) -> None:
    assessment = assess(one(tmp_path), {}, TERMS)
    assert (assessment.answer, assessment.lane, assessment.score) == (Answer.ASSESSED, Lane.GREEN, 0)


def test_weights_of_different_profiles_add_up(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="15"), profile("B", weight="25"))
    assert assess(agency, arms("1"), TERMS).score == 40


def test_a_profile_counts_once_however_many_items_it_fires_on(tmp_path: Path) -> None:
    assessment = assess(one(tmp_path, profile(weight="15")), arms("1", "2", "3"), TERMS)
    assert (assessment.score, [each.item for each in assessment.findings]) == (15, ["1", "2", "3"])


def test_the_score_ends_at_a_hundred(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="90"), profile("B", weight="90"))
    assert assess(agency, arms("1"), TERMS).score == 100


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
    assert assess(one(tmp_path, profile(weight=weight)), arms("1"), TERMS).lane == lane


def test_a_profile_can_raise_the_lane_above_its_score(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="1", lane='"orange"')), arms("1"), TERMS).lane is Lane.ORANGE


def test_a_profile_cannot_lower_the_lane(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="90", lane='"yellow"')), arms("1"), TERMS).lane is Lane.RED


def test_controls_of_all_profiles_are_asked_once(tmp_path: Path) -> None:
    agency = one(
        tmp_path,
        *(profile(name, control=f'"{ask}"') for name, ask in (("A", "scan"), ("B", "physical"), ("C", "scan"))),
    )
    assert assess(agency, arms("1"), TERMS).controls == (Control.PHYSICAL, Control.SCAN)


def test_a_lane_that_is_not_green_asks_for_documents_at_least(tmp_path: Path) -> None:
    assert assess(one(tmp_path), arms("1"), TERMS).controls == (Control.DOCUMENTS,)


def test_a_weak_indicator_alone_asks_for_nothing(tmp_path: Path) -> None:
    assert assess(one(tmp_path, profile(weight="5", control='"physical"')), arms("1"), TERMS).controls == ()


@pytest.mark.parametrize("validity", [{"valid_from": "2026-06-02"}, {"valid_until": "2026-05-31"}])
def test_a_profile_outside_its_validity_does_not_fire(tmp_path: Path, validity: dict[str, str]) -> None:
    assert assess(one(tmp_path, profile(**validity)), arms("1"), TERMS).findings == ()


def test_both_ends_of_the_validity_belong_to_it(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(valid_from="2026-06-01", valid_until="2026-06-01"))
    assert assess(agency, arms("1"), TERMS).findings


def test_a_profile_on_trial_changes_no_assessment(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", when='"false"'), profile("B", mode='"dry-run"'))
    assert assess(agency, arms("1"), TERMS).findings == ()


def test_a_profile_on_trial_says_what_it_would_have_found(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A"), profile("B", mode='"dry-run"'))
    assert [each.profile for each in dry_run(agency, arms("1"), TERMS)] == ["B"]


def test_findings_stand_by_weight_then_profile_then_item(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", weight="10"), profile("C", weight="30"), profile("B", weight="30"))
    found = assess(agency, arms("10", "9"), TERMS).findings
    assert [(each.profile, each.item) for each in found] == [
        ("B", "9"), ("B", "10"), ("C", "9"), ("C", "10"), ("A", "9"), ("A", "10"),
    ]  # fmt: skip


def test_one_profile_gives_a_limited_number_of_findings(tmp_path: Path) -> None:
    many = arms(*(str(number) for number in range(1, 100)))
    assert len(assess(one(tmp_path), many, TERMS).findings) == FINDINGS_PER_PROFILE


def test_a_profile_that_cannot_be_answered_fails_the_assessment(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(when="\"item.commodity_code == '' || int(item.commodity_code) > 5\""))
    broken = arms("1")
    broken["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]["Commodity"]["Classification"][0]["ID"] = "9" * 40
    with pytest.raises(ConditionError):
        assess(agency, broken, TERMS)


def test_the_assessment_carries_the_fingerprint_of_the_profiles(tmp_path: Path) -> None:
    agency = one(tmp_path)
    assert assess(agency, {}, TERMS).profiles == agency.fingerprint
