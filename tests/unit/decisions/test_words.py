from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Verdict, merge
from singlewindow.decisions.words import for_auditor, for_officer, for_trader

NAMES = {"firearms": "Firearms authority", "customs": "Customs"}


def held(weight: int = 73, officer: str = "receivers hidden in tools", lane: Lane = Lane.RED) -> Verdict:
    finding = Finding(
        profile="FA-017",
        legal_basis="clause 9.2.4",
        weight=weight,
        control=Control.PHYSICAL,
        officer=officer,
        trader="The goods are examined.",
        item="3",
    )
    return merge(
        [
            Assessment(
                agency="firearms",
                answer=Answer.ASSESSED,
                lane=lane,
                score=weight,
                controls=(Control.DOCUMENTS, Control.PHYSICAL),
                findings=(finding,),
            )
        ],
        ["firearms", "customs"],
    )


def released() -> Verdict:
    return merge([Assessment(agency="customs", answer=Answer.ASSESSED, lane=Lane.GREEN)], ["customs"])


def test_the_trader_reads_the_controls_and_the_agencies_own_words() -> None:
    assert for_trader(held()) == (
        "The goods are held for a check of documents and a physical inspection.",
        "The declaration is being looked at.",
        "The goods are examined.",
    )


@given(st.integers(10, 100), st.sampled_from([Lane.YELLOW, Lane.ORANGE, Lane.RED]))
def test_the_trader_cannot_tell_weight_lane_or_tactics(weight: int, lane: Lane) -> None:
    assert for_trader(held(weight, f"secret {weight}", lane)) == for_trader(held())


def test_the_trader_does_not_read_which_profile_fired() -> None:
    assert "FA-017" not in " ".join(for_trader(held()))


def test_the_trader_cannot_tell_silence_from_failure() -> None:
    failed = Assessment(agency="customs", answer=Answer.FAILED, lane=Lane.YELLOW)
    assert for_trader(merge([failed], ["customs"])) == for_trader(merge([], ["customs"]))


def test_the_trader_is_told_of_a_release() -> None:
    assert for_trader(released()) == ("The goods may be released.",)


def test_the_officer_reads_profile_weight_item_and_tactics() -> None:
    assert "Firearms authority: receivers hidden in tools (item 3) [FA-017, weight 73]" in for_officer(held(), NAMES)


def test_the_officer_is_told_of_silence() -> None:
    assert "Customs: The agency has not answered in time." in for_officer(held(), NAMES)


def test_the_officer_is_told_of_a_contradiction() -> None:
    answers = [Assessment(agency="customs", answer=Answer.ASSESSED, lane=lane) for lane in (Lane.GREEN, Lane.RED)]
    assert "a person must decide" in for_officer(merge(answers, ["customs"]), NAMES)[1]


def test_the_auditor_reads_the_fingerprint_of_what_was_judged() -> None:
    verdict = held()
    assert f"inputs=sha256:{verdict.fingerprint}" in for_auditor(verdict)


def test_the_auditor_reads_the_decision_by_its_codes() -> None:
    assert for_auditor(released())[0] == "outcome=release lane=green controls=none contradictory=false notice=08"


def test_a_decision_nobody_was_asked_about_has_words_too() -> None:
    assert for_officer(merge([], []), NAMES)[1] == "No agency was asked."
