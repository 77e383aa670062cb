"""What is sent to subscribers: whether a deliverer serves them, and which receivers take nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from singlewindow.cli.operator.doctor.check import Check, fault, ok, warning
from singlewindow.storage.deliveries.subscriptions import Lane, find_due, subscription_figures
from singlewindow.storage.deliveries.waiting import waiting_figures

LOOK_AGAIN_SECONDS: Final = 2.0
"""A deliverer takes what is due much sooner."""
MOST: Final = 1_000
START = "Start `singlewindow deliver` (`singlewindow up` includes it), or see its log."
TELL = "`singlewindow subscriptions` lists them with the reason. Tell their owners, who can see it, too."


def delivery_checks(connection: Connection) -> Iterator[Check]:
    """All results about deliveries."""
    figures, (waits, _) = subscription_figures(connection), waiting_figures(connection)
    if unserved := _unserved(connection):
        yield fault("deliverer", f"{unserved} subscriptions have something to be sent, and nobody sends it", START)
    else:
        yield ok("deliverer", "nothing is due that is not being sent")
    text = f"{figures.active} subscriptions are served, {figures.blocked} blocked; {waits} messages wait"
    if figures.undeliverable:
        text = f"{text}; of {figures.undeliverable} subscriptions messages are given up after 14 days"
    troubled = figures.blocked or figures.undeliverable
    yield warning("deliveries", text, TELL) if troubled else ok("deliveries", text)


def _unserved(connection: Connection) -> int:
    """How many subscriptions are due, and still are a moment later."""
    due = _due(connection)
    if not due:
        return 0
    time.sleep(LOOK_AGAIN_SECONDS)
    return len(due & _due(connection))


def _due(connection: Connection) -> set[int]:
    return {each for lane in (Lane.WAITING, Lane.FAILING) for each in find_due(connection, lane, MOST)}
