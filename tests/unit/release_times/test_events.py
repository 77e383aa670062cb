"""A case seen at a cut-off tells nothing that happened after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.release_times.events import Case, Question

CASE = Case(
    mrn="26GB00000000000018",
    version=1,
    type="IMA",
    direction="import",
    lane="red",
    lodged_at=100,
    asked={"health": Question(100, 300, "red", 200, "silent")},
    decided_at=400,
    outcome="inspect",
)


@given(st.integers(100, 500))
def test_no_moment_is_later_than_the_cut_off(cut_off: int) -> None:
    assert max(CASE.seen_at(cut_off).moments()) <= cut_off


def test_after_everything_has_happened_nothing_is_hidden() -> None:
    assert CASE.seen_at(400) == CASE


def test_before_the_decision_lane_and_outcome_are_unknown() -> None:
    early = CASE.seen_at(399)
    assert (early.decided_at, early.lane, early.outcome) == (None, None, None)


@pytest.mark.parametrize("cut_off", [150, 299])
def test_before_the_answer_the_question_is_open_and_its_last_dispatch_unknown(cut_off: int) -> None:
    assert CASE.seen_at(cut_off).asked == {"health": Question(100)}


def test_a_question_that_was_put_later_is_not_there() -> None:
    later = replace(CASE, asked={**CASE.asked, "police": Question(350)})
    assert later.seen_at(349).asked == CASE.asked
    assert later.seen_at(350) == replace(later, decided_at=None, lane=None, outcome=None)


@given(st.integers(100, 500), st.integers(100, 500))
def test_looking_twice_is_looking_at_the_earlier_cut_off(first: int, second: int) -> None:
    assert CASE.seen_at(first).seen_at(second) == CASE.seen_at(min(first, second))
