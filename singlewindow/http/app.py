"""The web application: the table of routes becomes Flask's, and every failure becomes a problem document.

Whatever a request asks, it passes here in one order: caller, query, accepted media, body, handler, record of reading.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
from flask import Flask, Response, g, request

from singlewindow import logs
from singlewindow.access.keyring import Keyring
from singlewindow.access.tokens import Tokens
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.group_commit import GroupCommit
from singlewindow.clearance.lodging.sandboxed_reader import ReadingRoom, room_for
from singlewindow.enquiries.access_log import reads_its_own, record_reading
from singlewindow.http.authorisation import authorise
from singlewindow.http.error_mapping import as_problem
from singlewindow.http.limits import Allowances
from singlewindow.http.negotiation import acceptable_media, read_content
from singlewindow.http.parameters import read_query
from singlewindow.http.problems import PROBLEM_MEDIA, ProblemError, problem_body
from singlewindow.http.request import Call, Reply, Service
from singlewindow.http.route import Route
from singlewindow.http.routes import ROUTES

log = logging.getLogger(__name__)

HEAD = {"GET": ("HEAD",)}
CLIENT_FAULT = 400
WRONG_KEY = "INVALID_TOKEN"
SERVER_FAULT = 500
LOGGED = "/v1/"
LONGEST_ADDRESS = 12_000
BATCHES = 2
"""Batches of declarations that one process takes at once: each keeps a thread busy for as long as it lasts."""
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
METHODS = {
    path: {word for route in ROUTES if route.path == path for word in (route.method, *HEAD.get(route.method, ()))}
    for path in (route.path for route in ROUTES)
}
"""The methods of each address without variables; Flask would add those of an address with one in the same place."""


def create_app(context: ClearanceContext, room: ReadingRoom | None = None) -> Flask:
    """The WSGI application over a window; nothing is asked of the database until a request comes.

    `room` is where large messages are read; without one, it is opened by the first of them.
    """
    # No static folder: Flask's own route for it would be in no table.
    app = Flask("singlewindow.http", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = context.settings.sw_body_limit
    app.url_map.merge_slashes = False  # an address is either in the table or not there: no redirects
    waiters = threading.BoundedSemaphore(context.settings.sw_waiters)
    tokens = Tokens(context.settings.sw_token_key) if context.settings.sw_token_key else None
    service = Service(
        context=context,
        keyring=Keyring(context.engine, tokens=tokens),
        room=room or room_for(context.settings),
        intake=GroupCommit(context),
        waiters=waiters,
        batches=threading.BoundedSemaphore(BATCHES),
        allowances=Allowances(context),
        routes=ROUTES,
    )
    for route in ROUTES:
        app.add_url_rule(
            route.path, route.endpoint, _view(service, route), methods=[route.method], provide_automatic_options=False
        )
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(Exception, _failed)
    return app


def _begin() -> None:
    g.trace_id, g.began = f"{random.getrandbits(128):032x}", time.monotonic()
    logs.begin(trace_id=g.trace_id)
    if len(request.path) + len(request.query_string) > LONGEST_ADDRESS:
        raise ProblemError("URI_TOO_LONG", f"The address is longer than {LONGEST_ADDRESS} characters; none here is")
    if request.method == "CONNECT":  # it names no address of ours, so no route could say what it allows
        raise ProblemError("METHOD_NOT_ALLOWED", "This is no proxy").with_headers({"Allow": "GET, HEAD, POST"})


def _end(_error: BaseException | None) -> None:
    logs.begin()


def _view(service: Service, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        call = _call(service, route, path)
        reply = route.handler(call)
        _record_reading(call, route, reply)
        return _render(call, reply)

    return view


def _record_reading(call: Call, route: Route, reply: Reply) -> None:
    """Note who is shown what before it is shown; raises LookupError where the reply does not fit the route's word."""
    subject = route.discloses.subject
    if (subject is None) != (reply.told is None) or (subject is not None and subject not in (reply.told or ())):
        raise LookupError(f"{route.endpoint} discloses {route.discloses.name}, and its reply tells of {reply.told}")
    if subject is None or reply.told is None or not reply.told[subject]:
        return
    if not (route.discloses.by_party and reads_its_own(call.caller)):
        record_reading(call.context, call.caller, route.endpoint, reply.told)


def _call(service: Service, route: Route, path: dict[str, str]) -> Call:
    try:
        principal = authorise(route, request.headers, service.keyring)
    except ProblemError as error:
        if error.code == WRONG_KEY:
            service.allowances.need_wrong_key(request.remote_addr or "")
        raise
    g.caller = principal.key_id if principal else "-"
    if principal is not None:
        service.allowances.need_request(principal.client)
    query = read_query(request.args.items(multi=True), route.parameters)
    acceptable = acceptable_media(route.produces, request.accept_mimetypes)
    if route.largest is not None:
        request.max_content_length = route.largest
    media, content = read_content(request, route.consumes) if route.consumes else ("", b"")
    return Call(
        service=service, principal=principal, path=path, query=query, acceptable=acceptable, began=g.began,
        content=content, media=media, trace_id=g.trace_id, authorization=request.headers.get("Authorization", ""),
        address=request.remote_addr or "",
    )  # fmt: skip


def _render(call: Call, reply: Reply) -> Response:
    body = reply.body if isinstance(reply.body, bytes | Iterator) else msgspec.json.encode(reply.body)
    return Response(body, reply.status, dict(reply.headers), content_type=reply.media or call.accepted)


def _finish(response: Response) -> Response:
    given = {name.lower() for name, _ in response.headers}
    own = (*SECURITY_HEADERS.items(), ("X-Trace-Id", g.trace_id))
    response.headers.extend([(name, value) for name, value in own if name.lower() not in given])
    if response.status_code < CLIENT_FAULT and request.path.startswith(LOGGED):
        call = (request.method[:10], request.url_rule.rule if request.url_rule else "-", g.get("caller", "-"))
        log.info("answered status=%d call=%a %s key=%s in %.0f ms", response.status_code, *call, _milliseconds())
    return response


def _milliseconds() -> float:
    return (time.monotonic() - float(g.began)) * 1000


def _failed(error: Exception) -> Response:
    problem = as_problem(error)
    if problem.code == "METHOD_NOT_ALLOWED" and (methods := METHODS.get(request.path)):
        problem.with_headers({"Allow": ", ".join(sorted(methods))})
    rule = request.url_rule.rule if request.url_rule else "-"
    facts = (problem.status, problem.code, request.method[:10], rule, g.get("caller", "-"), g.trace_id)
    if problem.status >= SERVER_FAULT:
        log.error("failed status=%d code=%s call=%a %s key=%s trace_id=%s", *facts, exc_info=error)
    else:
        log.info("rejected status=%d code=%s call=%a %s key=%s trace_id=%s", *facts)
    return Response(problem_body(problem, g.trace_id), problem.status, problem.headers, content_type=PROBLEM_MEDIA)
