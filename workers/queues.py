"""The queue server as a bell: it wakes workers and holds nothing that SQL cannot rebuild.

Jobs carry a batch number only, as JSON. They expire soon: a batch whose bell was lost is rung for again. Agencies that
are asked over HTTP have a queue and workers of their own, so that waiting for them keeps nobody else waiting.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from singlewindow.clearance.window import Window
from singlewindow.storage.questions import Batch
from workers import sentinel

ASSESS = "assess"
ASSESS_REMOTE = "assess-remote"
QUEUES = (ASSESS, ASSESS_REMOTE)
ASSESS_JOB = "workers.jobs.assess"
JOB_SECONDS = 60
CONNECT_SECONDS = 2.0


def connect(redis_url: str) -> Redis:
    """A client of the queue server; raises ValueError where no server is named."""
    if not redis_url:
        raise ValueError("REDIS_URL is not set; name a queue server, or start everything with `singlewindow up`")
    open_client = sentinel.primary if redis_url.startswith(sentinel.SCHEMES) else Redis.from_url
    client: Redis = open_client(redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    return client


def queue(client: Redis, name: str = ASSESS) -> Queue:
    """The queue of this name, with JSON jobs."""
    return Queue(name, connection=client, serializer=JSONSerializer)


def queue_of(window: Window, agency: str) -> str:
    """The name of the queue for an agency's batches."""
    return ASSESS_REMOTE if window.is_remote(agency) else ASSESS


def ring(bell: Queue, batches: Sequence[Batch]) -> bool:
    """Wake workers for these batches; False where the queue server cannot be reached, and then their leases run out."""
    calls = [
        Queue.prepare_data(ASSESS_JOB, (batch.id,), timeout=JOB_SECONDS, ttl=JOB_SECONDS,
                           result_ttl=JOB_SECONDS, failure_ttl=JOB_SECONDS, job_id=f"batch-{batch.id}")
        for batch in batches
    ]  # fmt: skip
    try:
        bell.enqueue_many(calls)
    except RedisError:
        return False
    return True
