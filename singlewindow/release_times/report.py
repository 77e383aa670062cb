"""A release time report: the figures of a population of declarations, as seen at a cut-off, over all and by group.

It has everything to derive it again: its query, the time span of its events, and their fingerprint. It also counts what
could not be measured: open cases and questions, and exclusions with their reasons.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from itertools import pairwise
from typing import Any

from singlewindow.release_times.events import Case
from singlewindow.release_times.intervals import INTERVALS, OPEN, Actor, Measurement, of_case
from singlewindow.release_times.statistics import Statistics, describe_lengths
from singlewindow.times import MICROSECONDS, iso, moment

UNDECIDED = "undecided"
NOBODY = "none"
CASE_FIELDS = tuple(entry.name for entry in fields(Case))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LANES = ("green", "yellow", "orange", "red", UNDECIDED)


class By(StrEnum):
    """How a report may be broken down; hour and weekday are those of the lodgement, in UTC."""

    AGENCY = "agency"
    LANE = "lane"
    TYPE = "type"
    HOUR = "hour"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class Query:
    """Cases lodged from `start` until just before `end`, as they were at `cut_off` (microseconds since 1970 UTC).

    `mode_resolution` is in microseconds. Raises ValueError if the range is empty or the resolution is below one.
    """

    start: int
    end: int
    cut_off: int
    by: By | None = None
    mode_resolution: int = MICROSECONDS

    def __post_init__(self) -> None:
        """Refuse a query that no population can answer."""
        if self.start >= self.end:
            raise ValueError(f"The range ends at {iso(self.end)}, which is not after its start {iso(self.start)}.")
        if self.mode_resolution < 1:
            raise ValueError(f"The mode's resolution is {self.mode_resolution} microseconds; it must be at least 1.")

    def includes_case(self, case: Case) -> bool:
        """Whether the case belongs to the population."""
        return self.start <= case.lodged_at < self.end and case.lodged_at <= self.cut_off


@dataclass(frozen=True, slots=True)
class Row:
    """One interval in one group: its figures, how many are open, and how many each reason excluded."""

    interval: str
    actor: Actor
    statistics: Statistics
    open: int
    excluded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of the cases that share `key`: `cases` in all.

    `open_cases` had neither a decision nor another end at the cut-off.
    """

    key: str
    cases: int
    open_cases: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`total` over all cases of the query, `groups` in their natural order (none without `by`).

    `first_event` and `last_event` span the moments used (None without cases); `fingerprint` is the SHA-256 of the
    cases as seen, in hexadecimal: equal for equal evidence, in any order.
    """

    query: Query
    first_event: int | None
    last_event: int | None
    fingerprint: str
    total: Group
    groups: tuple[Group, ...]

    def plain_values(self) -> dict[str, Any]:
        """The report as plain values for JSON, moments in ISO 8601 UTC, lengths in seconds."""
        query = asdict(self.query) | {name: iso(getattr(self.query, name)) for name in ("start", "end", "cut_off")}
        query["mode_resolution"] = self.query.mode_resolution / MICROSECONDS
        span = {"first_event": iso(self.first_event), "last_event": iso(self.last_event)}
        return asdict(self) | {"query": query} | span


def report(cases: Iterable[Case], query: Query) -> Report:
    """The report that answers `query` over `cases`; those outside its population are ignored.

    Raises ValueError if a version of a declaration is given twice: it would count twice.
    """
    seen = sorted(
        (case.seen_at(query.cut_off) for case in cases if query.includes_case(case)),
        key=lambda case: (case.mrn, case.version),
    )
    _refuse_doubles(seen)
    measured = [(case, list(of_case(case))) for case in seen]
    stamps = [stamp for case in seen for stamp in case.moments()]
    return Report(
        query=query,
        first_event=min(stamps, default=None),
        last_event=max(stamps, default=None),
        fingerprint=fingerprint(seen),
        total=_measured_group("all", measured, query),
        groups=() if query.by is None else _report_groups(measured, query.by, query),
    )


def fingerprint(cases: Iterable[Case]) -> str:
    """SHA-256, in hexadecimal, of the cases by MRN and version: one line of JSON each, names sorted, no blanks."""
    digest = hashlib.sha256()
    for case in sorted(cases, key=lambda case: (case.mrn, case.version)):
        entry = {name: getattr(case, name) for name in CASE_FIELDS}
        digest.update(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _refuse_doubles(cases: Sequence[Case]) -> None:
    for first, second in pairwise(cases):
        if (first.mrn, first.version) == (second.mrn, second.version):
            raise ValueError(f"Version {first.version} of {first.mrn} is given twice; a study counts it once.")


Measured = tuple[Case, list[Measurement]]


def _report_groups(measured: Sequence[Measured], by: By, query: Query) -> tuple[Group, ...]:
    parts: defaultdict[str, list[Measured]] = defaultdict(list)
    for case, measurements in measured:
        for key in _group_keys(case, by):
            # An agency's group shows only its own questions, and the whole cases about which it was asked.
            own = [m for m in measurements if by is not By.AGENCY or m.agency in (None, key)]
            parts[key].append((case, own))
    return tuple(
        _measured_group(key, parts[key], query) for key in sorted(parts, key=lambda key: _group_order(key, by))
    )


def _group_keys(case: Case, by: By) -> list[str]:
    if by is By.AGENCY:
        return sorted(case.asked) or [NOBODY]
    if by is By.LANE:
        return [case.lane or UNDECIDED]
    if by is By.TYPE:
        return [case.type]
    lodged = moment(case.lodged_at)
    return [f"{lodged.hour:02}"] if by is By.HOUR else [WEEKDAYS[lodged.weekday()]]


def _group_order(key: str, by: By) -> tuple[int, str]:
    natural = {By.WEEKDAY: WEEKDAYS, By.LANE: LANES}.get(by, ())
    return (natural.index(key) if key in natural else len(natural)), key


def _measured_group(key: str, measured: Sequence[Measured], query: Query) -> Group:
    found: defaultdict[str, list[Measurement]] = defaultdict(list)
    for _, measurements in measured:
        for measurement in measurements:
            found[measurement.interval].append(measurement)
    undecided = sum(case.decided_at is None and case.ended is None for case, _ in measured)
    rows = tuple(_interval_row(name, found[name], query.mode_resolution) for name in INTERVALS)
    return Group(key, len(measured), undecided, rows)


def _interval_row(name: str, measurements: Sequence[Measurement], mode_resolution: int) -> Row:
    missing = Counter(sorted(entry.missing for entry in measurements if entry.missing is not None))
    still_open = missing.pop(OPEN, 0)
    lengths = [entry.length for entry in measurements if entry.length is not None]
    return Row(name, INTERVALS[name].actor, describe_lengths(lengths, mode_resolution), still_open, dict(missing))
