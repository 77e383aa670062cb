"""What the single window tells over HTTP: a trader's notices, an agency's feed, the auditor's proofs and times."""

from __future__ import annotations

from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.feeds import feed
from singlewindow.enquiries.notices import notices
from singlewindow.enquiries.release_times import Study, TooManyCases, release_times
from singlewindow.http.api.declarations import next_link
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import XML, Call, Reply
from singlewindow.release_times.report import By

MILLISECOND = 1_000  # in microseconds


def get_notices(call: Call) -> Reply:
    """The party's notices after a number: as JSON, or as WCO RES messages in one XML envelope."""
    after, limit = call.query["after"], call.query["limit"]
    page = notices(call.context, call.party, after, limit)
    headers = _following("/v1/notices", str(page.next), limit)
    told = {"mrns": sorted({row.mrn for row in page.rows})}
    if call.accepted != XML:
        return Reply(page.as_json(), headers=headers, told=told)
    # An envelope holds at least one message, so that no message is no envelope.
    return Reply(page.as_xml(), headers=headers, told=told) if page.rows else Reply(b"", 204, headers, told=told)


def _following(path: str, after: str, limit: int) -> dict[str, str]:
    """The headers that name the following page of a stream."""
    return {"X-Next-After": after} | next_link(path, {"after": after, "limit": str(limit)})


def get_feed(call: Call) -> Reply:
    """The agency's own feed after a cursor; another agency's is as absent as one that does not exist."""
    code = call.path["code"]
    if call.caller.agency != code or code not in call.context.agencies:
        raise ProblemError("NOT_FOUND", "There is no such feed, or it is not this caller's")
    after, limit = call.query["after"], call.query["limit"]
    page = feed(call.context, code, after, limit)
    told = {"mrns": sorted({entry.mrn for entry in page.entries})}
    return Reply(page, headers=_following(f"/v1/agencies/{code}/feed", page.next, limit), told=told)


def get_checkpoints(call: Call) -> Reply:
    """The checkpoints after a cursor: what `singlewindow audit verify` takes."""
    after, limit = call.query["after"], call.query["limit"]
    kept, following = audit_trail.checkpoints_after(call.context.engine, after, limit)
    lines = b"".join(checkpoint.line + b"\n" for checkpoint in kept)
    told = {"checkpoints": [checkpoint.statement.number for checkpoint in kept]}
    return Reply(lines, headers=_following("/v1/audit/checkpoints", str(following), limit), told=told)


def get_release_times(call: Call) -> Reply:
    """How long each step took for the declarations lodged in a range."""
    asked = call.query
    by = By(asked["by"]) if asked["by"] else None
    study = Study(asked["from"], asked["to"], asked["cut_off"], by, asked["mode_milliseconds"] * MILLISECOND)
    try:
        found = release_times(call.context, study)
    except (ValueError, TooManyCases) as error:
        raise ProblemError("INVALID_PARAMETER", str(error)) from error
    query = ("start", "end", "cut_off", "by")
    told = {name: found["query"][name] for name in query} | {"fingerprint": found["fingerprint"]}
    return Reply(found, told=told)
