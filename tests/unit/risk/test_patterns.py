from __future__ import annotations

import pytest

from singlewindow.risk.patterns import has_match, pattern_faults, with_own_matches


def test_a_call_of_matches_becomes_ours() -> None:
    assert with_own_matches("item.marks.exists(m, m . matches('a'))") == "item.marks.exists(m, m .resembles('a'))"


def test_the_word_matches_inside_quotes_is_left_alone() -> None:
    source = "item.description == 'x.matches(y)'"
    assert with_own_matches(source) == source


def test_a_pattern_is_searched_for_not_anchored() -> None:
    assert has_match("two rifles", "rifle")


@pytest.mark.parametrize(
    "pattern", [r"'\\bguns?\\b'", "'^[^a-z]*(parts|said to contain.*)[^a-z]*$'", "'a{1,3}(b{2})+'"]
)
def test_a_flat_pattern_is_let_in(pattern: str) -> None:
    assert not list(pattern_faults(f"item.description.matches({pattern})"))


@pytest.mark.parametrize("pattern", ["'(a+)+'", "'(x|a*)*b'", "'((ab)*c)+'"])
def test_a_repetition_in_a_repetition_is_refused(pattern: str) -> None:
    assert list(pattern_faults(f"item.description.matches({pattern})"))


@pytest.mark.parametrize("pattern", ["'(?=a)b'", r"'(a)\\1'"])
def test_a_pattern_that_cel_itself_does_not_know_is_refused(pattern: str) -> None:
    assert list(pattern_faults(f"item.description.matches({pattern})"))
