"""Release times for the auditor: the record's cases in a range, handed to the pure study."""

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
"""Nothing is written that carries an older moment: a transaction ends, or is ended by the database, well before."""


class TooManyCases(Exception):  # noqa: N818 - an answer to the reader: the range is to be made shorter
    """The range holds more declarations than one answer may take."""


class Study(NamedTuple):
    """What is asked: cases lodged from `start` until just before `end`, as they stood at `cut_off`; None is no bound.

    All moments, and `mode_resolution`, are in microseconds.
    """

    start: int | None = None
    end: int | None = None
    cut_off: int | None = None
    by: By | None = None
    mode_resolution: int = MICROSECONDS

    def query_at(self, now: int) -> Query:
        """The query at the moment `now`; raises ValueError for a range that is none and a cut-off outside of it."""
        seen = now if self.cut_off is None else self.cut_off
        start, end = self.start or 0, seen + 1 if self.end is None else self.end
        if seen > now:
            raise ValueError(f"The cut-off {iso(seen)} is still to come; choose one up to now, or leave it out.")
        if self.cut_off is not None and seen < start:
            raise ValueError(f"The cut-off {iso(seen)} comes before the range, which starts at {iso(start)}.")
        if self.end is None and seen < start:
            raise ValueError(f"The range starts at {iso(start)}, which is still to come; choose an earlier start.")
        return Query(start, end, seen, self.by, self.mode_resolution)


def report_release_times(engine: Engine, study: Study) -> dict[str, Any]:
    """The report; `settled` says that the same query gives the same report for ever, its fingerprint included.

    Raises ValueError where `Study.query_at` does, TooManyCases for a range beyond `MOST_CASES`.
    """
    with reading_as(engine, AUDITOR) as connection:
        now = clock(connection)
        query = study.query_at(now)
        end = min(query.end, query.cut_off + 1)  # what was lodged after the cut-off is no case yet
        if (found := release_time_cases.count_versions(connection, query.start, end)) > MOST_CASES:
            raise TooManyCases(f"The range holds {found} declarations; choose one with at most {MOST_CASES}")
        settled = now - query.cut_off >= SETTLED_SECONDS * MICROSECONDS
        cases = release_time_cases.read_cases(connection, query.start, end)
        return report(cases, query).plain() | {"settled": settled}
