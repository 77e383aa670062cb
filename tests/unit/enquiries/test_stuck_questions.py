"""An open question has exactly one cause, and every cause has its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.enquiries.stuck_questions import WORDS, Cause, cause_of
from singlewindow.storage.backlog import WaitingQuestion

NOW = 1_000
OPEN = WaitingQuestion(
    "26GB1", 1, 7, "customs", 1, 100, 200, 2_000, 0, parked=False, awaiting=False, failure=None, taken_by=None,
    taken_at=None, batch_id=None, lease_until=None, claimed=None,
)  # fmt: skip
KNOWN, OFFICERS = {"customs", "firearms"}, {"firearms"}


@pytest.mark.parametrize(
    ("changes", "cause", "since"),
    [
        ({}, Cause.NO_DISPATCHER, 200),
        ({"due_at": 1_500, "attempts": 1}, Cause.PAUSED, 100),
        ({"batch_id": 3, "lease_until": 1_500, "claimed": True}, Cause.BEING_ASKED, 200),
        ({"batch_id": 3, "lease_until": 1_500, "claimed": False}, Cause.NO_WORKER, 200),
        ({"batch_id": 3, "lease_until": 900, "claimed": False}, Cause.NO_WORKER, 900),
        ({"batch_id": 3, "lease_until": 900, "claimed": True}, Cause.WORKER_LOST, 900),
        ({"parked": True, "failure": "the register is down"}, Cause.FAILED, 200),
        ({"awaiting": True}, Cause.NO_ANSWER_YET, 100),
        ({"awaiting": True, "agency": "firearms"}, Cause.NOT_TAKEN, 100),
        ({"awaiting": True, "agency": "firearms", "taken_by": "k1", "taken_at": 300}, Cause.TAKEN, 300),
        ({"parked": True, "taken_by": "k1", "taken_at": 300}, Cause.TAKEN, 300),
        ({"agency": "bees"}, Cause.AGENCY_GONE, 100),
        ({"deadline_at": 900, "parked": True}, Cause.OVERDUE, 900),
    ],
)
def test_the_cause_that_stops_it_first_is_named(changes: dict[str, object], cause: Cause, since: int) -> None:
    assert cause_of(OPEN._replace(**changes), NOW, KNOWN, OFFICERS) == (cause, since)  # type: ignore[arg-type]


def test_every_cause_says_what_it_means_and_what_to_do() -> None:
    assert [*WORDS] == [*Cause]
    assert all(meaning.endswith(".") and advice.endswith(".") for meaning, advice in WORDS.values())


@given(
    st.builds(
        WaitingQuestion,
        *(st.just(each) for each in OPEN[:3]),
        st.sampled_from(["customs", "firearms", "bees"]), st.just(1), *(st.integers(0, 2_000) for _ in range(3)),
        st.integers(0, 3), st.booleans(), st.booleans(), st.none(), st.none() | st.just("k1"),
        st.none() | st.integers(0, 2_000), st.none() | st.integers(1, 9), st.none() | st.integers(0, 2_000),
        st.none() | st.booleans(),
    )
)  # fmt: skip
def test_whatever_is_stored_there_is_a_cause(question: WaitingQuestion) -> None:
    cause, since = cause_of(question, NOW, KNOWN, OFFICERS)
    assert cause in WORDS
    assert since >= 0
