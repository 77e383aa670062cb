"""A queue worker: one process for one queue; it loads the configuration first and runs jobs in the process itself."""

from __future__ import annotations

import logging
from types import FrameType

from rq import SimpleWorker
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import UnixSignalDeathPenalty

from workers import jobs
from workers.queues import ASSESS, ASSESS_JOB, connect, queue

log = logging.getLogger(__name__)

MAINTENANCE_SECONDS = 10
ALIVE_SECONDS = 30
"""An idle worker gives a sign of life every half of this; after all of it, `singlewindow doctor` counts it as dead."""


class TookTooLong(BaseException):
    """The job's time is over. Not an Exception: an adapter that catches those must not block its worker for ever."""


class _Limit(UnixSignalDeathPenalty):  # type: ignore[misc, unused-ignore]
    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"the job took longer than {self._timeout} s")


class Worker(SimpleWorker):
    """Runs only our one job: whoever can write to the queue server can wake workers, and do nothing else."""

    death_penalty_class = _Limit
    max_connection_wait_time = 5.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job; one that names another function, or cannot be read, is dropped."""
        if not _is_ours(job):
            log.error("dropped a job that is not ours from the queue; check who can write to the queue server")
            job.delete(remove_from_queue=True)
            return
        super().execute_job(job, queue)


def _is_ours(job: Job) -> bool:
    try:
        return bool(job.func_name == ASSESS_JOB)
    except Exception:  # noqa: BLE001 - if it cannot be read, it is not ours
        return False


def run(name: str = ASSESS) -> None:
    """Work one queue until SIGTERM; the job in hand is finished first."""
    context = jobs.context()
    client = connect(context.settings.redis_url)
    worker = Worker(
        [queue(client, name)],
        connection=client,
        serializer=JSONSerializer,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=ALIVE_SECONDS,
    )
    log.info("worker ready: queue %s, %d agencies", name, len(context.agencies))
    worker.work(logging_level="WARNING")
