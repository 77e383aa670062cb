"""The names of questions towards agencies: thirteen characters, and the round where it is not the first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.agencies.question_names import Named, question_name, read_question_name


def test_the_first_round_has_the_name_it_always_had() -> None:
    assert question_name(912521458899942264) == "06XL1UZ075GU0"
    assert read_question_name("06XL1UZ075GU0") == Named(912521458899942264, 1)


def test_a_later_round_is_named_after_it() -> None:
    assert question_name(36, 2) == "0000000000010-2"
    assert read_question_name("0000000000010-2") == Named(36, 2)


@given(st.integers(0, 2**63 - 1), st.integers(1, 99_999))
def test_a_name_is_read_as_what_it_was_given_for(version_id: int, asked_round: int) -> None:
    assert read_question_name(question_name(version_id, asked_round)) == Named(version_id, asked_round)


@pytest.mark.parametrize(
    "text",
    ["", "0000000000010-", "0000000000010-1", "0000000000010-0", "0000000000010-02", "0000000000010--2",
     "0000000000010-100000", "000000000001", "00000000000a0", "ZZZZZZZZZZZZZ", "0000000000010-2\n", "0000000000010-٣"],
)  # fmt: skip
def test_what_is_no_name_of_a_question_is_read_as_none(text: str) -> None:
    assert read_question_name(text) is None
