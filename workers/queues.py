"""The queue server only wakes workers: it holds nothing that SQL cannot rebuild.

Jobs carry only batch numbers, as JSON. They expire soon: if a wake-up is lost, the batch's lease runs out and it is
queued again. Agencies that are asked over HTTP have their own queue and workers, so that waiting for them delays nobody
else.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage.batches import Batch
from workers import sentinel

ASSESS = "assess"
ASSESS_REMOTE = "assess-remote"
QUEUES = (ASSESS, ASSESS_REMOTE)
ASSESS_JOB = "workers.jobs.assess"
JOB_SECONDS = 60
QUESTIONS_IN_A_JOB = 200
"""Each full batch has its own job. Small ones share one: a job costs the queue server and RQ more than a batch."""
CONNECT_SECONDS = 2.0


def connect(redis_url: str) -> Redis:
    """A client of the queue server; raises ValueError if no server is named."""
    if not redis_url:
        raise ValueError("REDIS_URL is not set. Name a queue server, or start everything with `singlewindow up`")
    open_client = sentinel.primary_client if redis_url.startswith(sentinel.SCHEMES) else Redis.from_url
    client: Redis = open_client(redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    return client


def queue(client: Redis, name: str = ASSESS) -> Queue:
    """The queue of this name, with JSON jobs."""
    return Queue(name, connection=client, serializer=JSONSerializer)


def queue_of(context: ClearanceContext, agency: str) -> str:
    """The name of the queue for an agency's batches."""
    return ASSESS_REMOTE if context.is_remote(agency) else ASSESS


def group_into_jobs(batches: Sequence[Batch], most: int) -> list[list[Batch]]:
    """The batches divided into jobs of at most `most` questions each, or of one batch: a job costs more than a batch.

    A question that is asked alone has a job of its own: if it ends its worker, nothing else is lost with it.
    """
    jobs: list[list[Batch]] = [[batch] for batch in batches if batch.failed]
    room = 0
    for batch in batches:
        if batch.failed:
            continue
        if batch.size > room:
            jobs.append([])
            room = most
        jobs[-1].append(batch)
        room -= batch.size
    return jobs


def wake_workers(job_queue: Queue, batches: Sequence[Batch]) -> bool:
    """Wake workers for these batches; False if the queue server cannot be reached: then their leases run out."""
    calls = [
        Queue.prepare_data(ASSESS_JOB, tuple(batch.id for batch in lot), timeout=JOB_SECONDS, ttl=JOB_SECONDS,
                           result_ttl=0, failure_ttl=JOB_SECONDS, job_id=f"batch-{lot[0].id}")
        for lot in group_into_jobs(batches, 1 if job_queue.name == ASSESS_REMOTE else QUESTIONS_IN_A_JOB)
    ]  # fmt: skip
    try:
        job_queue.enqueue_many(calls)
    except RedisError:
        return False
    return True
