"""One turn of a subscription: what is due is sent, and then written down in one transaction.

A deliverer that is killed in between has written nothing: when its lease has run out, another sends the same messages
again, under the same ids.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, TypeVar

from singlewindow.deliveries.expiry import give_up_old
from singlewindow.deliveries.messages import Message, answers_challenge
from singlewindow.deliveries.outcome import Delivered, write_down
from singlewindow.deliveries.parcel import Chain, Parcel, Source
from singlewindow.deliveries.schedule import Health, is_gone
from singlewindow.deliveries.send import Sender
from singlewindow.deliveries.signing import signed_headers
from singlewindow.faultpoints import reach
from singlewindow.storage.deliveries import subscriptions
from singlewindow.storage.deliveries.subscriptions import Lane, Taken
from singlewindow.storage.engine.connect import reading
from singlewindow.storage.engine.ids import new_id
from singlewindow.times import MICROSECONDS, NANOSECONDS, application_clock

AT_ONCE: Final = 4
"""Most messages that are on their way to one receiver at the same moment, once it has accepted the first of a turn."""
TRIES: Final = 2
"""A turn ends if this many messages have failed, and none was accepted: it frees its place for other receivers."""
LEASE_SECONDS: Final = 30.0
SENDING_SECONDS: Final = 15.0
"""After this time a turn begins no further attempt; each ends within ten seconds, and so before the lease."""
NOT_REPEATED: Final = "The receiver accepted the challenge, but its answer does not repeat it and nothing else"

Result = TypeVar("Result")


@dataclass
class Deliverer:
    """Serves the subscriptions of one process: `source` has what is sent.

    What asks the database runs in one of two `executors`: the second is for receivers that fail, so that hundreds of
    them do not stand in the way of the others.
    """

    source: Source
    sender: Sender
    executors: tuple[Executor, Executor]
    stopping: bool = False

    async def take_due(self, lane: Lane, most: int) -> list[Taken]:
        """Take subscriptions of a lane that are due, at most so many."""
        return await self._aside(lane is Lane.FAILING, self._take_due, lane, most)

    def _take_due(self, lane: Lane, most: int) -> list[Taken]:
        with reading(self.source.engine) as connection:
            due = subscriptions.find_due(connection, lane, most) if most else []
        if not due:
            return []
        lease = new_id()
        with self.source.engine.begin() as connection:
            return subscriptions.take_due(connection, due, lease, int(LEASE_SECONDS * MICROSECONDS))

    async def serve(self, taken: Taken) -> None:
        """The turn of one subscription."""
        failing, engine = taken.subscription.failures > 0, self.source.engine
        current = await self._aside(failing, give_up_old, engine, taken)
        parcel = await self._aside(failing, self.source.next_parcel, current)
        sending = _Sending(self, current, parcel)
        await asyncio.gather(*map(sending.follow, parcel.chains))
        if sending.delivered:
            reach("after_send")
        await self._aside(failing, write_down, engine, current, parcel, sending.delivered, sending.health)

    async def _aside(self, failing: bool, act: Callable[..., Result], *given: object) -> Result:
        """Do what asks the database, while others go on sending."""
        return await asyncio.get_running_loop().run_in_executor(self.executors[failing], act, *given)


class _Sending:
    """A parcel on its way: what became of its messages, and how the receiver takes them."""

    def __init__(self, deliverer: Deliverer, taken: Taken, parcel: Parcel) -> None:
        self._deliverer, self._taken, self._parcel = deliverer, taken, parcel
        self._places, self._began = asyncio.Semaphore(1), time.monotonic()
        self._accepts = self._gone = False
        self.health = Health(taken.subscription.failures, taken.subscription.blocked_at)
        self.delivered: list[Delivered] = []

    async def follow(self, chain: Chain) -> None:
        """Send the messages of a declaration in their order, until one is not accepted."""
        for message in chain:
            async with self._places:
                if self._is_over() or not await self._is_accepted(message):
                    return

    def _is_over(self) -> bool:
        """Whether nothing more is to be tried in this turn."""
        late = time.monotonic() - self._began > SENDING_SECONDS
        fails = len(self.delivered) >= TRIES and not self._accepts
        blocked = self.health.blocked_at is not None or self.health.pause_until > 0
        return late or fails or self._gone or self._deliverer.stopping or (blocked and bool(self.delivered))

    async def _is_accepted(self, message: Message) -> bool:
        subscription, live = self._taken.subscription, self._parcel.secrets
        at = self._taken.now + int((time.monotonic() - self._began) * MICROSECONDS)
        headers = signed_headers(message.id, application_clock() // NANOSECONDS, message.content, live)
        unproven = subscription.proven_at is None
        attempted = await self._deliverer.sender.send(subscription.url, message.content, headers, read=unproven)
        if unproven and not attempted.problem and not answers_challenge(attempted.content, subscription, live):
            attempted = attempted._replace(problem=NOT_REPEATED)
        self._note(Delivered(message, attempted, at))
        return not attempted.problem

    def _note(self, done: Delivered) -> None:
        self.delivered.append(done)
        if done.accepted:
            self.health = self.health.after_success()
            self._open_places()
            return
        first, attempted = done.message.attempts == 0, done.attempted
        self.health = self.health.after_failure(done.at, first=first, pause=attempted.pause)
        self._gone = self._gone or is_gone(attempted.status)

    def _open_places(self) -> None:
        if not self._accepts:
            self._accepts = True
            for _ in range(AT_ONCE - 1):
                self._places.release()
