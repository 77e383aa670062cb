"""Subscriptions: a trader has its notices sent to a URL, an agency its feed. No request calls that URL."""

from __future__ import annotations

import msgspec

from singlewindow.access.permissions import Permission as May
from singlewindow.access.permissions import is_permitted
from singlewindow.declarations.reading.json_shape import LARGEST, read_shape
from singlewindow.deliveries.listing import read_attempts, read_subscriptions
from singlewindow.deliveries.shapes import (
    AttemptPage,
    NewSubscription,
    RequestedTest,
    SecretMade,
    SubscriptionMade,
    SubscriptionPage,
    SubscriptionState,
)
from singlewindow.deliveries.signing import secret_text
from singlewindow.deliveries.subscriptions import ask_for_test, rotate_secret, subscribe, unsubscribe
from singlewindow.enquiries.cursors import Cursor, read_cursor
from singlewindow.enquiries.feeds import read_feed
from singlewindow.enquiries.notices import read_notices
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso

NO_SUBSCRIPTION = "There is no such subscription for this caller"

_subscription = msgspec.json.Decoder(NewSubscription)


def post_subscription(request: Request) -> Response:
    """Subscribe the caller to its party's notices, or to its agency's feed."""
    _need_right_to_read(request)
    said = read_shape(request.content, _subscription, "subscription")
    after = None if said.after is None else _place(request, read_cursor(said.after))
    made = subscribe(request.context.engine, request.caller, said.url, request.service.receivers, after)
    row = made.subscription
    body = SubscriptionMade(
        subscription=str(row.id), url=row.url, stream=row.stream, state=SubscriptionState.UNPROVEN,
        position=row.position, secret=secret_text(made.secret),
    )  # fmt: skip
    return Response(body, 201)


def _need_right_to_read(request: Request) -> None:
    if request.service.rehearses:
        raise ProblemError("FORBIDDEN", "The simulator sends nothing. Try your receiver with your usual key")
    right = May.NOTICES if request.caller.agency is None else May.FEED
    if not is_permitted(request.caller, right):
        raise ProblemError("FORBIDDEN", f"A key without the scope {right} may not subscribe")


def _place(request: Request, after: Cursor) -> int:
    """The number of a cursor in the caller's stream; raises NotInStream."""
    code = request.caller.agency
    if code is None:
        read_notices(request.context.engine, request.party, after, 1)
    else:
        read_feed(request.context.engine, request.context.agencies[code], after, 1)
    return after.number


def get_subscriptions(request: Request) -> Response:
    """The caller's subscriptions, and how they stand."""
    return Response(read_subscriptions(request.context.engine, request.caller))


def delete_subscription(request: Request) -> Response:
    """End a subscription."""
    if not unsubscribe(request.context.engine, request.caller, _number(request)):
        raise ProblemError("NOT_FOUND", NO_SUBSCRIPTION)
    return Response(b"", 204)


def post_secret(request: Request) -> Response:
    """Replace the secret of a subscription; the old one signs as well for a day."""
    made = rotate_secret(request.context.engine, request.caller, _number(request))
    if made is None:
        raise ProblemError("NOT_FOUND", NO_SUBSCRIPTION)
    secret, others_until = secret_text(made.secret), iso(made.others_until) or ""
    body = SecretMade(subscription=request.path["subscription"], secret=secret, others_until=others_until)
    return Response(body, 201)


def post_test(request: Request) -> Response:
    """Have a test sent, which the deliverer does within a second or two."""
    message = ask_for_test(request.context.engine, request.caller, _number(request))
    if message is None:
        raise ProblemError("NOT_FOUND", NO_SUBSCRIPTION)
    return Response(RequestedTest(subscription=request.path["subscription"], message=message), 202)


def get_attempts(request: Request) -> Response:
    """The last attempts of a subscription."""
    page = read_attempts(request.context.engine, request.caller, _number(request))
    if page is None:
        raise ProblemError("NOT_FOUND", NO_SUBSCRIPTION)
    return Response(page)


def _number(request: Request) -> int:
    """The number in the address; raises the problem NOT_FOUND if it cannot be one."""
    name = request.path["subscription"]
    if not (name.isascii() and name.isdigit() and len(name) <= 18):
        raise ProblemError("NOT_FOUND", NO_SUBSCRIPTION)
    return int(name)


SUBSCRIPTIONS = "/v1/subscriptions"
SUBSCRIPTION = f"{SUBSCRIPTIONS}/<subscription>"

ROUTES = (
    Route(
        method="POST", path=SUBSCRIPTIONS, handler=post_subscription, permission=May.SUBSCRIBE,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=NewSubscription, largest=LARGEST,
        summary="Have your notices, or your agency's feed, sent to a URL",
        responses={201: ResponseShape("Stored; the receiver has to prove itself now", SubscriptionMade)},
        problems=("RECEIVER_REFUSED", "SUBSCRIPTION_CONFLICT", "CURSOR_CONFLICT", *ANSWER_PROBLEMS),
    ),
    Route(
        method="GET", path=SUBSCRIPTIONS, handler=get_subscriptions, permission=May.SUBSCRIBE,
        discloses=Discloses.NOTHING, summary="List your subscriptions, and how they stand",
        responses={200: ResponseShape("All of them", SubscriptionPage)},
    ),
    Route(
        method="DELETE", path=SUBSCRIPTION, handler=delete_subscription, permission=May.SUBSCRIBE,
        discloses=Discloses.NOTHING, summary="End a subscription; nothing more is sent",
        responses={204: ResponseShape("Ended")}, problems=("NOT_FOUND",),
    ),
    Route(
        method="POST", path=f"{SUBSCRIPTION}/secrets", handler=post_secret, permission=May.SUBSCRIBE,
        discloses=Discloses.NOTHING, summary="Make a new secret; the old one signs as well for a day",
        responses={201: ResponseShape("The new secret", SecretMade)}, problems=("NOT_FOUND", "SUBSCRIPTION_CONFLICT"),
    ),
    Route(
        method="POST", path=f"{SUBSCRIPTION}/test", handler=post_test, permission=May.SUBSCRIBE,
        discloses=Discloses.NOTHING, summary="Have a test sent at once, or the challenge again",
        responses={202: ResponseShape("It is sent; the list of attempts says how it ended", RequestedTest)},
        problems=("NOT_FOUND", "SUBSCRIPTION_CONFLICT"),
    ),
    Route(
        method="GET", path=f"{SUBSCRIPTION}/attempts", handler=get_attempts, permission=May.SUBSCRIBE,
        discloses=Discloses.NOTHING, summary="List the last hundred attempts of a subscription",
        responses={200: ResponseShape("The newest first", AttemptPage)}, problems=("NOT_FOUND",),
    ),
)  # fmt: skip
