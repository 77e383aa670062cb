"""The service as a trader's software sees it: lodge over HTTP, wait for decisions, read figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

MEDIA = {".xml": "application/xml", ".json": "application/json"}
TRIES = 5
WAIT_SECONDS = 20
TIMEOUT_SECONDS = 40.0
LONGEST_PAUSE = 30.0


@dataclass
class Outcome:
    """What became of one file: the service's answers, and how long the decision took in milliseconds."""

    path: Path
    receipt: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    problem: dict[str, Any] = field(default_factory=dict)
    milliseconds: float | None = None
    agencies: list[str] = field(default_factory=list)


def open_client(url: str, key: str) -> httpx.Client:
    """A client that speaks for the holder of `key`; proxies of the environment are not used."""
    return httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS, trust_env=False
    )


def lodge_all(client: httpx.Client, paths: Sequence[Path], progress: Callable[[], None]) -> list[Outcome]:
    """Lodge every file, then wait for every decision; `progress` is called after each of the two steps of a file."""
    outcomes = []
    for path in paths:
        outcomes.append(_lodge(client, path))
        progress()
    for outcome in outcomes:
        if outcome.receipt:
            _await_decision(client, outcome)
        progress()
    return outcomes


def send(client: httpx.Client, method: str, address: str, **what: Any) -> httpx.Response:
    """One request, tried again where the service says when (429, 503); other answers are the caller's to read."""
    for attempt in range(1, TRIES + 1):
        response = client.request(method, address, **what)
        if response.status_code not in {429, 503} or attempt == TRIES:
            break
        time.sleep(min(float(response.headers.get("Retry-After", 1)), LONGEST_PAUSE))
    return response


def _lodge(client: httpx.Client, path: Path) -> Outcome:
    media = MEDIA.get(path.suffix.lower())
    if media is None:
        raise ValueError(f"{path}: the name must end in .xml or .json")
    response = send(client, "POST", "/v1/declarations", content=path.read_bytes(), headers={"Content-Type": media})
    answer = msgspec.json.decode(response.content)
    return Outcome(path, receipt=answer) if response.status_code == 202 else Outcome(path, problem=answer)


def _await_decision(client: httpx.Client, outcome: Outcome) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        response = send(client, "GET", outcome.receipt["links"]["decision"], params={"wait": 10})
        if response.status_code == 200:
            outcome.decision = response.json()
            outcome.agencies = _agencies(client, outcome.receipt["links"]["self"])
            outcome.milliseconds = elapsed(outcome.receipt["received_at"], outcome.decision["decided_at"])
            return
        time.sleep(0.1)


def _agencies(client: httpx.Client, address: str) -> list[str]:
    return [entry["agency"] for entry in send(client, "GET", address).json()["agencies"]]


def elapsed(began: str, ended: str) -> float:
    """Milliseconds between two ISO 8601 moments."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds() * 1000
