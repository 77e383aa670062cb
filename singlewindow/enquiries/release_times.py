"""Release times for the auditor: reads the cases of a range from the record and passes them to the pure study."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Engine

from singlewindow.release_times.report import By, Query, report
from singlewindow.storage import release_time_cases
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.row_security import AUDITOR, reading_as
from singlewindow.times import MICROSECONDS, iso

MOST_CASES = 100_000
SETTLED_SECONDS = 120
"""Nothing is ever written with a moment older than this: transactions end, or the database ends them, well before."""


class TooManyCases(Exception):  # noqa: N818 - an answer to the reader: the range is to be made shorter
    """The range holds more declarations than one report may."""


class Study(NamedTuple):
    """The query: cases lodged from `start` until just before `end`, as they were at `cut_off`; None is no bound.

    All moments, and `mode_resolution`, are in microseconds.
    """

    start: int | None = None
    end: int | None = None
    cut_off: int | None = None
    by: By | None = None
    mode_resolution: int = MICROSECONDS

    def query_at(self, now: int) -> Query:
        """The query at the moment `now`; raises ValueError for an empty range or a cut-off outside of it."""
        seen = now if self.cut_off is None else self.cut_off
        start, end = self.start or 0, seen + 1 if self.end is None else self.end
        if seen > now:
            raise ValueError(f"The cut-off {iso(seen)} is in the future. Choose a past one, or leave it out.")
        if self.cut_off is not None and seen < start:
            raise ValueError(f"The cut-off {iso(seen)} is before the range, which starts at {iso(start)}.")
        if self.end is None and seen < start:
            raise ValueError(f"The range starts at {iso(start)}, which is in the future. Choose an earlier start.")
        return Query(start, end, seen, self.by, self.mode_resolution)


def report_release_times(engine: Engine, study: Study) -> dict[str, Any]:
    """The report; `settled` says that the same query will always give the same report, including its fingerprint.

    Raises ValueError like `Study.query_at`, and TooManyCases for a range beyond `MOST_CASES`.
    """
    with reading_as(engine, AUDITOR) as connection:
        now = clock(connection)
        query = study.query_at(now)
        end = min(query.end, query.cut_off + 1)  # declarations lodged after the cut-off do not count
        if (found := release_time_cases.count_versions(connection, query.start, end)) > MOST_CASES:
            raise TooManyCases(f"The range holds {found} declarations. Choose one with at most {MOST_CASES}")
        settled = now - query.cut_off >= SETTLED_SECONDS * MICROSECONDS
        cases = release_time_cases.read_cases(connection, query.start, end)
        return report(cases, query).plain_values() | {"settled": settled}
