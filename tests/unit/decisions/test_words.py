from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Basis, Verdict, merge
from singlewindow.decisions.words import for_auditor, for_officer, for_trader, trial_for_auditor

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
        "The declaration is being checked.",
        "Item 3: The goods are examined.",
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


CERTIFICATE = "A certificate is needed."


def about(agency: str, *findings: tuple[str, str | None, bool]) -> Assessment:
    """An answer that says these words about these items; True where there are further items."""
    return Assessment(
        agency=agency, answer=Answer.ASSESSED, lane=Lane.YELLOW, controls=(Control.DOCUMENTS,),
        findings=tuple(
            Finding(profile=f"P-{agency}", legal_basis="x", weight=9, control=None, officer="o", trader=words,
                    item=item, more=more or UNSET)
            for words, item, more in findings
        ),
    )  # fmt: skip


def told(*answers: Assessment) -> tuple[str, ...]:
    return for_trader(merge(answers, [answer.agency for answer in answers]))[1:]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (["2"], "Item 2: "),
        (["1", "3"], "Items 1 and 3: "),
        (["4", "1", "3"], "Items 1, 3 and 4: "),
        (["10", "9"], "Items 9 and 10: "),
        (["02"], "Item 2: "),
        (["2", None], ""),
        ([None], ""),
    ],
)
def test_equal_words_on_several_items_are_said_once(items: list[str | None], words: str) -> None:
    assert told(about("customs", *((CERTIFICATE, item, False) for item in items))) == (f"{words}{CERTIFICATE}",)


def test_further_items_that_are_not_listed_are_said_to_exist() -> None:
    assert told(about("customs", (CERTIFICATE, "1", False), (CERTIFICATE, "2", True))) == (
        f"Items 1, 2 and others: {CERTIFICATE}",
    )
    assert told(about("customs", (CERTIFICATE, "1", True))) == (f"Items 1 and others: {CERTIFICATE}",)


def test_only_some_items_are_listed_whoever_found_them() -> None:
    """Twenty of one agency and thirty of two read alike, or the length of the list would tell who is asked."""
    thirty = [(CERTIFICATE, str(number), False) for number in range(1, 31)]
    of_two = told(about("customs", *thirty[:15]), about("health", *thirty[15:]))
    first, (words, item, _) = thirty[:19], thirty[19]
    assert told(about("customs", *first, (words, item, True))) == of_two
    assert of_two[0].endswith(f" 20 and others: {CERTIFICATE}")


def test_whose_words_they_are_makes_no_difference() -> None:
    words = [(CERTIFICATE, "1", False), (CERTIFICATE, "2", False), ("An invoice is needed.", None, False)]
    of_one = told(about("customs", *words))
    assert told(about("customs", words[0], words[2]), about("health", words[1])) == of_one
    assert told(about("health", *words[:2]), about("customs", *words)) == of_one


def test_words_stand_by_their_items_and_letters() -> None:
    answer = about("customs", ("b", "10", False), ("a", "10", False), ("c", "9", False), ("z", None, False))
    assert told(answer) == ("z", "Item 9: c", "Item 10: a", "Item 10: b")


def test_words_of_the_house_are_about_no_item() -> None:
    silent = told(Assessment(agency="customs", answer=Answer.SILENT, lane=Lane.YELLOW))
    assert told(about("customs", ("", "2", False))) == silent
    assert told(about("customs", ("The declaration is being checked.", "2", False))) == silent


def test_the_officer_and_the_auditor_read_that_there_are_further_items() -> None:
    verdict = merge([about("customs", (CERTIFICATE, "7", True))], ["customs"])
    assert "(item 7 and others)" in for_officer(verdict, NAMES)[1]
    assert "item=7 and others " in for_auditor(verdict)[2]


def gone(*answers: Assessment) -> Verdict:
    return merge(answers, ["customs"], Basis(customs="customs", items=1, covered=1, after_release=True))


def test_nobody_reads_that_goods_are_held_which_have_gone() -> None:
    finding = Finding(profile="P", legal_basis="x", weight=90, control=Control.PHYSICAL, officer="o", trader="t")
    grave = Assessment(agency="customs", answer=Answer.ASSESSED, lane=Lane.RED, controls=(Control.PHYSICAL,),
                       findings=(finding,))  # fmt: skip
    assert for_trader(gone(grave)) == ("The documents for the goods will be checked.", "t")
    assert for_officer(gone(grave), NAMES)[:2] == (
        "Inspect (yellow lane): a check of documents.",
        "The goods have already left: only documents can be checked.",
    )
    assert for_auditor(gone(grave))[0].endswith(
        "lane=yellow controls=documents contradictory=false notice=06 after_release=true"
    )


def test_goods_that_have_gone_need_no_release() -> None:
    answer = Assessment(agency="customs", answer=Answer.ASSESSED, lane=Lane.GREEN)
    assert for_trader(gone(answer)) == ("This declaration needs no check.",)


def test_the_trader_cannot_tell_that_customs_was_not_asked() -> None:
    green = Assessment(agency="health", answer=Answer.ASSESSED, lane=Lane.GREEN)
    unasked = merge([green], ["health"], Basis(customs="customs", items=1, covered=0))
    assert for_trader(unasked) == for_trader(merge([], ["health"]))


def test_the_auditor_reads_what_was_tried() -> None:
    found = Finding(profile="X-1", legal_basis="x", weight=9, control=Control.SCAN, officer="o", trader="t", item="2")
    assert trial_for_auditor([found]) == ["profile=X-1 item=2 weight=9 control=scan: o"]
