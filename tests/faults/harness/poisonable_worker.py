"""The product's worker, except that words in a reference (LRN) make its agencies fail, hang, or kill the process.

Also kills itself between taking a job from the queue and starting it, where DEQUEUE_KILL says at which job.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import time
from dataclasses import replace
from typing import Any

from rq import SimpleWorker

from adapters.contract import Adapter, View
from singlewindow.bootstrap.context import open_context
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.model import text_of
from workers import jobs, worker

RAISES, CRASHES, HANGS, SLOW = "POISON-RAISE", "POISON-CRASH", "POISON-HANG", "POISON-SLOW"
HANG_SECONDS = 3600.0
SLOW_SECONDS = 0.1


class PoisonableAdapter:
    """An agency's own adapter behind one that looks at the reference first."""

    def __init__(self, within: Adapter) -> None:
        self.agency, self._within = within.agency, within

    def assess(self, view: View) -> Assessment:
        """The agency's answer, unless the reference is poison."""
        reference = text_of(view.tree.get("FunctionalReferenceID")) or ""
        if reference.startswith(RAISES):
            raise ValueError("a poisonous declaration")
        if reference.startswith(CRASHES):
            ctypes.string_at(0)
        if reference.startswith(HANGS):
            time.sleep(HANG_SECONDS)
        if reference.startswith(SLOW):
            time.sleep(SLOW_SECONDS)
        return self._within.assess(view)


def main() -> None:
    """Run the product's worker with poisonable agencies."""
    context = open_context()
    adapters = {code: PoisonableAdapter(adapter) for code, adapter in context.adapters.items()}
    poisonable = replace(context, adapters=adapters)
    setattr(jobs, "context", lambda: poisonable)  # noqa: B010 - the one thing of the product that is replaced
    _die_at_dequeue(int(os.environ.get("DEQUEUE_KILL", "0")))
    worker.run()


def _die_at_dequeue(turn: int) -> None:
    turns = itertools.count(1)
    take = SimpleWorker.execute_job

    def execute_job(self: SimpleWorker, *job: Any) -> None:
        if next(turns) == turn:
            os.kill(os.getpid(), signal.SIGKILL)
        take(self, *job)

    setattr(SimpleWorker, "execute_job", execute_job)  # noqa: B010


if __name__ == "__main__":
    main()
