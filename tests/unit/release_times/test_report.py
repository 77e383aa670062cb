"""A report counts every case of its population once, groups it as asked, and can be derived again."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.release_times.events import Case, Question
from singlewindow.release_times.report import By, Group, Query, Row, fingerprint, report
from singlewindow.times import microseconds

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
MONDAY = microseconds(datetime(2026, 1, 5, tzinfo=UTC))
WEEK = Query(MONDAY, MONDAY + 7 * DAY, MONDAY + 38 * DAY)


def case(number: int = 1, after: int = HOUR, **changes: object) -> Case:
    lodged = MONDAY + after
    plain = Case(
        mrn=f"26GB{number:014}",
        version=1,
        type="IMA",
        direction="import",
        lane="green",
        lodged_at=lodged,
        asked={"health": Question(lodged, lodged + 3 * SECOND, "green", lodged + SECOND)},
        decided_at=lodged + 4 * SECOND,
        outcome="release",
    )
    changed = replace(plain, **changes)  # type: ignore[arg-type]
    return changed if changed.outcome != "release" else replace(changed, released_at=changed.decided_at)


def by(grouping: By, query: Query = WEEK) -> Query:
    return replace(query, by=grouping)


def row(group: Group, interval: str) -> Row:
    (found,) = [entry for entry in group.rows if entry.interval == interval]
    return found


def keys(cases: list[Case], grouping: By) -> list[str]:
    return [group.key for group in report(cases, by(grouping)).groups]


populations = st.lists(
    st.builds(
        lambda after, decided, kind, lane, agencies: (after, decided, kind, lane, agencies),
        st.integers(0, 7 * DAY - 1),
        st.none() | st.integers(-DAY, DAY),
        st.sampled_from(["IMA", "EXD"]),
        st.sampled_from(["green", "red"]),
        st.sets(st.sampled_from(["health", "police"])),
    ),
    max_size=8,
).map(
    lambda rows: [
        case(
            number,
            after,
            type=kind,
            lane=lane,
            asked={agency: Question(MONDAY + after) for agency in agencies},
            decided_at=None if decided is None else MONDAY + after + decided,
        )
        for number, (after, decided, kind, lane, agencies) in enumerate(rows)
    ]
)


def test_a_case_lodged_as_the_range_ends_is_outside() -> None:
    assert report([case(after=7 * DAY)], WEEK).total.cases == 0


def test_a_case_lodged_as_the_range_starts_is_inside() -> None:
    assert report([case(after=0)], WEEK).total.cases == 1


def test_a_case_lodged_after_the_cut_off_is_outside() -> None:
    assert report([case(after=HOUR)], replace(WEEK, cut_off=MONDAY)).total.cases == 0


def test_a_case_without_a_decision_is_counted_as_open() -> None:
    assert report([case(1), case(2, decided_at=None)], WEEK).total.open_cases == 1


def test_a_decision_after_the_cut_off_has_not_happened() -> None:
    late = case(decided_at=WEEK.cut_off + 1)
    assert row(report([late], WEEK).total, "lodgement_to_decision").open == 1


def test_an_open_case_adds_no_length() -> None:
    found = row(report([case(1), case(2, decided_at=None)], WEEK).total, "lodgement_to_decision")
    assert (found.statistics.n, found.statistics.mean) == (1, 4.0)


def test_exclusions_are_counted_by_reason() -> None:
    cases = [case(1), case(2, outcome="inspect"), case(3, outcome="inspect")]
    found = row(report(cases, WEEK).total, "lodgement_to_release")
    assert found.excluded == {"the decision was not to release": 2}


def test_release_before_arrival_stays_negative() -> None:
    found = row(report([case(arrived_at=MONDAY + 3 * HOUR)], WEEK).total, "arrival_to_release")
    assert found.statistics.mean == 4.0 - 2 * 3600


def test_without_a_breakdown_there_are_no_groups() -> None:
    assert report([case()], WEEK).groups == ()


def test_the_hour_is_that_of_the_lodgement_in_utc() -> None:
    assert keys([case(1, 13 * HOUR), case(2, 2 * HOUR), case(3, DAY + 2 * HOUR)], By.HOUR) == ["02", "13"]


def test_weekdays_follow_the_week_and_not_the_alphabet() -> None:
    assert keys([case(1, 4 * DAY), case(2, 0), case(3, 2 * DAY)], By.WEEKDAY) == ["Monday", "Wednesday", "Friday"]


def test_lanes_follow_their_severity_and_undecided_comes_last() -> None:
    cases = [case(1, lane="red"), case(2, decided_at=None), case(3, lane="green")]
    assert keys(cases, By.LANE) == ["green", "red", "undecided"]


def test_types_are_grouped_by_their_code() -> None:
    assert keys([case(1, type="IMD"), case(2, type="EXA")], By.TYPE) == ["EXA", "IMD"]


def test_a_case_counts_in_the_group_of_every_agency_asked() -> None:
    asked = {"police": Question(MONDAY), "health": Question(MONDAY)}
    assert keys([case(1, asked=asked), case(2, asked={})], By.AGENCY) == ["health", "none", "police"]


def test_an_agencys_group_holds_its_own_answers_only() -> None:
    quick, slow = Question(MONDAY, MONDAY + 1, "green", MONDAY), Question(MONDAY, MONDAY + HOUR, "green", MONDAY)
    group, _ = report([case(asked={"health": quick, "police": slow})], by(By.AGENCY)).groups
    assert row(group, "dispatch_to_answer").statistics.maximum == 0.000001


@given(populations, st.sampled_from([By.LANE, By.TYPE, By.HOUR, By.WEEKDAY]))
def test_groups_that_exclude_each_other_add_up_to_the_total(cases: list[Case], grouping: By) -> None:
    found = report(cases, by(grouping))
    assert sum(group.cases for group in found.groups) == found.total.cases == len(cases)


@given(populations)
def test_every_case_is_measured_open_or_excluded(cases: list[Case]) -> None:
    total = report(cases, WEEK).total
    entry = row(total, "lodgement_to_release")
    assert entry.statistics.n + entry.open + sum(entry.excluded.values()) == total.cases


@given(populations, st.randoms())
def test_the_order_in_which_cases_are_read_changes_nothing(cases: list[Case], rng: random.Random) -> None:
    shuffled = cases.copy()
    rng.shuffle(shuffled)
    assert report(shuffled, by(By.AGENCY)) == report(cases, by(By.AGENCY))


CUT_OFF = MONDAY + 3 * DAY
before, later = st.integers(MONDAY, CUT_OFF), st.integers(CUT_OFF + 1, CUT_OFF + 30 * DAY)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Case], list[Case]]:
    """A record as it was read after the cut-off, and again when anything at all has happened since."""
    then, now = [], []
    for number in range(draw(st.integers(0, 5))):
        lodged, decided = draw(before), draw(before | later)
        end = {"decided_at": decided, "lane": "red", "outcome": "inspect"}
        questions = {
            agency: Question(lodged, draw(before | later), "red", draw(st.none() | before), "assessed")
            for agency in draw(st.sets(st.sampled_from(["customs", "health", "police"])))
        }
        known = {
            agency: question if (question.answered_at or 0) <= CUT_OFF else Question(lodged)
            for agency, question in questions.items()
        }
        start = case(number, lodged - MONDAY, asked=known, decided_at=None, lane=None, outcome=None)
        then.append(replace(start, **end) if decided <= CUT_OFF else start)  # type: ignore[arg-type]
        questions["asked later"] = Question(draw(later))
        now.append(replace(start, asked=questions, **end))  # type: ignore[arg-type]
    return then, now + [case(100 + number, draw(later) - MONDAY) for number in range(draw(st.integers(0, 3)))]


@given(histories(), st.sampled_from([None, *By]))
def test_the_report_of_a_cut_off_stays_whatever_happens_afterwards(
    told: tuple[list[Case], list[Case]], grouping: By | None
) -> None:
    query = Query(MONDAY, MONDAY + 7 * DAY, CUT_OFF, grouping)
    then, now = (report(cases, query) for cases in told)
    assert now.fingerprint == then.fingerprint
    assert now == then


def test_what_happens_after_the_cut_off_leaves_the_report_as_it_was() -> None:
    before = report([case(decided_at=None)], WEEK)
    assert report([case(decided_at=WEEK.cut_off + 1)], WEEK) == before


@pytest.mark.parametrize(
    "changes", [{"decided_at": MONDAY + 2 * HOUR}, {"type": "EXA"}, {"asked": {}}, {"outcome": "inspect"}]
)
def test_other_evidence_has_another_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint([case(**changes)]) != fingerprint([case()])  # type: ignore[arg-type]


def test_a_case_outside_the_population_leaves_the_fingerprint_alone() -> None:
    assert report([case(1), case(2, 8 * DAY)], WEEK).fingerprint == report([case(1)], WEEK).fingerprint


def test_the_event_range_spans_the_moments_used() -> None:
    found = report([case(received_at=MONDAY)], WEEK)
    assert (found.first_event, found.last_event) == (MONDAY, MONDAY + HOUR + 4 * SECOND)


def test_an_empty_population_has_no_event_range() -> None:
    found = report([], WEEK)
    assert (found.first_event, found.last_event) == (None, None)


def test_a_version_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice"):
        report([case(), case()], WEEK)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="not after its start"):
        Query(MONDAY, MONDAY, MONDAY)


def test_a_mode_resolution_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        replace(WEEK, mode_resolution=0)


def test_the_plain_report_is_json_with_iso_moments() -> None:
    plain = json.loads(json.dumps(report([case()], by(By.TYPE)).plain_values()))
    assert plain["query"] == {
        "start": "2026-01-05T00:00:00.000000Z",
        "end": "2026-01-12T00:00:00.000000Z",
        "cut_off": "2026-02-12T00:00:00.000000Z",
        "by": "type",
        "mode_resolution": 1.0,
    }
