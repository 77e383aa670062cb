"""Which data the law lets each agency see, for everybody to read: as JSON for one agency, as a page for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from singlewindow.agencies.agency import Agency
from singlewindow.http.api.documentation import page
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import HTML, Request, Response
from singlewindow.http.route import PUBLIC, Discloses, ResponseShape, Route


class EntitledElement(Struct, frozen=True):
    """One element that an agency may see: `minimum` says that it needs it, `maximum` that it may have it."""

    path: str
    need: Literal["minimum", "maximum"]
    basis: str


class EntitlementReading(Struct, frozen=True):
    """Everything one agency may see of a declaration, and by which law; it is never sent anything else."""

    agency: str
    name: str
    legal_basis: str
    elements: list[EntitledElement]


def get_entitlement(request: Request) -> Response:
    """One agency's lists with their legal basis."""
    agency = request.context.agencies.get(request.path["code"])
    if agency is None:
        raise ProblemError("NOT_FOUND", "There is no such agency. /entitlements lists them all")
    return Response(_entitlement_reading(agency))


def get_page(request: Request) -> Response:
    """All agencies' lists on one page."""
    return page("entitlements.html", {"agencies": _as_published(request.context.agencies)})


def _as_published(agencies: Mapping[str, Agency]) -> list[EntitlementReading]:
    return [_entitlement_reading(agencies[code]) for code in sorted(agencies)]


def _entitlement_reading(agency: Agency) -> EntitlementReading:
    elements = [EntitledElement(entry.path, entry.need, entry.basis) for entry in agency.elements]
    return EntitlementReading(agency.code, agency.name, agency.legal_basis, elements)


ROUTES = (
    Route(
        method="GET", path="/v1/agencies/<code>/entitlement", handler=get_entitlement, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="Show what the law lets an agency see, element by element",
        responses={200: ResponseShape("The lists with their legal basis", EntitlementReading)},
        problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/entitlements", handler=get_page, permission=PUBLIC,
        discloses=Discloses.NOTHING, produces=(HTML,),
        summary="Show what the law lets each agency see, as a web page",
        responses={200: ResponseShape("The page", {"type": "string"})},
    ),
)  # fmt: skip
