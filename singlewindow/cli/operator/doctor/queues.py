"""The queue server and the workers that listen to it. Where it is away, work is late and nothing is lost."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.worker import BaseWorker

from singlewindow.cli.operator.doctor.check import Check, fault, ok, warning
from singlewindow.settings import Settings
from workers.queue_server import embedded_url
from workers.queues import connect
from workers.worker import ALIVE_SECONDS

OLDEST = (6, 2)
START_WORKERS = "Start `singlewindow worker` (part of `singlewindow up`): without one no agency answers."


def checks(settings: Settings) -> list[Check]:
    """All findings about the queue server; one that cannot be reached is one fault."""
    url = settings.redis_url or embedded_url(Path(settings.sw_data) / "queue")
    if not url:
        advice = "Start the service with `singlewindow up`, name its folder with --data, or set REDIS_URL."
        return [fault("queue server", f"none is named, and none runs in {settings.sw_data}", advice)]
    client = connect(url)
    try:
        return list(_reached(client))
    except RedisError as error:
        advice = (
            "Check that it runs, and REDIS_URL. Declarations are taken meanwhile; agencies are asked when it is back."
        )
        return [fault("queue server", f"it does not answer ({type(error).__name__})", advice)]
    finally:
        client.close()


def _reached(client: Redis) -> Iterator[Check]:
    told: dict[str, Any] = client.info()
    yield _version(told)
    yield from _memory(told)
    yield _persistence(told)
    yield _workers(client)


def _version(told: dict[str, Any]) -> Check:
    name = "Valkey" if "valkey_version" in told else "Redis"
    version = str(told.get("valkey_version") or told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return fault("queue server", f"{name} {version}", "Version 6.2 or newer is needed.")
    if told.get("role") not in {None, "master"}:
        return fault("queue server", f"{name} {version} is a replica and takes no writes", "Name the primary server.")
    return ok("queue server", f"{name} {version}")


def _memory(told: dict[str, Any]) -> Iterator[Check]:
    policy, most, used = told.get("maxmemory_policy"), int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    if policy != "noeviction":
        advice = (
            "Set maxmemory-policy noeviction: otherwise a full server forgets batch numbers, and work waits a lease."
        )
        yield fault("queue memory", f"maxmemory-policy is {policy}", advice)
    elif most and used > 0.9 * most:
        yield warning("queue memory", f"{used} of {most} bytes in use", "Give it more memory.")
    else:
        yield ok("queue memory", f"noeviction, {used / 1e6:.1f} MB in use")


def _persistence(told: dict[str, Any]) -> Check:
    if told.get("loading"):
        return warning("queue persistence", "the server is reading its file", "Wait until it has.")
    if not told.get("aof_enabled"):
        text = "no append-only file: after a restart, batches under way wait for their lease to run out"
        return warning("queue persistence", text, "Set appendonly yes. Nothing is lost without it.")
    if told.get("aof_last_write_status", "ok") != "ok":
        return fault("queue persistence", "the append-only file cannot be written", "Make room on the server's disk.")
    return ok("queue persistence", "append-only file")


def _workers(client: Redis) -> Check:
    known = Worker.all(connection=client)
    alive = [worker for worker in known if _lives(worker)]
    dead = [worker.name for worker in known if not _lives(worker)]
    if not alive:
        return fault("workers", f"none is alive; {len(dead)} have ended without a word", START_WORKERS)
    text = f"{len(alive)} alive on {', '.join(sorted({str(worker.hostname) for worker in alive}))}"
    if dead:
        advice = f"Killed, or their host has stopped; the queue server forgets them after {ALIVE_SECONDS} s or more."
        return warning("workers", f"{text}; without a sign of life: {', '.join(dead)}", advice)
    return ok("workers", text)


def _lives(worker: BaseWorker) -> bool:
    """A sign of life that is fresh, and on this host a process that is there."""
    if worker.hostname == socket.gethostname() and worker.pid and not _process_exists(worker.pid):
        return False
    seen = worker.last_heartbeat
    if seen is None:
        return False
    age = datetime.now(UTC) - (seen if seen.tzinfo else seen.replace(tzinfo=UTC))
    return age.total_seconds() < 2 * ALIVE_SECONDS


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
