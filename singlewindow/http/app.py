"""The web application: the table of routes becomes Flask's, and every failure becomes a problem document.

Every request passes the same steps in this order: caller, query, accepted media, body, handler, record of reading.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from functools import cache

import flask
import msgspec
from flask import Flask, g
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wsgi import FileWrapper, wrap_file

from singlewindow import logs
from singlewindow.enquiries.access_log import reads_its_own, record_reading
from singlewindow.http.authorisation import authorise
from singlewindow.http.error_mapping import as_problem
from singlewindow.http.negotiation import acceptable_media, open_content, read_content
from singlewindow.http.parameters import read_headers, read_query
from singlewindow.http.problems import PROBLEM_MEDIA, ProblemError, problem_body
from singlewindow.http.request import Request, Response
from singlewindow.http.route import Public, Route
from singlewindow.http.routes import ROUTES
from singlewindow.http.service import Service

log = logging.getLogger(__name__)

HEAD = {"GET": ("HEAD",)}
CLIENT_FAULT = 400
WRONG_KEY = "INVALID_TOKEN"
SERVER_FAULT = 500
LOGGED = "/v1/"
LONGEST_ADDRESS = 12_000
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
SIMULATED = ("Simulated", "true")
"""Stands in every answer of the simulator, so that nobody takes it for a real one."""
METHODS = {
    path: {word for route in ROUTES if route.path == path for word in (route.method, *HEAD.get(route.method, ()))}
    for path in (route.path for route in ROUTES)
}
"""The methods of each address without variables; Flask would add those of addresses with a variable in that place."""


def create_app(service: Service) -> Flask:
    """The WSGI application of a service; nothing is asked of the database until a request comes."""
    # No static folder: Flask's own route for it would be in no table.
    app = Flask("singlewindow.http", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = service.context.settings.sw_body_limit
    app.url_map = _url_map()
    app.view_functions.update({route.endpoint: _view_function(service, route) for route in ROUTES})
    app.before_request(_begin_request)
    app.after_request(_finish_response)
    app.teardown_request(_forget_request)
    app.register_error_handler(Exception, _problem_response)
    return app


@cache
def _url_map() -> Map:
    """The addresses of all routes: the same for every application, so compiled once."""
    addresses = [
        Rule(route.path.replace("<mrn>", "<mrn:mrn>"), methods=[route.method], endpoint=route.endpoint)
        for route in ROUTES
    ]
    # An address is either in the table or not there: no redirects.
    return Map(addresses, merge_slashes=False, converters={"mrn": _Mrn})


class _Mrn(BaseConverter):
    """A declaration's number in an address: not one of the words that stand in its place."""

    regex = "(?!(?:validate|batch)$)[^/]+"


def _begin_request() -> None:
    g.trace_id, g.began = f"{random.getrandbits(128):032x}", time.monotonic()
    logs.begin_subject(trace_id=g.trace_id)
    if len(flask.request.path) + len(flask.request.query_string) > LONGEST_ADDRESS:
        raise ProblemError(
            "URI_TOO_LONG", f"The address is longer than {LONGEST_ADDRESS} characters. /docs lists all calls"
        )
    if flask.request.method == "CONNECT":  # it names no address of ours, so no route could say what it allows
        raise ProblemError("METHOD_NOT_ALLOWED", "This service is not a proxy").with_headers(
            {"Allow": "GET, HEAD, POST"}
        )


def _forget_request(_error: BaseException | None) -> None:
    logs.begin_subject()


def _view_function(service: Service, route: Route) -> Callable[..., flask.Response]:
    def view(**path: str) -> flask.Response:
        request = _read_request(service, route, path)
        response = route.handler(request)
        _record_reading(request, route, response)
        if isinstance(response.body, ProblemError):
            raise response.body
        return _render_response(request, response)

    return view


def _record_reading(request: Request, route: Route, response: Response) -> None:
    """Record who reads what before it is shown; raises LookupError if the response does not fit the route."""
    subject, shown = route.discloses.subject, response.discloses
    if (subject is None) != (shown is None) or (subject is not None and subject not in (shown or ())):
        raise LookupError(f"{route.endpoint} discloses {route.discloses.name}, and its response {shown}")
    if subject is None or shown is None or not shown[subject]:
        return
    if not (route.discloses.by_party and reads_its_own(request.caller)):
        record_reading(request.context.engine, request.caller, route.endpoint, shown)


def _read_request(service: Service, route: Route, path: dict[str, str]) -> Request:
    authorization = flask.request.headers.get("Authorization", "")
    window = service if isinstance(route.permission, Public) else service.window_of(authorization)
    g.simulated = window.rehearses
    try:
        caller = authorise(route, flask.request.headers, window.keyring)
    except ProblemError as error:
        if error.code == WRONG_KEY:
            service.rate_limits.count_wrong_key(flask.request.remote_addr or "")
        raise
    g.caller = caller.key_id if caller else "-"
    if caller is not None:
        service.rate_limits.count_request(caller.client)
    query = read_query(flask.request.args.items(multi=True), route.parameters)
    acceptable = acceptable_media(route.produces, flask.request.accept_mimetypes)
    largest = service.context.settings.sw_document_largest if route.streams else route.largest
    if largest is not None:
        flask.request.max_content_length = largest
    media, content = read_content(flask.request, route.consumes) if route.reads_whole else ("", b"")
    body = None
    if route.streams:
        media, body = open_content(flask.request, route.consumes)
    return Request(
        service=window, maybe_caller=caller, path=path, query=query, acceptable=acceptable, began=g.began,
        content=content, body=body, media=media, trace_id=g.trace_id,
        authorization=authorization,
        address=flask.request.remote_addr or "", headers=read_headers(flask.request.headers, route.headers),
    )  # fmt: skip


def _render_response(request: Request, response: Response) -> flask.Response:
    body, is_file = response.body, isinstance(response.body, FileWrapper)
    if is_file:  # the server may send a file by itself, without a thread and without a copy in memory
        body = wrap_file(flask.request.environ, body.file, body.buffer_size)
    elif not isinstance(body, bytes | Iterator):
        body = msgspec.json.encode(body)
    media = response.media or request.accepted
    headers = dict(response.headers)
    return flask.Response(body, response.status, headers, content_type=media, direct_passthrough=is_file)


def _finish_response(response: flask.Response) -> flask.Response:
    given = {name.lower() for name, _ in response.headers}
    own = [*SECURITY_HEADERS.items(), ("X-Trace-Id", g.trace_id)]
    if g.get("simulated", False):
        own.append(SIMULATED)
    response.headers.extend([(name, value) for name, value in own if name.lower() not in given])
    if response.status_code < CLIENT_FAULT and flask.request.path.startswith(LOGGED):
        facts = (response.status_code, *_request_facts(), _elapsed_milliseconds())
        log.info("answered status=%d call=%a %s key=%s in %.0f ms", *facts)
    return response


def _request_facts() -> tuple[str, str, str]:
    """Method, route and key of the request for log lines; never the address as a stranger wrote it."""
    rule = flask.request.url_rule.rule if flask.request.url_rule else "-"
    return flask.request.method[:10], rule, g.get("caller", "-")


def _elapsed_milliseconds() -> float:
    return (time.monotonic() - float(g.began)) * 1000


def _problem_response(error: Exception) -> flask.Response:
    problem = as_problem(error)
    if problem.code == "METHOD_NOT_ALLOWED" and (methods := METHODS.get(flask.request.path)):
        problem.with_headers({"Allow": ", ".join(sorted(methods))})
    facts = (problem.status, problem.code, *_request_facts(), g.trace_id)
    if problem.status >= SERVER_FAULT:
        log.error("failed status=%d code=%s call=%a %s key=%s trace_id=%s", *facts, exc_info=error)
    else:
        log.info("rejected status=%d code=%s call=%a %s key=%s trace_id=%s", *facts)
    body = problem_body(problem, g.trace_id)
    return flask.Response(body, problem.status, problem.headers, content_type=PROBLEM_MEDIA)
