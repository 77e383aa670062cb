"""The deliverer: sends notices and feeds to those who subscribed.

Any number of copies may run. One thread has all connections to receivers, so hundreds that hang cost nothing but
memory. Receivers that fail have places of their own, so they never take those of the others.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from singlewindow.deliveries.turn import Deliverer
from singlewindow.storage.deliveries.subscriptions import Lane, Taken

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.2
PAUSE_AFTER_FAILURE: Final = 1.0
LANES: Final = ((Lane.RECENT, 8), (Lane.WAITING, 4), (Lane.FAILING, 5))
"""How many turns begin at each look, about as many as one process can make: when hundreds of receivers die at once,
those that just took something go first, and those that are known to fail never take all processor time."""
PLACES: Final = {False: 600, True: 200}
"""How many receivers are served at once: those that took what they were last sent, and those that did not."""


def run(deliverer: Deliverer) -> None:
    """Deliver until SIGTERM or SIGINT; attempts under way are finished first."""
    asyncio.run(_Loop(deliverer).run())


class _Loop:
    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer
        self._ending = asyncio.Event()
        self._running: dict[bool, set[asyncio.Task[None]]] = {True: set(), False: set()}

    async def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._end)
        log.info("deliverer ready")
        while not self._ending.is_set():
            pause = LOOK_SECONDS if await self._start_turns() else PAUSE_AFTER_FAILURE
            try:
                await asyncio.wait_for(self._ending.wait(), pause)
            except TimeoutError:
                continue
        await asyncio.gather(*self._running[True], *self._running[False])

    def _end(self) -> None:
        self._deliverer.stopping = True
        self._ending.set()

    async def _start_turns(self) -> bool:
        """Begin the turns of subscriptions that are due, as places are free; False if the database did not answer."""
        try:
            for lane, most in LANES:
                failing = lane is Lane.FAILING
                running = self._running[failing]
                for taken in await self._deliverer.take_due(lane, min(most, PLACES[failing] - len(running))):
                    self._begin(taken, running)
        except SQLAlchemyError as error:
            log.warning("the database did not answer, trying again: %s", type(error).__name__)
            return False
        return True

    def _begin(self, taken: Taken, running: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(self._serve(taken))
        running.add(task)
        task.add_done_callback(running.discard)

    async def _serve(self, taken: Taken) -> None:
        try:
            await self._deliverer.serve(taken)
        except SQLAlchemyError as error:
            log.warning(
                "the database did not answer; a subscription is served again when its lease has run out: %s",
                type(error).__name__,
            )
        except Exception:
            log.exception("a turn of subscription %d failed; it is tried again", taken.subscription.id)
