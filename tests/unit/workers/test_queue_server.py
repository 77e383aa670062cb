"""The embedded queue server is found, told to be private and durable, and really answers."""

from __future__ import annotations

import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from workers import queue_server
from workers.queue_server import QueueServerError, find_queue_binary, queue_command

START_SECONDS = 10.0


@contextmanager
def running(command: list[str], url: str) -> Iterator[redis.Redis]:
    with (
        subprocess.Popen(command, stdout=subprocess.DEVNULL) as server,
        redis.Redis.from_url(url, decode_responses=True) as client,
    ):
        try:
            wait_for(client)
            yield client
        finally:
            server.kill()


def wait_for(client: redis.Redis) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "the queue server did not start"
            time.sleep(0.02)
        else:
            return


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str) -> None:
    monkeypatch.setattr(queue_server, "_packaged_binary", lambda: None)
    for name in names:
        (folder / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_a_server_is_found_and_answers(tmp_path: Path) -> None:
    with running(*queue_command(find_queue_binary(), tmp_path / "queue")) as client:
        assert client.ping()


def test_a_directory_with_unusual_characters_in_its_name_works(tmp_path: Path) -> None:
    with running(*queue_command(find_queue_binary(), tmp_path / "a queue? 100% 'é'")) as client:
        assert client.ping()


def test_what_was_queued_survives_a_killed_server(tmp_path: Path) -> None:
    started = queue_command(find_queue_binary(), tmp_path)
    with running(*started) as client:
        client.rpush("dispatch", "batch-1")
        time.sleep(0.1)  # the file is written as the server next looks up from its sockets
    with running(*started) as client:
        assert client.lrange("dispatch", 0, -1) == ["batch-1"]


def test_the_socket_is_for_its_owner_only(tmp_path: Path) -> None:
    with running(*queue_command(find_queue_binary(), tmp_path)):
        assert stat.S_IMODE((tmp_path / "queue.sock").stat().st_mode) == 0o700


def test_the_directory_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    queue_command(Path("valkey-server"), tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_full_server_refuses_instead_of_forgetting(tmp_path: Path) -> None:
    with running(*queue_command(find_queue_binary(), tmp_path)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_no_port_is_opened(tmp_path: Path) -> None:
    with running(*queue_command(find_queue_binary(), tmp_path)) as client:
        assert client.config_get("port") == {"port": "0"}


def test_a_socket_path_that_would_be_too_long_goes_to_a_short_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        with running(*queue_command(find_queue_binary(), tmp_path / ("deep" * 30))) as client:
            assert client.ping()


def test_a_temporary_directory_that_is_too_long_as_well_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(QueueServerError, match="shorter"):
        queue_command(Path("valkey-server"), deep)


def test_without_the_package_valkey_on_the_path_is_taken_before_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(monkeypatch, tmp_path, "redis-server", "valkey-server")
    assert find_queue_binary() == tmp_path / "valkey-server"


def test_without_the_package_redis_on_the_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(monkeypatch, tmp_path, "redis-server")
    assert find_queue_binary() == tmp_path / "redis-server"


def test_without_any_server_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(monkeypatch, tmp_path)
    with pytest.raises(QueueServerError, match="Install one of the three"):
        find_queue_binary()
