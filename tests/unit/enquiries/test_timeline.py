"""The timeline in words, for whoever may see all of it and for whoever may see the least."""

from __future__ import annotations

import pytest

from singlewindow.enquiries.audience import LEAST, Audience, Disclosure, disclosure_to
from singlewindow.enquiries.timeline import timeline_steps
from singlewindow.storage.trail.events import Event, Kind

AUDITOR = disclosure_to(Audience.AUDITOR)


def texts(shown: Disclosure, *events: Event) -> list[str]:
    return [step.text for step in timeline_steps({}, events, shown)]


def test_a_trader_learns_the_first_step_and_the_last_without_who_was_asked() -> None:
    lodged = Event(1, Kind.LODGED, "trader:P", 7, {"asked": ["firearms"]})
    assessed = Event(2, Kind.ASSESSED, "agency:firearms", 7, {"agency": "firearms"})
    decided = Event(3, Kind.DECIDED, "system", 7, {"outcome": "inspect", "controls": ["scan", "physical"]})
    assert texts(LEAST, lodged, assessed, decided) == ["Lodged and accepted", "Decided: inspect (scan, physical)"]
    assert "firearms" not in repr(timeline_steps({}, [lodged, assessed, decided], LEAST))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_event_has_a_sentence_for_the_auditor(kind: Kind) -> None:
    (words,) = texts(AUDITOR, Event(1, kind, "system", 7, {"agency": "customs", "lane": "red", "asked": ["customs"]}))
    assert words
    assert "{" not in words


def test_the_auditor_is_shown_the_event_as_recorded() -> None:
    (step,) = timeline_steps({}, [Event(1, Kind.PARKED, "system", 7, {"agency": "customs"})], AUDITOR)
    assert (step.kind, step.actor, step.detail) == ("parked", "system", {"agency": "customs"})
    assert step.text == "customs could not be asked; unless it answers by its deadline, the goods are inspected"


@pytest.mark.parametrize(
    ("closed_as", "result"),
    [
        ({"closed_as": "assessed"}, "the first one counts"),
        ({"closed_as": "silent"}, "neither counts: the question was closed without an answer"),
        ({}, "nothing changes"),
    ],
)
def test_a_different_answer_is_said_to_count_only_against_one_that_counts(
    closed_as: dict[str, str], result: str
) -> None:
    detail = {"agency": "customs", "lane": "red"} | closed_as
    (words,) = texts(AUDITOR, Event(1, Kind.CONTRADICTED, "agency:customs", 7, detail))
    assert words == f"customs sent a different answer (red); {result}"
