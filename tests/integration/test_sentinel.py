"""The queue server as Sentinels see it: the primary is found, and found again when another server has become it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer

from singlewindow.storage.batches import Batch
from workers import jobs, sentinel
from workers.queue_server import find_queue_binary
from workers.queues import connect, queue, wake_workers
from workers.worker import Worker

PATIENCE = 30.0
NAME, PASSWORD, WATCHWORD = "queues", "of-the-servers", "of-the-sentinels"


class Watched:
    """A primary, its replica, and one Sentinel that watches them, each with a password."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.ports = [_free_port() for _ in range(3)]
        first, second, watcher = self.ports
        common = f"requirepass {PASSWORD}\nprimaryauth {PASSWORD}\nsave ''\nrepl-diskless-sync-delay 0\n"
        self._start(first, common)
        self._start(second, f"{common}replicaof 127.0.0.1 {first}\n")
        wait_until(lambda: "online" in str(self.ask(first, "info", "replication")))
        watching = f"sentinel monitor {NAME} 127.0.0.1 {first} 1\nsentinel auth-pass {NAME} {PASSWORD}\n"
        self._start(watcher, f"requirepass {WATCHWORD}\n{watching}", "--sentinel")
        self.ask(watcher, "sentinel", "debug", "info-period", "100")  # it looks every ten seconds otherwise
        self.url = f"redis+sentinel://:{PASSWORD}@127.0.0.1:{watcher}/{NAME}/0?sentinel_password={WATCHWORD}"

    def _start(self, port: int, settings: str, *words: str) -> None:
        folder = self._folder / str(port)
        folder.mkdir()
        file = folder / "server.conf"
        file.write_text(f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/log\n{settings}")
        process = subprocess.Popen([str(find_queue_binary()), str(file), *words])
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        wait_until(lambda: self.ask(port, "ping"))

    def ask(self, port: int, *words: str) -> object:
        """What the server or Sentinel at this port answers; None where it does not yet."""
        password = WATCHWORD if port == self.ports[2] else PASSWORD
        with Redis(port=port, password=password) as client:
            try:
                return client.execute_command(*words)
            except RedisError:
                return None

    def fail_over(self) -> None:
        """Let the replica become the primary, and the primary end, as if it had been lost."""
        first, second, watcher = self.ports
        wait_until(lambda: self.ask(watcher, "sentinel", "failover", NAME))  # refused until it knows the replica
        wait_until(lambda: str(second) in str(self.ask(watcher, "sentinel", "get-primary-addr-by-name", NAME)))
        self.ask(first, "shutdown", "nosave")


def wait_until(ready: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        yield Watched(tmp_path, stack)


def test_bells_are_heard_before_and_after_another_server_becomes_the_primary(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    monkeypatch.setattr(jobs, "assess", heard.append)
    client = connect(watched.url)
    job_queue = queue(client)
    worker = Worker([job_queue], connection=client, serializer=JSONSerializer)
    monkeypatch.setattr(worker, "_install_signal_handlers", lambda: None)
    assert wake_workers(job_queue, [Batch(1, "customs", 1)])
    worker.work(burst=True)
    watched.fail_over()
    wait_until(lambda: wake_workers(job_queue, [Batch(2, "customs", 1)]))
    worker.work(burst=True)
    client.close()
    assert heard == [1, 2]


@pytest.mark.parametrize("url", ["redis+sentinel://127.0.0.1:26379", "redis+sentinel:///queues"])
def test_an_address_without_sentinels_or_name_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(ValueError, match=r"redis[+]sentinel://HOST:26379,HOST:26379/NAME"):
        connect(url)


def test_everything_an_address_says_reaches_the_sentinels_and_the_servers() -> None:
    url = "rediss+sentinel://worker:p%40ss@one,[::1]:7000/queues/3?sentinel_password=own&ssl_cert_reqs=required"
    client = sentinel.primary_client(url, socket_timeout=2.0)
    pool: Any = client.connection_pool
    asked = [entry.connection_pool.connection_kwargs for entry in pool.sentinel_manager.sentinels]
    assert [(entry["host"], entry["port"]) for entry in asked] == [("one", 26_379), ("::1", 7_000)]
    assert {(entry["username"], entry["password"]) for entry in asked} == {(None, "own")}
    given = pool.connection_kwargs
    assert (given["username"], given["password"], given["db"]) == ("worker", "p@ss", 3)
    assert {entry["socket_timeout"] for entry in (*asked, given)} == {2.0}
    assert {entry["ssl_cert_reqs"] for entry in (*asked, given)} == {"required"}
