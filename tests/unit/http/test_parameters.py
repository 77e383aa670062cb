from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.http.parameters import moment_or_day, one_of, read_query, text_like, whole_number
from singlewindow.http.problems import ProblemError

LIMIT = whole_number("limit", "most", least=1, most=200, default=50)


def _refused(text: str, *known: object) -> str:
    with pytest.raises(ProblemError) as caught:
        read_query([(known[0].name, text)], known)  # type: ignore[attr-defined, arg-type]
    assert caught.value.code == "INVALID_PARAMETER"
    return caught.value.detail


def test_a_parameter_that_is_not_given_has_its_default() -> None:
    assert read_query([], [LIMIT]) == {"limit": 50}


@pytest.mark.parametrize("text", ["0", "201", "-1", "1e9", "abc", "", " 5", "5 ", "+5", "5.0", "\u0665", "9" * 30])
def test_a_number_out_of_bounds_or_in_another_spelling_is_refused(text: str) -> None:
    assert "a whole number from 1 to 200" in _refused(text, LIMIT)


@given(st.integers(1, 200))
def test_every_number_within_the_bounds_is_read(number: int) -> None:
    assert read_query([("limit", str(number))], [LIMIT]) == {"limit": number}


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(ProblemError, match="no parameter 'limits'; it takes limit"):
        read_query([("limits", "1")], [LIMIT])


def test_an_unknown_parameter_is_echoed_shortened_and_in_ascii() -> None:
    with pytest.raises(ProblemError) as caught:
        read_query([("\u202e\n" * 500, "1")], [LIMIT])
    assert len(caught.value.detail) < 400
    assert caught.value.detail.isascii()
    assert "\n" not in caught.value.detail


def test_a_parameter_given_twice_is_refused_even_with_the_same_value() -> None:
    with pytest.raises(ProblemError, match="more than once"):
        read_query([("limit", "5"), ("limit", "5")], [LIMIT])


def test_a_word_must_match_as_a_whole() -> None:
    known = text_like("lrn", "reference", "[ -~]{1,5}")
    assert read_query([("lrn", "A B")], [known]) == {"lrn": "A B"}
    for text in ("", "123456", "A\nB", "A\x00", "Ä"):
        _refused(text, known)


def test_a_choice_takes_its_words_only() -> None:
    known = one_of("by", "how", ("agency", "lane"))
    assert read_query([("by", "lane")], [known]) == {"by": "lane"}
    assert "one of agency, lane" in _refused("Lane", known)


def test_a_day_is_its_first_moment_in_utc() -> None:
    assert read_query([("from", "1970-01-02")], [moment_or_day("from", "start")]) == {"from": 86_400_000_000}


def test_a_moment_is_read_in_its_own_zone() -> None:
    assert read_query([("from", "1970-01-01T01:00:00+01:00")], [moment_or_day("from", "start")]) == {"from": 0}


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-01-31T12:00:00", "yesterday", "0001-01-01T00:00:00+14:00x", "20260131"]
)
def test_a_moment_without_a_zone_or_that_is_no_moment_is_refused(text: str) -> None:
    assert "2026-01-31T12:00:00Z" in _refused(text, moment_or_day("from", "start"))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_lies_outside_the_calendar_in_utc_is_refused(text: str) -> None:
    assert "a day such as" in _refused(text, moment_or_day("from", "from"))
