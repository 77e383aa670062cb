"""Release times for the auditor: the record's cases in a range, handed to the pure study."""

from __future__ import annotations

from typing import Any

from singlewindow.clearance.window import Window
from singlewindow.release_times.report import By, Query, report
from singlewindow.storage import cases
from singlewindow.storage.engines import clock
from singlewindow.storage.walls import AUDITOR, reading_as

MODE_RESOLUTION = 1_000  # microseconds: a machine's steps take milliseconds, where a person's take minutes
MOST_CASES = 100_000


class TooManyCases(Exception):  # noqa: N818 - an answer to the reader: the range is to be made shorter
    """The range holds more declarations than one answer may take."""


def release_times(window: Window, start: int | None, end: int | None, by: By | None) -> dict[str, Any]:
    """The report over what was lodged from `start` until just before `end`, as it stands now; None is no bound.

    Raises ValueError for an empty range, TooManyCases for one beyond `MOST_CASES`.
    """
    with reading_as(window.engine, AUDITOR) as connection:
        now = clock(connection)
        query = Query(start or 0, now + 1 if end is None else end, now, by, mode_resolution=MODE_RESOLUTION)
        if (found := cases.count(connection, query.start, query.end)) > MOST_CASES:
            raise TooManyCases(f"The range holds {found} declarations; choose one with at most {MOST_CASES}")
        return report(cases.lodged_between(connection, query.start, query.end), query).plain()
