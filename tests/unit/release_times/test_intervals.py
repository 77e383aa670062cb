"""Every interval has the length its name says, keeps its sign, and says why where it has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.release_times import intervals
from singlewindow.release_times.events import Case, Question
from singlewindow.release_times.intervals import INTERVALS, OPEN, Actor, Measurement, of_case
from tests.places import REPOSITORY

DOCUMENTATION = REPOSITORY / "docs" / "release-times.md"

CASE = Case(
    mrn="26GB00000000000018",
    version=1,
    type="IMA",
    direction="import",
    lane="green",
    lodged_at=1_000,
    received_at=900,
    arrived_at=5_000,
    asked={
        "police": Question(1_000, 1_400, "green", 1_100),
        "health": Question(1_000, 1_700, "green", 1_200),
    },
    decided_at=1_750,
    outcome="release",
    released_at=5_100,
)
moments = st.integers(0, 10_000)
stamps = st.none() | moments
questions = st.builds(
    Question, moments, stamps, st.just("green"), stamps, st.sampled_from(["assessed", "failed", "silent"])
)
cases = st.builds(
    Case,
    mrn=st.just("26GB00000000000018"),
    version=st.just(1),
    type=st.just("IMA"),
    direction=st.just("import"),
    lodged_at=moments,
    asked=st.dictionaries(st.sampled_from(["customs", "health", "police"]), questions),
    decided_at=stamps,
    outcome=st.sampled_from(["release", "inspect"]),
    received_at=stamps,
    arrived_at=stamps,
    released_at=stamps,
    ended_at=stamps,
    ended=st.sampled_from([intervals.REPLACED, intervals.LAPSED]),
)


def measured(case: Case, interval: str, agency: str | None = None) -> int | str | None:
    (found,) = [m for m in of_case(case) if (m.interval, m.agency) == (interval, agency)]
    return found.missing if found.length is None else found.length


@pytest.mark.parametrize(
    ("interval", "length"),
    [
        ("arrival_to_release", 100),
        ("arrival_to_lodgement", -4_000),
        ("receipt_to_acceptance", 100),
        ("lodgement_to_decision", 750),
        ("lodgement_to_release", 4_100),
        ("last_answer_to_decision", 50),
    ],
)
def test_an_interval_of_a_case_has_its_signed_length(interval: str, length: int) -> None:
    assert measured(CASE, interval) == length


@pytest.mark.parametrize(
    ("interval", "length"), [("lodgement_to_dispatch", 200), ("dispatch_to_answer", 500), ("question_to_answer", 700)]
)
def test_an_interval_of_a_question_is_that_agencys_own(interval: str, length: int) -> None:
    assert measured(CASE, interval, "health") == length


@pytest.mark.parametrize("interval", ["arrival_to_release", "lodgement_to_decision", "lodgement_to_release"])
def test_an_undecided_case_is_open(interval: str) -> None:
    assert measured(replace(CASE, decided_at=None, outcome=None, released_at=None), interval) == OPEN


@pytest.mark.parametrize("interval", ["arrival_to_release", "lodgement_to_release"])
def test_goods_released_in_advance_are_open_until_they_arrive(interval: str) -> None:
    assert measured(replace(CASE, released_at=None), interval) == OPEN


@pytest.mark.parametrize(
    "interval", ["arrival_to_release", "lodgement_to_decision", "lodgement_to_release", "last_answer_to_decision"]
)
def test_a_version_that_was_replaced_undecided_is_excluded(interval: str) -> None:
    replaced = replace(CASE, decided_at=None, outcome=None, released_at=None, ended_at=1_700, ended=intervals.REPLACED)
    assert measured(replaced, interval) == intervals.REPLACED


def test_goods_that_were_released_before_stay_released() -> None:
    assert measured(replace(CASE, ended_at=9_000, ended=intervals.CANCELLED), "lodgement_to_release") == 4_100


def test_while_one_agency_is_silent_the_last_answer_is_open() -> None:
    waiting = replace(CASE, asked={**CASE.asked, "customs": Question(1_000)}, decided_at=None)
    assert measured(waiting, "last_answer_to_decision") == OPEN


def test_a_case_no_agency_was_asked_about_has_no_last_answer() -> None:
    assert measured(replace(CASE, asked={}), "last_answer_to_decision") == intervals.NOBODY_ASKED


def test_an_inspection_is_no_release() -> None:
    assert (
        measured(replace(CASE, outcome="inspect", released_at=None), "lodgement_to_release") == intervals.NOT_RELEASED
    )


def test_a_deadline_that_passed_is_not_the_agencys_answer() -> None:
    silent = replace(CASE, asked={"health": Question(1_000, 9_000, "orange", None, "silent")})
    assert measured(silent, "question_to_answer", "health") == intervals.NOT_ANSWERED


def test_a_question_closed_without_a_dispatch_is_excluded_from_the_dispatch() -> None:
    silent = replace(CASE, asked={"health": Question(1_000, 9_000, "orange", None, "silent")})
    assert measured(silent, "lodgement_to_dispatch", "health") == intervals.NOT_DISPATCHED


def test_a_question_not_dispatched_yet_is_open() -> None:
    assert measured(replace(CASE, asked={"health": Question(1_000)}), "lodgement_to_dispatch", "health") == OPEN


def test_an_arrival_that_nobody_recorded_excludes() -> None:
    assert measured(replace(CASE, arrived_at=None), "arrival_to_release") == intervals.NO_ARRIVAL


def test_a_receipt_that_nobody_recorded_excludes() -> None:
    assert measured(replace(CASE, received_at=None), "receipt_to_acceptance") == intervals.NO_RECEIPT


@given(cases)
def test_every_interval_is_measured_once_for_a_case_and_once_for_each_agency(case: Case) -> None:
    expected: list[tuple[str, str | None]] = [
        (name, None) for name, interval in INTERVALS.items() if not interval.per_agency
    ]
    expected += [(name, agency) for name in INTERVALS if INTERVALS[name].per_agency for agency in case.asked]
    assert sorted(map(str, expected)) == sorted(str((m.interval, m.agency)) for m in of_case(case))


@given(cases)
def test_what_has_no_length_says_why(case: Case) -> None:
    assert all((m.length is None) == (m.missing is not None) for m in of_case(case))


@given(cases, st.integers(-10_000, 10_000))
def test_moving_all_clocks_alike_changes_no_length(case: Case, shift: int) -> None:
    assert list(of_case(moved(case, shift))) == list(of_case(case))


@given(cases)
def test_a_dispatched_answer_takes_what_its_two_parts_take(case: Case) -> None:
    by_name: dict[tuple[str, str], Measurement] = {(m.interval, m.agency): m for m in of_case(case) if m.agency}
    for agency, question in case.asked.items():
        dispatch, answer = by_name["lodgement_to_dispatch", agency], by_name["dispatch_to_answer", agency]
        if dispatch.length is not None and answer.length is not None:
            assert question.answered_at == case.lodged_at + dispatch.length + answer.length


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_every_interval_and_its_actor_are_documented(interval: intervals.Interval) -> None:
    rows = [line for line in DOCUMENTATION.read_text().splitlines() if line.startswith(f"| `{interval.name}` ")]
    assert [row.split("|")[2].strip() for row in rows] == [interval.actor]


@pytest.mark.parametrize(
    "reason",
    [
        intervals.NO_RECEIPT,
        intervals.NO_ARRIVAL,
        intervals.NOBODY_ASKED,
        intervals.NOT_RELEASED,
        intervals.REPLACED,
        intervals.CANCELLED,
        intervals.LAPSED,
        intervals.NOT_DISPATCHED,
        intervals.NOT_ANSWERED,
    ],
)
def test_every_reason_for_an_exclusion_is_documented(reason: str) -> None:
    assert f"| {reason} |" in DOCUMENTATION.read_text()


def test_the_agency_answers_for_its_own_time_only() -> None:
    assert [name for name, interval in INTERVALS.items() if interval.actor is Actor.AGENCY] == ["dispatch_to_answer"]


def moved(case: Case, shift: int) -> Case:
    def later(stamp: int | None) -> int | None:
        return None if stamp is None else stamp + shift

    asked = {
        agency: question._replace(
            asked_at=question.asked_at + shift,
            answered_at=later(question.answered_at),
            dispatched_at=later(question.dispatched_at),
        )
        for agency, question in case.asked.items()
    }
    return replace(
        case,
        lodged_at=case.lodged_at + shift,
        asked=asked,
        decided_at=later(case.decided_at),
        received_at=later(case.received_at),
        arrived_at=later(case.arrived_at),
        released_at=later(case.released_at),
        ended_at=later(case.ended_at),
    )
