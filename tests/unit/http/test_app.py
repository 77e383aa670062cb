from __future__ import annotations

import msgspec
import pytest
from flask import Flask

from singlewindow import __version__
from singlewindow.http.api.shapes import Problem
from singlewindow.http.error_mapping import as_problem
from singlewindow.http.problems import ProblemError

ERRORS = [
    ("GET", "/nothing", 404), ("GET", "/v1/declarations/", 404), ("GET", "//v1/declarations", 404),
    ("PUT", "/v1/declarations", 405), ("OPTIONS", "/v1/declarations", 405), ("TRACE", "/healthz", 405),
    ("DELETE", "/v1/declarations/26ZZ00000000000000", 405), ("GET", "/static/x", 404), ("GET", "/v1/notices", 401),
    ("GET", "/docs?x=1", 400), ("GET", "/v1/declarations/a%00b", 401), ("GET", f"/{'x' * 16_000}", 414),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), ERRORS)
def test_every_error_has_the_one_shape(app: Flask, method: str, path: str, status: int) -> None:
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    told = msgspec.json.decode(answer.data, type=Problem, strict=True)
    assert (told.status, told.trace_id) == (status, answer.headers["X-Trace-Id"])
    assert told.type == f"/docs#{told.code}"
    assert len(answer.data) <= 64_000


def test_a_method_that_does_not_fit_is_told_which_do(app: Flask) -> None:
    allowed = app.test_client().put("/v1/declarations").headers["Allow"]
    assert {"GET", "POST"} <= set(allowed.split(", "))


def test_a_trace_id_is_made_here_and_never_taken_from_the_caller(app: Flask) -> None:
    answers = [app.test_client().get("/healthz", headers={"X-Request-Id": "mine", "X-Trace-Id": "mine"}) for _ in "ab"]
    traces = {answer.headers["X-Trace-Id"] for answer in answers}
    assert len(traces) == 2
    assert all(len(trace) == 32 for trace in traces)


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/v1/notices", "/nothing"])
def test_every_answer_tells_browsers_to_do_nothing_with_it(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Permissions-Policy"]
    assert "Server" not in headers
    assert not app.debug
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/readyz", "/nothing"])
def test_no_answer_names_the_product_s_version_or_what_it_is_made_of(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    told = answer.text + str(answer.headers)
    assert not [word for word in (__version__, "Werkzeug", "Flask", "waitress", "Python") if word in told]


def test_a_head_request_is_answered_as_its_get_without_the_body(app: Flask) -> None:
    answer = app.test_client().head("/healthz")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_problem_cannot_be_made_without_a_known_code() -> None:
    with pytest.raises(KeyError):
        ProblemError("NO_SUCH_CODE", "words")


def test_a_process_without_memory_asks_to_come_again() -> None:
    problem = as_problem(MemoryError())
    assert (problem.status, problem.headers["Retry-After"]) == (503, "2")
