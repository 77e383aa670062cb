"""The state machine: which ways there are, and that every state is left by its deadline."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.life_cycle.machine import (
    BEGINNING,
    DEADLINES,
    EXPECTED,
    FINAL,
    STEP_WORDS,
    TRANSITIONS,
    UNDECIDED,
    WORDS,
    Actor,
    NotPossible,
    Presentation,
    State,
    Step,
    Term,
    after,
    possible_steps,
    strictest_of,
    transition,
)

DECISIONS = {Step.DECIDED_RELEASE, Step.DECIDED_DOCUMENTS, Step.DECIDED_INSPECTION}


def test_every_state_and_step_has_words() -> None:
    assert (set(WORDS), set(STEP_WORDS)) == (set(State), set(Step))


def test_every_state_can_be_reached() -> None:
    reached = set(BEGINNING.values())
    while more := {each.to for each in TRANSITIONS.values() if each.state in reached} - reached:
        reached |= more
    assert reached == set(State)


def test_every_state_that_is_not_final_has_a_deadline_and_something_happens_when_it_passes() -> None:
    assert set(DEADLINES) == set(State) - FINAL
    for state, deadline in DEADLINES.items():
        answers_come = deadline.term is Term.ANSWERS  # closing the questions leads to a decision
        steps = DECISIONS if answers_come else {Step.DEADLINE_PASSED}
        assert any((state, step) in TRANSITIONS for step in steps), state


def test_a_state_goes_on_after_its_deadline_only_if_it_reminds_again_or_is_release() -> None:
    going_on = {state for state in DEADLINES if transitions_to(state, Step.DEADLINE_PASSED) == state}
    assert going_on == {
        State.INSPECTION_ORDERED,
        State.UNDER_INSPECTION,
        State.DOCUMENTS_ASKED_AFTER_RELEASE,
        State.RELEASED,
    }


def transitions_to(state: State, step: Step) -> State | None:
    found = TRANSITIONS.get((state, step))
    return found.to if found else None


def test_nothing_follows_a_final_state() -> None:
    assert not [each for each in TRANSITIONS if each[0] in FINAL]


@pytest.mark.parametrize(("state", "step"), [*product(sorted(UNDECIDED), sorted(DECISIONS))])
def test_only_what_agencies_assess_is_decided(state: State, step: Step) -> None:
    inspected_when_gone = (state, step) == (State.UNDER_ASSESSMENT, Step.DECIDED_INSPECTION)
    assert ((state, step) in TRANSITIONS) is not inspected_when_gone
    assert not [each for each in TRANSITIONS.values() if each.step in DECISIONS and each.state not in UNDECIDED]


def test_goods_are_released_before_arrival_only_on_arrival() -> None:
    ways = {(each.state, each.step) for each in TRANSITIONS.values() if each.to is State.RELEASED}
    assert {(state, step) for state, step in ways if state in EXPECTED} == {(State.RELEASED_ON_ARRIVAL, Step.ARRIVED)}


def test_what_is_lodged_after_release_knows_no_arrival_no_inspection_and_no_lapse() -> None:
    reached = {BEGINNING[Presentation.NEVER]}
    while more := {each.to for each in TRANSITIONS.values() if each.state in reached} - reached:
        reached |= more
    assert reached == {
        State.UNDER_ASSESSMENT, State.DOCUMENTS_ASKED_AFTER_RELEASE, State.RELEASED, State.CANCELLED, State.EXITED,
    }  # fmt: skip


def test_a_trader_asks_for_what_touches_an_inspection_or_a_release_and_an_officer_grants_it() -> None:
    asked = {(each.state, each.step) for each in TRANSITIONS.values() if Actor.TRADER in each.grant.on_request}
    assert asked == {
        (State.INSPECTION_ON_ARRIVAL, Step.AMENDED), (State.UNDER_REVIEW_IN_ADVANCE, Step.AMENDED),
        (State.UNDER_REVIEW, Step.AMENDED), (State.UNDER_REVIEW, Step.CANCELLED),
        (State.UNDER_ASSESSMENT, Step.AMENDED), (State.UNDER_ASSESSMENT, Step.CANCELLED),
        (State.DOCUMENTS_ASKED_AFTER_RELEASE, Step.AMENDED),
        (State.INSPECTION_ORDERED, Step.AMENDED), (State.RELEASED, Step.AMENDED),
        (State.INSPECTION_ORDERED, Step.CANCELLED), (State.UNDER_INSPECTION, Step.CANCELLED),
        (State.RELEASED, Step.CANCELLED), (State.DOCUMENTS_ASKED_AFTER_RELEASE, Step.CANCELLED),
    }  # fmt: skip


def test_no_way_past_an_officer_leads_through_other_steps() -> None:
    """Where a trader must ask, neither its requests nor others' steps lead to where it may do the same at once."""
    for step in (Step.AMENDED, Step.CANCELLED):
        arrows = [each for each in TRANSITIONS.values() if each.step is step]
        asked = {each.state for each in arrows if Actor.TRADER in each.grant.on_request}
        at_once = {each.state for each in arrows if Actor.TRADER in each.grant.at_once}
        assert not {each.to for each in TRANSITIONS.values() if each.state in asked} & UNDECIDED & at_once


def test_the_refusal_says_the_state_why_and_what_is_possible() -> None:
    with pytest.raises(NotPossible, match=(
        r"The goods are being inspected\. It cannot be amended in this state\. It can be cancelled\."
    )):  # fmt: skip
        transition(State.UNDER_INSPECTION, Step.AMENDED, Actor.TRADER)
    with pytest.raises(NotPossible, match=r"A trader cannot do this\. It can be amended or be cancelled\."):
        transition(State.INSPECTION_ORDERED, Step.RELEASED, Actor.TRADER)


@given(st.sampled_from(State), st.sampled_from(Step))
def test_a_refusal_tells_a_carrier_nothing_about_the_state(state: State, step: Step) -> None:
    told = f"The declaration cannot {STEP_WORDS[step]} now. Its party can see why."
    assert str(NotPossible(state, step, Actor.CARRIER)) == told


def test_after_an_end_nothing_is_possible() -> None:
    with pytest.raises(NotPossible, match=r"has lapsed\. It cannot arrive in this state\. Nothing more"):
        transition(State.LAPSED, Step.ARRIVED, Actor.TRADER)


@given(st.sampled_from(Presentation), st.lists(st.sampled_from(Step), max_size=30))
def test_any_steps_lead_along_the_arrows_or_are_refused(presentation: Presentation, steps: list[Step]) -> None:
    state = BEGINNING[presentation]
    for step in steps:
        before = state
        if (before, step) in TRANSITIONS:
            state = after(before, step)
            assert before not in FINAL
        else:
            with pytest.raises(NotPossible):
                after(before, step)


@given(st.sampled_from(State), st.sampled_from(Step), st.sampled_from(Actor))
def test_what_is_possible_is_what_is_not_refused(state: State, step: Step, actor: Actor) -> None:
    try:
        transition(state, step, actor)
    except NotPossible:
        assert step not in possible_steps(state, actor)
    else:
        assert step in possible_steps(state, actor)


@given(st.lists(st.sampled_from(State), min_size=1))
def test_the_state_of_items_is_the_strictest_open_one_then_the_strictest_result(states: list[State]) -> None:
    strictest = strictest_of(states)
    open_ones = [each for each in states if each not in FINAL and each is not State.RELEASED]
    assert strictest in (open_ones or states)
    assert strictest_of(reversed(states)) == strictest
    if State.IMPOUNDED in states and not open_ones:
        assert strictest is State.IMPOUNDED
