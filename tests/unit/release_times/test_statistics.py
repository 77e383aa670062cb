"""The figures agree with Python's statistics module and with the formulas an auditor would use."""

from __future__ import annotations

import math
import random
import statistics as reference
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.release_times.statistics import Statistics, describe_lengths, percentile

SECOND = 1_000_000
YEAR = 365 * 24 * 3600 * SECOND
lengths = st.lists(st.integers(-YEAR, YEAR), min_size=1, max_size=60)
several = st.lists(st.integers(-YEAR, YEAR), min_size=2, max_size=60)
repeating = st.lists(st.integers(-3 * SECOND, 3 * SECOND), min_size=1, max_size=60)


def seconds(value: Fraction | float) -> float:
    return float(Fraction(value) / SECOND)


def exact(values: list[int]) -> list[Fraction]:
    return [Fraction(value) for value in values]


@given(lengths)
def test_the_mean_is_the_sum_over_the_count(values: list[int]) -> None:
    assert describe_lengths(values).mean == seconds(reference.mean(exact(values)))


@given(lengths)
def test_the_median_is_that_of_the_standard_library(values: list[int]) -> None:
    assert describe_lengths(values).median == seconds(reference.median(exact(values)))


@given(several)
def test_the_deviation_is_that_of_a_sample(values: list[int]) -> None:
    expected = reference.stdev([Fraction(value, SECOND) for value in values])
    assert describe_lengths(values).deviation == pytest.approx(expected, rel=1e-12)


@given(several)
def test_the_90th_percentile_is_the_inclusive_one_of_the_standard_library(values: list[int]) -> None:
    assert describe_lengths(values).p90 == seconds(reference.quantiles(exact(values), n=10, method="inclusive")[8])


@given(several)
def test_the_95th_percentile_is_the_inclusive_one_of_the_standard_library(values: list[int]) -> None:
    assert describe_lengths(values).p95 == seconds(reference.quantiles(exact(values), n=20, method="inclusive")[18])


@given(lengths, st.integers(0, 100))
def test_a_percentile_is_definition_7_of_hyndman_and_fan(values: list[int], percent: int) -> None:
    ordered = sorted(values)
    place = Fraction((len(ordered) - 1) * percent, 100)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    assert percentile(ordered, percent) == low + (place - math.floor(place)) * (high - low)


@given(repeating)
def test_the_mode_is_the_shortest_of_the_most_frequent_whole_seconds(values: list[int]) -> None:
    whole = [math.floor(Fraction(value, SECOND) + Fraction(1, 2)) for value in values]
    often = max(whole.count(value) for value in whole)
    expected = (float(min(reference.multimode(whole))), often) if often > 1 else (None, None)
    assert (describe_lengths(values).mode, describe_lengths(values).mode_count) == expected


@given(repeating, st.integers(1, SECOND))
def test_the_mode_at_another_resolution_is_within_half_of_it_of_some_length(values: list[int], resolution: int) -> None:
    mode = describe_lengths(values, resolution).mode
    assert mode is None or min(abs(value - mode * SECOND) for value in values) <= resolution / 2 + 1e-3


@given(lengths)
def test_minimum_and_maximum_are_the_ends_of_the_range(values: list[int]) -> None:
    figures = describe_lengths(values)
    assert (figures.minimum, figures.maximum) == (seconds(min(values)), seconds(max(values)))


@given(lengths)
def test_negative_lengths_are_counted(values: list[int]) -> None:
    assert describe_lengths(values).negative == len([value for value in values if value < 0])


@given(lengths, st.randoms())
def test_the_order_of_the_lengths_changes_nothing(values: list[int], rng: random.Random) -> None:
    shuffled = values.copy()
    rng.shuffle(shuffled)
    assert describe_lengths(shuffled) == describe_lengths(values)


@given(several, st.integers(-YEAR, YEAR))
def test_a_shift_moves_the_place_but_not_the_spread(values: list[int], shift: int) -> None:
    moved = describe_lengths([value + shift for value in values])
    assert moved.deviation == describe_lengths(values).deviation


@given(lengths)
def test_the_figures_lie_in_their_natural_order(values: list[int]) -> None:
    figures = describe_lengths(values)
    chain = [figures.minimum, figures.median, figures.p90, figures.p95, figures.maximum]
    known = [figure for figure in chain if figure is not None]
    assert (known, len(known)) == (sorted(known), len(chain))


def test_no_length_at_all_gives_a_count_of_zero_and_no_figure() -> None:
    assert describe_lengths([]) == Statistics(n=0, negative=0)


def test_one_length_is_every_figure_but_has_no_mode_and_no_deviation() -> None:
    assert describe_lengths([1_500_000]) == Statistics(
        n=1, negative=0, mean=1.5, median=1.5, minimum=1.5, maximum=1.5, p90=1.5, p95=1.5
    )


def test_two_equal_lengths_do_not_deviate() -> None:
    assert describe_lengths([SECOND, SECOND]).deviation == 0.0


def test_a_tie_between_modes_goes_to_the_shortest() -> None:
    assert describe_lengths([3 * SECOND, SECOND, 3 * SECOND, SECOND]).mode == 1.0


def test_half_a_second_counts_upwards_on_both_sides_of_zero() -> None:
    assert describe_lengths([-1_500_000, -1_000_000]).mode == -1.0


def test_a_mean_keeps_the_sign() -> None:
    assert describe_lengths([-3 * SECOND, SECOND]).mean == -1.0


def test_a_resolution_below_one_microsecond_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        describe_lengths([1], 0)
