"""What all requests of one web process share; made once, by `singlewindow.bootstrap`."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import SIMULATOR_PREFIX
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.documents.give import Reception
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.lodging.lodge import Lodging
from singlewindow.deliveries.receivers import Allowed
from singlewindow.http.limits import RateLimits


@dataclass(frozen=True)
class Service:
    """`waiters` are the places for callers who wait for a decision, `batches` those for batches under way.

    `receivers` says which URLs subscriptions may name, `reception` receives supporting documents. `simulator` is the
    same over a record of its own, for those who rehearse; `rehearses` says that this is one.
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
    simulator: Service | None = None
    rehearses: bool = False

    def window_of(self, authorization: str) -> Service:
        """The window that a call is for: the simulator if its key or token is one of the simulator's, else this one."""
        key = authorization.partition(" ")[2].strip()
        if self.simulator is not None and key.startswith(f"{SIMULATOR_PREFIX}_"):
            return self.simulator
        return self
