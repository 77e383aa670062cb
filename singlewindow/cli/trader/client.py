"""The service as a trader's software sees it: lodge over HTTP, wait for decisions, read figures."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from singlewindow.access.identifiers import party_code
from singlewindow.cli.trader.files import CONTENT_TYPES, media_of
from singlewindow.settings import value_of

ZIP = "application/zip"
BATCH = ".zip"
TRIES = 5
WAIT_SECONDS = 20
TIMEOUT_SECONDS = 40.0
LONGEST_PAUSE = 30.0
_DECODER = msgspec.json.Decoder(dict[str, Any])


@dataclass
class Outcome:
    """The service's answers for one file or member of a ZIP file, and how long the decision took (ms).

    `request` is the answer to a request about an earlier declaration; `end` says in words how a declaration ended
    without a decision.
    """

    path: Path
    receipt: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    problem: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    end: str = ""
    milliseconds: float | None = None
    agencies: list[str] = field(default_factory=list)


def key_of_environment() -> str:
    """The caller's key, never from the command line, which everybody on the machine can read."""
    key = value_of("SINGLEWINDOW_KEY")
    if not key:
        raise ValueError("Set SINGLEWINDOW_KEY to your key, or SINGLEWINDOW_KEY_FILE to the file that holds it")
    return key


def open_client(url: str, key: str, party: str | None = None) -> httpx.Client:
    """A client for the holder of `key`, who may act for `party` as a broker; it ignores proxies in the environment."""
    if not key.isascii() or not key.isprintable():
        raise ValueError("SINGLEWINDOW_KEY does not hold a valid key. `singlewindow keys create` makes one")
    acting_for = {} if party is None else {"Acting-For": party_code("party", party)}
    headers = {"Authorization": f"Bearer {key}"} | acting_for
    return httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)


def declarations_in(path: Path) -> int:
    """How many declarations a file holds: 1 unless it is a readable ZIP file."""
    if path.suffix.lower() == BATCH:
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            return len(archive.namelist())
    return 1


def lodge_all(client: httpx.Client, paths: Sequence[Path], progress: Callable[[], None]) -> list[Outcome]:
    """Lodge every file, then wait for every decision; calls `progress` after each lodgement and each decision."""
    outcomes = []
    for path in paths:
        for outcome in _lodge_batch(client, path) if path.suffix.lower() == BATCH else (_lodge_file(client, path),):
            outcomes.append(outcome)
            progress()
    for outcome in outcomes:
        if outcome.receipt:
            _await_decision(client, outcome)
        progress()
    return outcomes


def _lodge_batch(client: httpx.Client, path: Path) -> Iterator[Outcome]:
    """Lodge the members of a ZIP file; yields each outcome as soon as the service reports it."""
    content = path.read_bytes()
    for attempt in range(1, TRIES + 1):
        with client.stream("POST", "/v1/declarations/batch", content=content, headers={"Content-Type": ZIP}) as answer:
            if answer.status_code == 200:
                lines = map(_DECODER.decode, answer.iter_lines())
                next(lines, None)  # the number of members
                for line in lines:
                    told = {"receipt": line.get("receipt", {}), "problem": line.get("problem", {})}
                    yield Outcome(path / line["name"], **told)
                return
            answer.read()
        if answer.status_code not in {429, 503} or attempt == TRIES:
            yield Outcome(path, problem=answer_of(answer))
            return
        time.sleep(_pause_seconds(answer.headers.get("Retry-After", "")))


def send(client: httpx.Client, method: str, address: str, **what: Any) -> httpx.Response:
    """Send one request; after 429 or 503, wait as the service asks and try again. The caller reads other answers."""
    for attempt in range(1, TRIES + 1):
        response = client.request(method, address, **what)
        if response.status_code not in {429, 503} or attempt == TRIES:
            break
        time.sleep(_pause_seconds(response.headers.get("Retry-After", "")))
    return response


def _pause_seconds(asked: str) -> float:
    """Seconds to wait before the next try; a date is not read, since the service never sends one."""
    return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else 1.0


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in a response; raises ValueError if it cannot come from a single window."""
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        where = f"{response.request.url.scheme}://{response.request.url.netloc.decode()}"
        text = f"The server at {where} is not a trade single window (status {response.status_code}). Check --url"
        raise ValueError(text) from error


def _lodge_file(client: httpx.Client, path: Path) -> Outcome:
    content = path.read_bytes()
    headers = {"Content-Type": CONTENT_TYPES[media_of(path, content)]}
    response = send(client, "POST", "/v1/declarations", content=content, headers=headers)
    answer = answer_of(response)
    if response.status_code == 202:
        return Outcome(path, receipt=answer)
    return Outcome(path, request=answer) if "answer" in answer else Outcome(path, problem=answer)


def _await_decision(client: httpx.Client, outcome: Outcome) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        response = send(client, "GET", outcome.receipt["links"]["decision"], params={"wait": 10})
        if response.status_code == 200:
            outcome.decision = answer_of(response)
            outcome.milliseconds = elapsed_milliseconds(outcome.receipt["lodged_at"], outcome.decision["decided_at"])
            return
        if response.status_code == 409:
            outcome.end = str(answer_of(response).get("detail", ""))
            return
        time.sleep(0.1)


def agencies_asked(client: httpx.Client, outcome: Outcome) -> list[str]:
    """The codes of the agencies that were asked; only an auditor may see them."""
    return [entry["agency"] for entry in answer_of(send(client, "GET", outcome.receipt["links"]["self"]))["agencies"]]


def elapsed_milliseconds(began: str, ended: str) -> float:
    """Milliseconds between two ISO 8601 moments."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds() * 1000
