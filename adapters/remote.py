"""An agency with its own system, asked over HTTP: we send its view, and it answers at once or calls back later.

Whatever the other side does (hangs, drips, lies, floods, redirects), a call ends within its limits of time and size;
nothing it sends reaches a log or the record unless it is an answer in the right form.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
import msgspec

from adapters.call_deadline import TimeLimit
from adapters.circuit_breaker import Breaker, Clock
from adapters.contract import NotRetryable, Pending, Retryable, View
from adapters.remote_answer import LARGEST_ANSWER, foreign_items, read_answer
from singlewindow.agencies.agency import Agency, Remote
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.faults import Refused

RETRY_SECONDS = 2.0
LEAST_PAUSE, LONGEST_PAUSE = 1.0, 3_600.0
TRY_AGAIN = frozenset({408, 425})
COME_BACK = frozenset({429, 503})
CHUNK = 16_384

WallClock = Callable[[], datetime]


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that this machine trusts, read once for all agencies."""
    return ssl.create_default_context()


class RemoteAdapter:
    """Asks one agency's system with its key; `clock` (monotonic) is the breaker's."""

    def __init__(self, agency: Agency, remote: Remote, key: str, clock: Clock = time.monotonic) -> None:
        self.agency, self.concurrency = agency.code, remote.concurrency
        self._remote, self._profiles = remote, agency.fingerprint
        self._breaker = Breaker(remote.breaker_failures, remote.probe_seconds, clock)
        self._client = httpx.Client(
            # The host's own trust store, so that a national certificate authority is trusted if the host trusts it.
            verify=_trusted(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(remote.timeout_seconds, connect=min(remote.connect_seconds, remote.timeout_seconds)),
            # A new connection for each call: the time limit may close it, and none outlives an agency's restart.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Authorization": f"Bearer {key}", "User-Agent": "singlewindow", "Accept": "application/json",
                     "Accept-Encoding": "identity", "Content-Type": "application/json"},
        )  # fmt: skip

    def assess(self, view: View) -> Assessment:
        """The agency's answer; raises `Pending`, `Retryable` or `NotRetryable` by what came instead."""
        wait = self._breaker.seconds_to_wait()
        if wait > 0:
            text = f"{self.agency} is failing or asked for a pause; it is tried again in {wait:.0f} seconds"
            raise Retryable(text, after=wait, counts=False)
        try:
            answer = self._ask_agency(view)
        except (Pending, NotRetryable):
            self._breaker.note_success()
            raise
        except Retryable as error:
            if error.counts:
                self._breaker.note_failure()
            raise
        except Exception:
            self._breaker.note_failure()
            raise
        self._breaker.note_success()
        return answer

    def _ask_agency(self, view: View) -> Assessment:
        headers = {"X-Correlation-Id": view.trace_id or view.question}
        try:
            with (
                TimeLimit(self._remote.timeout_seconds) as limit,
                self._client.stream("POST", self._remote.url, content=_question_body(view), headers=headers,
                                    extensions={"trace": limit.watch}) as response,
            ):  # fmt: skip
                self._look_at_status(response)
                return self._read_response(_bounded_body(response), view)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout):
            raise Retryable(f"no full answer within {self._remote.timeout_seconds:g} seconds", RETRY_SECONDS) from None
        except httpx.HTTPError as error:
            raise Retryable(_transport_failure(error), RETRY_SECONDS) from None

    def _look_at_status(self, response: httpx.Response) -> None:
        """Return if there is a body to read (200); else raise what the status means."""
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.ACCEPTED:
            raise Pending("the agency will answer later on its own")
        if status in COME_BACK and (pause := pause_of(response.headers.get("Retry-After"))) is not None:
            self._breaker.pause_calls(pause)
            raise Retryable(f"the agency answered {status} and asked for {pause:.0f} seconds", pause, counts=False)
        if status >= 500 or status in COME_BACK | TRY_AGAIN or status < 300:
            raise Retryable(f"the agency answered {status}", RETRY_SECONDS)
        if status < 400:
            raise NotRetryable(f"the agency answered {status}; redirects are not followed: correct its url")
        raise NotRetryable(f"the agency refused the question with {status}")

    def _read_response(self, content: bytes, view: View) -> Assessment:
        try:
            answer = read_answer(content, self.agency, self._profiles)
            foreign_items(answer, view.tree)
        except Refused as error:
            raise Retryable(f"the answer cannot be used ({error.code}): {error.text}", RETRY_SECONDS) from None
        return answer


def _question_body(view: View) -> bytes:
    question: dict[str, Any] = {
        "question": view.question,
        "reference": view.reference,
        "version": view.version,
        "deadline": view.deadline,
        "items": view.items,
        "view": view.tree,
    } | ({"after_release": True} if view.after_release else {})
    if view.given is not None:
        question["documents_answer"] = view.given
    return msgspec.json.encode(question)


def _bounded_body(response: httpx.Response) -> bytes:
    """The body, if it is JSON in UTF-8 and not too large; else raises `Retryable` without reading more of it."""
    media, _, parameters = response.headers.get("Content-Type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Retryable("the answer is not application/json in UTF-8", RETRY_SECONDS)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Retryable("the answer is compressed", RETRY_SECONDS)
    content = bytearray()
    for chunk in response.iter_raw(CHUNK):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise Retryable(f"the answer has more than {LARGEST_ANSWER} bytes", RETRY_SECONDS)
    return bytes(content)


def _transport_failure(error: httpx.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the agency's certificate is not trusted here"
    return f"the agency could not be reached ({type(error).__name__})"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def pause_of(retry_after: str | None, clock: WallClock = _utc_now) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3), within bounds; None without a usable one."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            when = parsedate_to_datetime(text)
            seconds = (when.replace(tzinfo=when.tzinfo or UTC) - clock()).total_seconds()
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return min(max(seconds, LEAST_PAUSE), LONGEST_PAUSE)
