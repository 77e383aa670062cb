"""The figures of a study, in seconds, from exact lengths in microseconds.

Everything is computed with whole numbers and fractions and rounded once, at the end, so the order of the lengths never
changes a figure. Lengths are signed, and no figure treats a negative one differently.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from singlewindow.times import MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Figures in seconds over `n` lengths, of which `negative` are below zero; None if `n` is too small for one.

    `mode`, and `mode_count` how often it occurs, are of lengths rounded to the resolution; None unless a value occurs
    twice. `deviation` is the sample's (n - 1), None below two. `p90` and `p95` interpolate linearly.
    """

    n: int
    negative: int
    mean: float | None = None
    median: float | None = None
    mode: float | None = None
    mode_count: int | None = None
    deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    p90: float | None = None
    p95: float | None = None


def describe_lengths(lengths: Sequence[int], mode_resolution: int = MICROSECONDS) -> Statistics:
    """The figures over lengths in microseconds, in any order; `mode_resolution` is in microseconds as well.

    Raises ValueError for a resolution below one.
    """
    if mode_resolution < 1:
        raise ValueError(f"The mode's resolution is {mode_resolution} microseconds; it must be at least 1.")
    ordered = sorted(lengths)
    if not ordered:
        return Statistics(n=0, negative=0)
    mode, mode_count = _mode_of(ordered, mode_resolution)
    return Statistics(
        n=len(ordered),
        negative=sum(length < 0 for length in ordered),
        mean=_in_seconds(Fraction(sum(ordered), len(ordered))),
        median=_in_seconds(percentile(ordered, 50)),
        mode=mode,
        mode_count=mode_count,
        deviation=_standard_deviation(ordered),
        minimum=_in_seconds(Fraction(ordered[0])),
        maximum=_in_seconds(Fraction(ordered[-1])),
        p90=_in_seconds(percentile(ordered, 90)),
        p95=_in_seconds(percentile(ordered, 95)),
    )


def percentile(ordered: Sequence[int], percent: int) -> Fraction:
    """The exact percentile of ascending lengths, at least one (Hyndman and Fan 1996, definition 7)."""
    below, part = divmod((len(ordered) - 1) * percent, 100)
    if part == 0:
        return Fraction(ordered[below])
    return ordered[below] + Fraction(part, 100) * (ordered[below + 1] - ordered[below])


def _mode_of(ordered: Sequence[int], resolution: int) -> tuple[float | None, int | None]:
    # Exact lengths hardly ever repeat, so the mode is of rounded ones: to the nearest, a half upwards, so that steps
    # are as wide for negative lengths as for others. Of equally frequent ones, the shortest is the mode.
    counts = Counter((2 * length + resolution) // (2 * resolution) * resolution for length in ordered)
    often = max(counts.values())
    if often == 1:
        return None, None
    return _in_seconds(Fraction(min(value for value, count in counts.items() if count == often))), often


def _standard_deviation(lengths: Sequence[int]) -> float | None:
    n = len(lengths)
    if n < 2:
        return None
    spread = n * sum(length * length for length in lengths) - sum(lengths) ** 2
    return math.sqrt(Fraction(spread, n * (n - 1) * MICROSECONDS**2))


def _in_seconds(microseconds: Fraction) -> float:
    return float(microseconds / MICROSECONDS)
