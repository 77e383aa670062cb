"""How often a client may call, and how often an address may send wrong keys; beyond that 429 with Retry-After."""

from __future__ import annotations

from typing import Final

from singlewindow.access.rate_limit import BURST_SECONDS, Buckets
from singlewindow.http.problems import ProblemError, retry_after

WRONG_KEYS_BURST_SECONDS: Final = 40.0
"""An address may send as many wrong keys at once as it may send in this many seconds."""


class RateLimits:
    """How much of their limits clients and addresses have used in this process; 0 a second is no limit."""

    def __init__(self, rate: float, wrong_keys: float) -> None:
        self._requests = Buckets(rate, rate * BURST_SECONDS)
        self._wrong_keys = Buckets(wrong_keys, wrong_keys * WRONG_KEYS_BURST_SECONDS)

    def count_request(self, client: str) -> None:
        """Raises the problem RATE_LIMITED if the client has used up its limit."""
        if wait := self._requests.take_request(client):
            raise _too_many("This client sends too many requests. Wait as many seconds as Retry-After says", wait)

    def count_wrong_key(self, address: str) -> None:
        """Raises the problem RATE_LIMITED if too many wrong keys come from an address; right ones pass."""
        if wait := self._wrong_keys.take_request(address):
            raise _too_many("Too many wrong keys came from this address. Check your key", wait)


def _too_many(detail: str, wait: float) -> ProblemError:
    return ProblemError("RATE_LIMITED", detail).with_headers(retry_after(wait))
