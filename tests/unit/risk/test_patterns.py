from __future__ import annotations

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.risk.patterns import FUNCTIONS, begins, includes, pattern_faults, resembles, translated


def test_a_call_of_matches_becomes_ours() -> None:
    assert translated("item.marks.exists(m, m . matches('a'))") == "item.marks.exists(m, m .resembles('a'))"


def test_the_word_matches_inside_quotes_is_left_alone() -> None:
    source = "item.description == 'x.matches(y)'"
    assert translated(source) == source


def test_a_list_of_prefixes_is_looked_at_at_once() -> None:
    source = "declaration.type == 'IMA' && ['01', '0203'].exists(code, item.commodity_code.startsWith(code))"
    assert translated(source) == "declaration.type == 'IMA' && item.commodity_code.begins('01 0203')"


@pytest.mark.parametrize(
    "source",
    [
        "['01'].exists(a, item.commodity_code.startsWith(b))",
        "['0 1'].exists(a, item.commodity_code.startsWith(a))",
        "['01'].all(a, item.commodity_code.startsWith(a))",
        "['01'].exists(a, a.startsWith(item.commodity_code))",
        "['01'].exists(a, item.commodity_code.startsWith(a) || true)",
        "item.description == \"['01'].exists(a, item.x.startsWith(a))\"",
        "item.codes.exists(a, b in ['01'])",
        "item.codes.exists(a, a in ['0 1'])",
        "item.codes.all(a, a in ['01'])",
        "item.codes.exists(a, a in ['01'] || true)",
        "item.codes.exists(a, a in declaration.codes)",
        "items.exists(one, one.codes.exists(a, a in ['01']))",
        "item.description == \"item.codes.exists(a, a in ['01'])\"",
    ],
)
def test_what_only_looks_like_a_list_of_prefixes_or_members_is_left_alone(source: str) -> None:
    assert translated(source) == source


PREFIX = st.text("0129aZ", min_size=1, max_size=4)


@given(st.lists(PREFIX, min_size=1, max_size=5), st.text("0129aZ", max_size=6))
def test_a_list_of_prefixes_means_what_it_means_in_cel(prefixes: list[str], code: str) -> None:
    listed = ", ".join(f"'{prefix}'" for prefix in prefixes)
    source = f"[{listed}].exists(each, item.code.startsWith(each))"
    ours = cel.compile(translated(source)).execute(cel.Context({"item": {"code": code}}, FUNCTIONS))
    assert ours == cel.evaluate(source, {"item": {"code": code}}) == begins(code, " ".join(prefixes))


def test_a_list_of_members_is_looked_at_at_once() -> None:
    source = "!(item.document_codes.exists(code, code in ['N851', 'C640'])) && item.x.exists(y, y in ['1'])"
    assert translated(source) == "!(item.document_codes.includes('N851 C640')) && item.x.includes('1')"


@given(st.lists(PREFIX, min_size=1, max_size=5), st.lists(PREFIX, max_size=5))
def test_a_list_of_members_means_what_it_means_in_cel(words: list[str], codes: list[str]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    source = f"item.codes.exists(each, each in [{listed}])"
    ours = cel.compile(translated(source)).execute(cel.Context({"item": {"codes": codes}}, FUNCTIONS))
    assert ours == cel.evaluate(source, {"item": {"codes": codes}}) == includes(codes, " ".join(words))


def test_members_of_what_is_no_list_are_an_error_as_in_cel() -> None:
    program = cel.compile(translated("item.codes.exists(each, each in ['01'])"))
    with pytest.raises((RuntimeError, TypeError)):
        program.execute(cel.Context({"item": {"codes": "01"}}, FUNCTIONS))


def test_a_pattern_is_searched_for_not_anchored() -> None:
    assert resembles("two rifles", "rifle")


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
