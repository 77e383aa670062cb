"""The table of routes: everything the service answers, collected from the modules of the handlers.

Flask's rules, the access check, /openapi.json and /docs are all made from this table; there are no other routes.
"""

from __future__ import annotations

from singlewindow.http.api import (
    agency_answers,
    declarations,
    documentation,
    entitlements,
    life,
    lodging,
    lodging_batch,
    oauth,
    officers,
    operations,
    oversight,
    streams,
)
from singlewindow.http.route import Route

_OWN: tuple[Route, ...] = (
    *lodging.ROUTES,
    *lodging_batch.ROUTES,
    *declarations.ROUTES,
    *life.ROUTES,
    *agency_answers.ROUTES,
    *officers.ROUTES,
    *entitlements.ROUTES,
    *streams.ROUTES,
    *oversight.ROUTES,
    *oauth.ROUTES,
    *operations.ROUTES,
)
ROUTES: tuple[Route, ...] = (*_OWN, *documentation.routes_describing(_OWN))
