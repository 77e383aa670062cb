from __future__ import annotations

import pytest

from adapters.contract import Pending, View, assess_each
from adapters.officer import OfficerAdapter
from tests.terms import TERMS


def test_nobody_is_called_and_the_question_waits_for_an_officer() -> None:
    (outcome,) = assess_each(OfficerAdapter("firearms"), [View("M", 1, {}, TERMS, question="Q")])
    assert isinstance(outcome, Pending)
    with pytest.raises(Pending, match="an officer of firearms answers Q"):
        raise outcome
