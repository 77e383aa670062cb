"""A plain RQ worker that does not fork, for the sides that we compare with: `python -m bench.harness.worker QUEUE`."""

from __future__ import annotations

import sys
from os import environ

from redis import Redis
from rq import Queue, SimpleWorker

from bench.parts import parts

if __name__ == "__main__":
    parts()  # a worker of the product, too, has its configuration before the first job
    client = Redis.from_url(environ["REDIS_URL"])
    SimpleWorker([Queue(sys.argv[1], connection=client)], connection=client).work(logging_level="WARNING")
