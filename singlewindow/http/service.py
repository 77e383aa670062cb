"""What all requests of one web process share; made once, by `singlewindow.bootstrap`."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from singlewindow.access.keyring import Keyring
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.documents.give import Reception
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.lodging.lodge import Lodging
from singlewindow.deliveries.receivers import Allowed
from singlewindow.http.limits import RateLimits


@dataclass(frozen=True)
class Service:
    """`waiters` are the places for callers who wait for a decision, `batches` those for batches under way.

    `receivers` says which URLs subscriptions may name, `reception` receives supporting documents.
    """

    context: ClearanceContext
    keyring: Keyring
    lodging: Lodging
    amender: Amender
    rate_limits: RateLimits
    receivers: Allowed
    waiters: threading.BoundedSemaphore
    batches: threading.BoundedSemaphore
    reception: Reception
