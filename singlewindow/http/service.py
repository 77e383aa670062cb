"""What all requests of one web process share; made once, by `singlewindow.bootstrap`."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from singlewindow.access.keyring import Keyring
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.lodging.lodge import Lodging
from singlewindow.http.limits import RateLimits


@dataclass(frozen=True)
class Service:
    """`waiters` are the places for callers who wait for a decision, `batches` those for batches under way."""

    context: ClearanceContext
    keyring: Keyring
    lodging: Lodging
    amender: Amender
    rate_limits: RateLimits
    waiters: threading.BoundedSemaphore
    batches: threading.BoundedSemaphore
