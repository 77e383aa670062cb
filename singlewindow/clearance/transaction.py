"""One transaction of a change: its connection, its moment, and how a (locked) version moves on in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.rules.profiles import Periods
from singlewindow.faultpoints import reach
from singlewindow.life_cycle.deadlines import days, span_of
from singlewindow.life_cycle.machine import State, Step, after
from singlewindow.storage.declarations import LockedVersion, Move


class Transaction(NamedTuple):
    """`now` is the database's time (microseconds), read after the locks; the rulebooks say how long states may last."""

    connection: Connection
    rulebooks: Rulebooks
    now: int

    def move(self, version: LockedVersion, step: Step) -> Move:
        """The state to which a step leads, and until when it may last; raises NotPossible."""
        return self.enter(version, step, after(version.state, step))

    def enter(self, version: LockedVersion, step: Step, state: State) -> Move:
        """The move by a step into a state, and until when that may last."""
        lasts = span_of(state, self.now, version.first_lodged_at, version.type_code, self._periods(version))
        return Move(version.version_id, step, state, *lasts)

    def request_ends(self, version: LockedVersion) -> int:
        """Until when a request that is made now waits for an officer at most."""
        return self.now + days(self._periods(version).request)

    def _periods(self, version: LockedVersion) -> Periods:
        return self.rulebooks.profile_of(version.country).periods


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """A transaction that changes declarations or what is asked about them; every command has one.

    Tests may stop the process just before and just after it ends.
    """
    with engine.begin() as connection:
        yield connection
        reach("before_commit")
    reach("after_commit")
