"""Row FD5 and its neighbours: commands on one declaration race."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from sqlalchemy import event

from adapters.registry import build_adapters
from singlewindow.clearance.context import ClearanceContext
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine
from tests.integration.life_races import PAIRS, Raced, four_answers, race, two_officers
from tests.integration.living import Everybody, answering_by_themselves
from tests.judgement import configuration
from tests.places import CONFIGURATION

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
ROUNDS: Final = 1_000
LIKE_ROUNDS: Final = 200


@pytest.fixture
def everybody(database_url: str) -> Iterator[Everybody]:
    """Everybody who changes a declaration, in this process, on a database that need not last."""
    rulebooks, agencies = configuration()
    engine = open_engine(database_url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def hurry(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    settings = Settings(database_url=database_url, sw_config=str(CONFIGURATION))
    context = ClearanceContext(settings, engine, rulebooks, agencies, build_adapters(agencies))
    yield Everybody(answering_by_themselves(context))
    engine.dispose()


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_fd5_two_commands_at_one_moment(
    everybody: Everybody, record_property: Record, seed: int, pair: tuple[str, str]
) -> None:
    raced = race(everybody, pair, ROUNDS if len({*pair}) == 2 else LIKE_ROUNDS, random.Random(seed))
    assert raced.wrong == []
    assert len({*pair}) == 1 or len(raced.orders) > 1, "one of the two always came first"
    record_property("FD5", f"{everybody.context.engine.dialect.name} {' and '.join(pair)}: {_numbers(raced)}")


def test_fd5b_two_officers_at_one_moment(everybody: Everybody, record_property: Record, seed: int) -> None:
    raced = two_officers(everybody, ROUNDS, random.Random(seed))
    assert raced.wrong == []
    record_property("FD5b", f"{everybody.context.engine.dialect.name}: {_numbers(raced)}")


def test_fa6c_four_answers_of_one_agency_at_one_moment(
    everybody: Everybody, record_property: Record, seed: int
) -> None:
    raced = four_answers(everybody, ROUNDS, random.Random(seed))
    assert raced.wrong == []
    record_property("FA6c", f"{everybody.context.engine.dialect.name}: {_numbers(raced)}")


def _numbers(raced: Raced) -> str:
    rounds = sum(raced.outcomes.values())
    found = ", ".join(f"{number} {words}" for words, number in raced.outcomes.most_common(6))
    return f"{rounds} rounds ({found}), 0 lost, 0 doubled"
