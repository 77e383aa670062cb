"""A few rounds of every race about one declaration, on both databases; `make faults` runs a thousand of each."""

from __future__ import annotations

import random

import pytest

from singlewindow.clearance.context import ClearanceContext
from tests.integration.life_races import PAIRS, four_answers, race, two_officers
from tests.integration.living import Everybody, answering_by_themselves

pytestmark = pytest.mark.service
ROUNDS = 10


@pytest.fixture
def everybody(context: ClearanceContext) -> Everybody:
    """Customs and firearms answer by themselves."""
    return Everybody(answering_by_themselves(context))


@pytest.fixture
def chance() -> random.Random:
    """What is left to chance in the rounds."""
    return random.Random()


def test_commands_that_race_about_one_declaration_are_neither_lost_nor_doubled(
    everybody: Everybody, chance: random.Random
) -> None:
    raced = {pair: race(everybody, pair, ROUNDS, chance) for pair in PAIRS}
    assert {pair: each.wrong for pair, each in raced.items() if each.wrong} == {}


def test_two_officers_at_once_give_one_answer(everybody: Everybody, chance: random.Random) -> None:
    assert two_officers(everybody, ROUNDS, chance).wrong == []


def test_of_four_answers_of_one_agency_one_counts(everybody: Everybody, chance: random.Random) -> None:
    assert four_answers(everybody, ROUNDS, chance).wrong == []
