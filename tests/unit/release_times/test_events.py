"""A case seen at a cut-off tells nothing that happened after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.release_times.events import Case, Question, release_moment

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
ON_ARRIVAL = "released-on-arrival"


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


@pytest.mark.parametrize(
    ("state", "recorded_at", "ended_at", "released_at"),
    [
        ("released", None, None, 400),
        ("released", 300, None, 400),
        (None, None, None, 400),
        (ON_ARRIVAL, None, None, None),
        (ON_ARRIVAL, 700, None, 700),
        (ON_ARRIVAL, 700, 600, None),
        (ON_ARRIVAL, 700, 800, 700),
        ("released", None, 800, 400),
    ],
)
def test_goods_are_released_when_they_are_free_to_go(
    state: str | None, recorded_at: int | None, ended_at: int | None, released_at: int | None
) -> None:
    assert release_moment(state, 400, recorded_at, ended_at) == released_at


def test_before_its_end_a_version_counts() -> None:
    replaced = replace(CASE, ended_at=350, ended="replaced")
    assert (replaced.seen_at(349).ended, replaced.seen_at(350).ended) == (None, "replaced")


def test_a_question_that_was_put_later_is_not_there() -> None:
    later = replace(CASE, asked={**CASE.asked, "police": Question(350)})
    assert later.seen_at(349).asked == CASE.asked
    assert later.seen_at(350) == replace(later, decided_at=None, lane=None, outcome=None)


@given(st.integers(100, 500), st.integers(100, 500))
def test_looking_twice_is_looking_at_the_earlier_cut_off(first: int, second: int) -> None:
    assert CASE.seen_at(first).seen_at(second) == CASE.seen_at(min(first, second))
