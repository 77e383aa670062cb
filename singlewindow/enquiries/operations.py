"""For operators: whether the record can be read, what waits for each agency, and how much has been done.

Waiting work is counted from the open questions and batches, past work is read from running totals: the cost does not
grow with the number of stored declarations.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.decisions.assessment import Answer
from singlewindow.decisions.merge import Outcome
from singlewindow.enquiries.audit_trail import Coverage, checkpoint_coverage
from singlewindow.storage import counters, heartbeats
from singlewindow.storage.backlog import Backlog, backlog
from singlewindow.storage.deliveries.subscriptions import SubscriptionFigures, count_due, subscription_figures
from singlewindow.storage.deliveries.waiting import waiting_figures
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.heartbeats import ALIVE_SECONDS as DISPATCHER_SECONDS

__all__ = [
    "DISPATCHER_SECONDS",
    "Backlog",
    "DeliveryFigures",
    "Figures",
    "is_record_readable",
    "read_backlog",
    "read_figures",
]

log = logging.getLogger(__name__)

NOT_ANSWERED = tuple(answer for answer in Answer if answer is not Answer.ASSESSED)


class DeliveryFigures(NamedTuple):
    """What is sent to subscribers.

    Subscriptions by state, how many are `due` and not served, how many messages are `waiting` since `oldest`
    (microseconds), and how many were accepted, failed or were given up.
    """

    subscriptions: SubscriptionFigures
    due: int
    waiting: int
    oldest: int | None
    outcomes: Mapping[str, int]


class Figures(NamedTuple):
    """The service in figures at the moment `now` (microseconds).

    `backlog` and `unanswered` are by agency, including zeros; `decisions` are all decisions made, by outcome.
    """

    now: int
    backlog: Mapping[str, Backlog]
    decisions: Mapping[Outcome, int]
    unanswered: Mapping[str, Mapping[Answer, int]]
    dispatchers: int
    coverage: Coverage
    deliveries: DeliveryFigures


def is_record_readable(engine: Engine) -> bool:
    """Whether the database answers; if not, the log says why."""
    try:
        with reading(engine) as connection:
            clock(connection)
    except SQLAlchemyError as error:
        log.warning("not ready: the database did not answer (%s)", type(error).__name__)
        return False
    return True


def read_figures(engine: Engine, agencies: Iterable[str]) -> Figures:
    """All figures at one moment, for these agencies and every other one that has work."""
    with reading(engine, together=True) as connection:
        now = clock(connection)
        waiting, totals = _backlog_by_agency(connection, agencies, now), counters.totals(connection)
        return Figures(
            now=now,
            backlog=waiting,
            decisions={outcome: totals.get((counters.DECIDED, outcome), 0) for outcome in Outcome},
            unanswered={
                agency: {answer: totals.get((counters.UNANSWERED, agency, answer), 0) for answer in NOT_ANSWERED}
                for agency in waiting
            },
            dispatchers=heartbeats.count_alive(connection, now),
            coverage=checkpoint_coverage(connection),
            deliveries=_delivery_figures(connection, totals),
        )


def _delivery_figures(connection: Connection, totals: Mapping[tuple[str, ...], int]) -> DeliveryFigures:
    waits, oldest = waiting_figures(connection)
    outcomes = (counters.ACCEPTED, counters.FAILED, counters.GIVEN_UP)
    return DeliveryFigures(
        subscriptions=subscription_figures(connection),
        due=count_due(connection),
        waiting=waits,
        oldest=oldest,
        outcomes={outcome: totals.get((counters.DELIVERED, outcome), 0) for outcome in outcomes},
    )


def read_backlog(engine: Engine, agencies: Iterable[str]) -> tuple[int, Mapping[str, Backlog]]:
    """The waiting work of these agencies, and of every other one that has any, with the moment of reading."""
    with reading(engine, together=True) as connection:
        now = clock(connection)
        return now, _backlog_by_agency(connection, agencies, now)


def _backlog_by_agency(connection: Connection, agencies: Iterable[str], now: int) -> dict[str, Backlog]:
    """The waiting work at the moment `now`, sorted by agency; those with nothing open have zeros."""
    found = backlog(connection, now)
    return {agency: found.get(agency, Backlog()) for agency in sorted({*agencies, *found})}
