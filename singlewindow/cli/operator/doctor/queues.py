"""The queue server and its workers. While the server is down, work is late but nothing is lost."""

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
START_WORKERS = "Start `singlewindow worker` (`singlewindow up` includes it): without a worker no agency answers."


def queue_checks(settings: Settings) -> list[Check]:
    """All results about the queue server; if it cannot be reached, that is the only one."""
    url = settings.redis_url or embedded_url(Path(settings.sw_data) / "queue")
    if not url:
        advice = "Start the service with `singlewindow up`, name its folder with --data, or set REDIS_URL."
        return [fault("queue server", f"REDIS_URL is not set, and no queue server runs in {settings.sw_data}", advice)]
    client = connect(url)
    try:
        return list(_server_checks(client))
    except RedisError as error:
        advice = (
            "Check that it runs, and REDIS_URL. Declarations are still accepted; agencies are asked when it is back."
        )
        return [fault("queue server", f"it does not answer ({type(error).__name__})", advice)]
    finally:
        client.close()


def _server_checks(client: Redis) -> Iterator[Check]:
    told: dict[str, Any] = client.info()
    yield _version_check(told)
    yield from _memory_checks(told)
    yield _persistence_check(told)
    yield _workers_check(client)


def _version_check(told: dict[str, Any]) -> Check:
    name = "Valkey" if "valkey_version" in told else "Redis"
    version = str(told.get("valkey_version") or told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return fault("queue server", f"{name} {version}", "Version 6.2 or newer is needed.")
    if told.get("role") not in {None, "master"}:
        return fault(
            "queue server",
            f"{name} {version} is a replica and accepts no writes",
            "Set REDIS_URL to the primary server.",
        )
    return ok("queue server", f"{name} {version}")


def _memory_checks(told: dict[str, Any]) -> Iterator[Check]:
    policy, most, used = told.get("maxmemory_policy"), int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    if policy != "noeviction":
        advice = "Set maxmemory-policy noeviction: otherwise a full server drops jobs, and their work is late."
        yield fault("queue memory", f"maxmemory-policy is {policy}", advice)
    elif most and used > 0.9 * most:
        yield warning("queue memory", f"{used} of {most} bytes in use", "Give it more memory.")
    else:
        yield ok("queue memory", f"noeviction, {used / 1e6:.1f} MB in use")


def _persistence_check(told: dict[str, Any]) -> Check:
    if told.get("loading"):
        return warning("queue persistence", "the server is loading its file", "Wait until it has finished.")
    if not told.get("aof_enabled"):
        text = "no append-only file: after a restart, running batches wait until their lease runs out"
        return warning("queue persistence", text, "Set appendonly yes. Without it nothing is lost, only late.")
    if told.get("aof_last_write_status", "ok") != "ok":
        return fault("queue persistence", "the append-only file cannot be written", "Free space on the server's disk.")
    return ok("queue persistence", "append-only file")


def _workers_check(client: Redis) -> Check:
    known = Worker.all(connection=client)
    alive = [worker for worker in known if _is_alive(worker)]
    dead = [worker.name for worker in known if not _is_alive(worker)]
    if not alive:
        return fault("workers", f"none is alive; {len(dead)} ended without notice", START_WORKERS)
    text = f"{len(alive)} alive on {', '.join(sorted({str(worker.hostname) for worker in alive}))}"
    if dead:
        advice = (
            f"They were killed, or their host stopped; the queue server forgets them after {ALIVE_SECONDS} s or more."
        )
        return warning("workers", f"{text}; without a sign of life: {', '.join(dead)}", advice)
    return ok("workers", text)


def _is_alive(worker: BaseWorker) -> bool:
    """Whether its last sign of life is fresh and, on this host, its process exists."""
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
