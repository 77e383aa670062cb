"""The streams over HTTP: a trader's notices and an agency's feed."""

from __future__ import annotations

from singlewindow.access.permissions import Permission as May
from singlewindow.enquiries import shapes
from singlewindow.enquiries.feeds import read_feed
from singlewindow.enquiries.notices import read_notices
from singlewindow.http.api.declarations import next_link
from singlewindow.http.api.own_agency import own_agency
from singlewindow.http.parameters import AFTER, LIMIT
from singlewindow.http.request import JSON, XML, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route


def get_notices(request: Request) -> Response:
    """The party's notices after a number: as JSON, or as WCO RES messages in one XML envelope."""
    after, limit = request.query["after"], request.query["limit"]
    page = read_notices(request.context.engine, request.party, after, limit)
    headers = following_headers("/v1/notices", str(page.next), limit)
    discloses = {"mrns": sorted({row.mrn for row in page.rows})}
    if request.accepted != XML:
        return Response(page.as_json(), headers=headers, discloses=discloses)
    if not page.rows:  # an envelope holds at least one message, so without messages there is none
        return Response(b"", 204, headers, discloses=discloses)
    return Response(page.as_xml(), headers=headers, discloses=discloses)


def following_headers(path: str, after: str, limit: int) -> dict[str, str]:
    """The headers that name the following page of a stream."""
    return {"X-Next-After": after} | next_link(path, {"after": after, "limit": str(limit)})


def get_feed(request: Request) -> Response:
    """The agency's own feed after a cursor; another agency's is not found, like one that does not exist."""
    agency = own_agency(request, "There is no such feed, or this caller may not see it")
    after, limit = request.query["after"], request.query["limit"]
    page = read_feed(request.context.engine, agency, after, limit)
    discloses = {"mrns": sorted({entry.mrn for entry in page.entries})}
    return Response(
        page, headers=following_headers(f"/v1/agencies/{agency.code}/feed", page.next, limit), discloses=discloses
    )


ROUTES = (
    Route(
        method="GET", path="/v1/notices", handler=get_notices, permission=May.NOTICES,
        discloses=Discloses.NOTICES,
        parameters=(AFTER, LIMIT),
        summary="Read the party's notices, complete and in order, as JSON or as WCO RES messages", produces=(JSON, XML),
        responses={
            200: ResponseShape("A page; `X-Next-After` and Link name the next one", shapes.NoticePage),
            204: ResponseShape("No further notice, if XML is accepted; the headers are as with 200"),
        },
        problems=("CURSOR_CONFLICT",),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/feed", handler=get_feed, permission=May.FEED,
        discloses=Discloses.FEED,
        parameters=(AFTER, LIMIT), summary="Read the agency's feed: questions and decisions, with what it may see",
        responses={200: ResponseShape("A page; `X-Next-After` and Link name the next one", shapes.FeedPage)},
        problems=("NOT_FOUND", "CURSOR_CONFLICT"),
    ),
)  # fmt: skip
