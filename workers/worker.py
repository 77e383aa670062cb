"""A queue worker: one process, one queue, jobs run in the process itself, the configuration loaded before the first."""

from __future__ import annotations

import logging

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from workers import jobs
from workers.queues import ASSESS, connect, queue

log = logging.getLogger(__name__)

MAINTENANCE_SECONDS = 10
ALIVE_SECONDS = 30
"""An idle worker gives a sign of life every half of this; after it, `singlewindow doctor` takes a worker for dead."""


def run(name: str = ASSESS) -> None:
    """Work one queue until SIGTERM; the job in hand is finished first."""
    window = jobs.window()
    client = connect(window.settings.redis_url)
    worker = SimpleWorker(
        [queue(client, name)],
        connection=client,
        serializer=JSONSerializer,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=ALIVE_SECONDS,
    )
    log.info("worker ready: queue %s, %d agencies", name, len(window.agencies))
    worker.work(logging_level="WARNING")
