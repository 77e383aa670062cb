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
    operations,
    oversight,
)
from singlewindow.http.api.documents import giving
from singlewindow.http.api.documents import reading as documents_reading
from singlewindow.http.api.officers import inspections, questions
from singlewindow.http.api.streams import reading as streams_reading
from singlewindow.http.api.streams import subscriptions
from singlewindow.http.route import Route

_OWN: tuple[Route, ...] = (
    *lodging.ROUTES,
    *lodging_batch.ROUTES,
    *declarations.ROUTES,
    *life.ROUTES,
    *agency_answers.ROUTES,
    *questions.ROUTES,
    *giving.ROUTES,
    *documents_reading.ROUTES,
    *inspections.ROUTES,
    *entitlements.ROUTES,
    *streams_reading.ROUTES,
    *subscriptions.ROUTES,
    *oversight.ROUTES,
    *oauth.ROUTES,
    *operations.ROUTES,
)
ROUTES: tuple[Route, ...] = (*_OWN, *documentation.routes_describing(_OWN))
