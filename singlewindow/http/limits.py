"""Who asks too much is told when to come back: 429 with Retry-After, by client, by address of wrong keys, by party."""

from __future__ import annotations

import math
from typing import Final

from singlewindow.access.quota import COUNTED_SECONDS, Quotas
from singlewindow.access.rate_limit import BURST_SECONDS, Buckets
from singlewindow.clearance.context import ClearanceContext
from singlewindow.http.problems import ProblemError

WRONG_KEYS_BURST_SECONDS: Final = 40.0
"""How many seconds' worth of wrong keys may come from an address at once."""


class Allowances:
    """How much each client may ask of this process, how often a caller may be wrong, and how much a party may lodge."""

    def __init__(self, context: ClearanceContext) -> None:
        rate, wrong_keys = context.settings.sw_rate, context.settings.sw_wrong_keys
        self._requests = Buckets(rate, rate * BURST_SECONDS)
        self._wrong_keys = Buckets(wrong_keys, wrong_keys * WRONG_KEYS_BURST_SECONDS)
        self._quotas = Quotas(context.engine, context.settings.sw_open_limit)

    def need_request(self, client: str) -> None:
        """Raises the problem RATE_LIMITED where the client has used up what it may ask."""
        if wait := self._requests.take(client):
            raise _too_many(
                "RATE_LIMITED", "This client sends too many requests. Wait for the seconds in Retry-After", wait
            )

    def need_wrong_key(self, address: str) -> None:
        """Raises the problem RATE_LIMITED where wrong keys come too often from an address; right ones pass."""
        if wait := self._wrong_keys.take(address):
            raise _too_many("RATE_LIMITED", "Too many wrong keys came from this address. Check your key", wait)

    def need_place(self, party: str) -> None:
        """Raises the problem QUOTA_EXCEEDED where the party has as many undecided declarations as it may have."""
        if self._quotas.is_full(party):
            detail = "Too many declarations of this party are undecided. Lodge this one again later"
            raise _too_many("QUOTA_EXCEEDED", detail, COUNTED_SECONDS)


def _too_many(code: str, detail: str, wait: float) -> ProblemError:
    """The problem with its Retry-After, in whole seconds."""
    return ProblemError(code, detail).with_headers({"Retry-After": str(math.ceil(wait))})
