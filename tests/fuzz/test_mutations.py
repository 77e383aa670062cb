"""Damaged declarations never break the reader: each is judged or refused, and both schema engines agree on the judged.

A few hundred in every run, always the same; `make fuzz` takes ten thousand from a seed of its own. A failure shows its
seed: SW_FUZZ_SEED=N make fuzz runs the same again.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Mapping

import pytest

from singlewindow.agencies.agency import Agency
from singlewindow.clearance.lodging.preparation import Rules, prepare_message
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading import second_opinion
from singlewindow.declarations.reading.intake import Limits, Media, Reading, read_message
from singlewindow.declarations.rules import Rulebooks
from singlewindow.http.error_mapping import as_problem
from singlewindow.http.problem_codes import CODES
from tests.fuzz.mutator import mutation

COUNT = int(os.environ.get("SW_FUZZ", "300"))
SEED = int(os.environ.get("SW_FUZZ_SEED", "1"))


@pytest.fixture
def rules(rulebooks: Rulebooks, agencies: Mapping[str, Agency]) -> Rules:
    return Rules(rulebooks, agencies, Limits())


def test_no_damage_breaks_the_reader(rules: Rules) -> None:
    answers: Counter[str] = Counter()
    for number in range(COUNT):
        content, media = mutation(random.Random(SEED * 1_000_003 + number))
        answer = outcome(content, media, rules)
        answers[answer] += 1
        assert answer in {*CODES, "judged"} - {"INTERNAL_ERROR", "SERVICE_UNAVAILABLE"}, (SEED, number, content[:2_000])
    assert len(answers) > 5
    print("answers:", dict(answers.most_common()))


def test_what_one_schema_engine_accepts_the_other_accepts_too() -> None:
    accepted = 0
    for number in range(COUNT):
        content, media = mutation(random.Random(SEED * 1_000_003 + number))
        reading = readable(content, media)
        if reading is None or reading.faults or len(content) > second_opinion.LARGEST:
            continue
        accepted += 1
        assert second_opinion.accepts_declaration(reading.declaration), (SEED, number)
        if media is Media.XML:
            assert second_opinion.accepts_document(content), (SEED, number)
    assert accepted > COUNT / 20
    print("accepted by both schema engines:", accepted)


def outcome(content: bytes, media: Media, rules: Rules) -> str:
    """The code of the answer, "judged" where there is a verdict."""
    try:
        prepare_message(content, media, rules, lodging=True)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return as_problem(error).code
    return "judged"


def readable(content: bytes, media: Media) -> Reading | None:
    """The reading of a message that can be read."""
    try:
        return read_message(content, media)
    except Refused:
        return None
