"""The caller's own agency: another one is not found, like one that does not exist."""

from __future__ import annotations

from singlewindow.agencies.agency import Agency
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import Request


def own_agency(request: Request, missing: str) -> Agency:
    """The agency in the address, if it is the caller's; raises the problem NOT_FOUND with the words `missing`."""
    code = request.path["code"]
    agency = request.context.agencies.get(code)
    if request.caller.agency != code or agency is None:
        raise ProblemError("NOT_FOUND", missing)
    return agency
