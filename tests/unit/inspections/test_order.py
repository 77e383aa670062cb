from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.decisions.assessment import BORDER, KEPT_ORDER, Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Outcome, clears_goods, merge
from singlewindow.inspections.order import OrderedControl, make_order
from tests.unit.decisions.test_merge import AGENCIES, FINDINGS

ITEMS: Final = ("1", "2", "3")
D, SCAN, P, S = Control.DOCUMENTS, Control.SCAN, Control.PHYSICAL, Control.SAMPLE
Asks = tuple[Control | None, str | None]


def answer(agency: str, *asks: Asks, controls: tuple[Control, ...] = (), more: bool = False) -> Assessment:
    """An agency's answer: what it asks for, of which item (None: of all that concern it), and `controls` besides."""
    findings = tuple(
        Finding(profile=f"P{n}", legal_basis="law", weight=50, control=control, officer="look", trader="wait",
                item=item, **({"more": True} if more else {}))
        for n, (control, item) in enumerate(asks)
    )  # fmt: skip
    wanted = {control for control, _ in asks if control is not None} | {*controls}
    lane = Lane.RED if wanted or findings else Lane.GREEN
    return Assessment(
        agency=agency, answer=Answer.ASSESSED, lane=lane, controls=tuple(sorted(wanted)), findings=findings
    )


def unanswered(agency: str, how: Answer = Answer.SILENT) -> Assessment:
    return Assessment(agency=agency, answer=how, lane=Lane.ORANGE, controls=(D,))


def ordered(*answers: Assessment, about: Mapping[str, tuple[str, ...]] | None = None, gone: bool = False) -> list[str]:
    """The order in short: `control items agencies`."""
    verdict = merge(answers, {each.agency for each in answers} - {BORDER, KEPT_ORDER}, gone=gone)
    made = make_order(verdict, answers, lambda code: (about or {}).get(code, ()), ITEMS, "customs")
    return [f"{each.control} {''.join(each.items)} {'+'.join(each.agencies)}" for each in made]


GREEN: Final = answer("customs")
COMBINATIONS: Final = {
    "released": ([GREEN], []),
    "one control of one item": ([GREEN, answer("health", (P, "2"))], ["physical 2 health"]),
    "the same control of the same item once": (
        [answer("customs", (P, "2")), answer("health", (P, "2"))], ["physical 2 customs+health"]),
    "the same control of other items": (
        [answer("customs", (P, "1")), answer("health", (P, "2"))], ["physical 1 customs", "physical 2 health"]),
    "documents before scan before goods before sample": (
        [answer("customs", (S, "1"), (P, "1")), answer("health", (SCAN, "1"), (D, "1"))],
        ["documents 1 health", "scan 1 health", "physical 1 customs", "sample 1 customs"]),
    "a finding about the whole": ([GREEN, answer("health", (P, None))], ["physical 123 health"]),
    "a finding about the whole, of an agency that two items concern": (
        [GREEN, answer("transport", (SCAN, None))], ["scan 23 transport"]),
    "a finding that holds for more items": ([GREEN, answer("health", (P, "1"), more=True)], ["physical 123 health"]),
    "an item that nobody declared": ([GREEN, answer("health", (P, "9"))], ["physical 123 health"]),
    "a control without a finding": ([GREEN, answer("health", controls=(S,))], ["sample 123 health"]),
    "a control without a finding, beside one with": (
        [GREEN, answer("health", (P, "3"), controls=(D,))], ["documents 123 health", "physical 3 health"]),
    "findings without a control": ([GREEN, answer("health", (None, "1"))], ["documents 123 health"]),
    "silence": ([GREEN, unanswered("health")], ["documents 123 health"]),
    "silence of an agency that two items concern": ([GREEN, unanswered("transport")], ["documents 23 transport"]),
    "failure beside a control": (
        [answer("customs", (P, "1")), unanswered("health", Answer.FAILED)],
        ["documents 123 health", "physical 1 customs"]),
    "two agencies are silent": (
        [unanswered("customs"), unanswered("health")], ["documents 123 customs+health"]),
    "seen at the border": ([GREEN, answer(BORDER, (P, None))], ["physical 123 customs"]),
    "kept from the version before": ([GREEN, answer(KEPT_ORDER, (SCAN, "2"))], ["scan 2 customs"]),
    "two different answers of one agency": (
        [GREEN, answer("health"), answer("health", (P, "1"))], ["documents 123 customs", "physical 1 health"]),
    "many agencies, many controls": (
        [answer("customs", (D, "1"), (P, "1")), answer("health", (P, "1"), (S, "1")), answer("transport", (SCAN, "2")),
         answer("firearms", (P, "1"), (P, "2"))],
        ["documents 1 customs", "scan 2 transport", "physical 1 customs+firearms+health", "physical 2 firearms",
         "sample 1 health"]),
}  # fmt: skip
ABOUT: Final = {"transport": ("2", "3")}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_one_order_of_all_agencies(name: str) -> None:
    answers, expected = COMBINATIONS[name]
    assert ordered(*answers, about=ABOUT) == expected
    assert ordered(*reversed(answers), about=ABOUT) == expected


def test_goods_that_have_left_are_checked_on_paper_only() -> None:
    assert ordered(GREEN, answer("health", (P, "2"), (S, "2")), gone=True) == ["documents 2 health"]


GIVEN = st.lists(
    st.builds(
        Assessment, agency=AGENCIES, answer=st.sampled_from([Answer.ASSESSED, Answer.SILENT, Answer.FAILED]),
        lane=st.sampled_from(Lane), controls=st.sets(st.sampled_from(Control)).map(lambda found: tuple(sorted(found))),
        findings=st.lists(FINDINGS, max_size=3).map(tuple),
    ),
    max_size=5,
)  # fmt: skip


@given(GIVEN, st.permutations(range(5)), st.booleans())
def test_nothing_that_the_decision_asks_for_is_left_out(answers: list[Assessment], turn: list[int], gone: bool) -> None:
    asked = {each.agency for each in answers}
    verdict = merge(answers, asked, gone=gone)
    made = make_order(verdict, answers, lambda code: ABOUT.get(code, ()), ITEMS, "customs")
    mixed = [answers[place] for place in turn if place < len(answers)]
    assert make_order(verdict, mixed, lambda code: ABOUT.get(code, ()), ITEMS, "customs") == made
    assert (made == ()) == (verdict.outcome is Outcome.RELEASE)
    assert {*verdict.controls} <= {each.control for each in made}
    assert {each.agency for each in answers if not clears_goods(each)} <= {
        code for each in made for code in each.agencies
    }
    once = [(each.control, item) for each in made for item in each.items]
    assert len(once) == len({*once})
    assert [each.control for each in made] == sorted((each.control for each in made), key=list(Control).index)
    assert not gone or {each.control for each in made} <= {Control.DOCUMENTS}
    assert all(isinstance(each, OrderedControl) and each.items and each.agencies for each in made)
