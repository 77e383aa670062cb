"""The messages that docs/trader.md shows do what it says."""

from __future__ import annotations

import re

import pytest

from singlewindow.clearance.context import ClearanceContext
from tests.integration.conftest import Caller, body_of, work
from tests.integration.documents import JSON_TYPE
from tests.integration.test_life import lodge_in_advance, state_of
from tests.places import REPOSITORY

PAGE = (REPOSITORY / "docs" / "trader.md").read_text(encoding="utf-8")
SHOWN = re.compile(r'```json\n(\{"Declaration".*?"TypeCode": "(\w+)".*?)\n```', re.DOTALL)
MESSAGES = {kind: message for message, kind in SHOWN.findall(PAGE)}


@pytest.mark.parametrize(("kind", "state"), [("COR", "registered"), ("GPR", "released"), ("INV", "cancelled")])
def test_each_message_is_granted(trader: Caller, context: ClearanceContext, kind: str, state: str) -> None:
    mrn = lodge_in_advance(trader)
    work(context)
    answer = trader.post(MESSAGES[kind].replace('"MRN"', f'"{mrn}"').encode(), JSON_TYPE)
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted"), answer.data
    assert state_of(trader, mrn) == state


def test_the_page_shows_all_of_them() -> None:
    assert MESSAGES.keys() == {"COR", "GPR", "INV"}
