"""The one shape of every error: `application/problem+json` (RFC 9457), built only here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from singlewindow.declarations.faults import FaultReport, Found
from singlewindow.http.api.shapes import Problem
from singlewindow.http.problem_codes import CODES, title_of

PROBLEM_MEDIA = "application/problem+json"
OAUTH = ("INVALID_REQUEST", "UNSUPPORTED_GRANT_TYPE", "INVALID_SCOPE", "INVALID_CLIENT")
LARGEST_ANSWER = 64_000
LONGEST_DETAIL = 2_000


class ProblemError(Exception):
    """Ends a request with a problem, which has the status of its code.

    `found` are the faults of the declaration, `mrn` is the earlier declaration that conflicts with this one.
    """

    def __init__(self, code: str, detail: str, *, found: Found | None = None, mrn: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.status = code, detail, CODES[code].status
        self.found, self.mrn = found, mrn
        self.headers: dict[str, str] = {}

    def with_headers(self, headers: Mapping[str, str]) -> ProblemError:
        """The same problem with more response headers."""
        self.headers.update(headers)
        return self


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come back, in whole seconds."""
    return {"Retry-After": str(math.ceil(seconds))}


def problem_body(error: ProblemError, trace_id: str) -> bytes:
    """The problem document as JSON."""
    return msgspec.json.encode(problem_of(error, trace_id))


def problem_of(error: ProblemError, trace_id: str) -> Problem:
    """The problem document, at most `LARGEST_ANSWER` bytes: faults that do not fit are left out and counted."""
    problem = Problem(
        type=f"/docs#{error.code}",
        title=title_of(error.code),
        status=error.status,
        code=error.code,
        detail=error.detail[:LONGEST_DETAIL],
        trace_id=trace_id,
        mrn=error.mrn or msgspec.UNSET,
        error=error.code.lower() if error.code in OAUTH else msgspec.UNSET,
    )
    return problem if error.found is None else _with_faults(problem, error.found)


def _with_faults(problem: Problem, found: Found) -> Problem:
    shown = _fitting_faults(found.faults)
    more = len(shown) < found.total
    return msgspec.structs.replace(problem, faults=shown, faults_total=found.total, truncated=more)


def _fitting_faults(faults: Sequence[FaultReport]) -> list[FaultReport]:
    room = LARGEST_ANSWER - 8 * LONGEST_DETAIL  # the other members, each character escaped at worst
    shown = []
    for fault in faults:
        room -= len(msgspec.json.encode(fault)) + 1
        if room < 0:
            break
        shown.append(fault)
    return shown
