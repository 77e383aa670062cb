"""The proxy by itself: every manner it has, on a server that echoes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.harness.processes import wait_until
from tests.faults.harness.proxy import Mode, Proxy


class Echo:
    """Sends back what it gets, and remembers it."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.got = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while piece := connection.recv(65_536):
                self.got += piece
                connection.sendall(piece)


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.listening.shutdown(socket.SHUT_RDWR)
    made.listening.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    made = Proxy(("127.0.0.1", echo.listening.getsockname()[1]))
    yield made
    made.close()


@pytest.fixture
def near(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), 5.0) as connection:
        yield connection


def ask(near: socket.socket, what: bytes) -> bytes:
    near.sendall(what)
    answer = b""
    while len(answer) < len(what):
        piece = near.recv(65_536)
        if not piece:
            raise ConnectionResetError
        answer += piece
    return answer


def ask_anew(port: int, what: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
        return ask(connection, what)


def test_pass_changes_nothing(near: socket.socket) -> None:
    assert ask(near, b"x" * 200_000) == b"x" * 200_000


def test_delay_holds_each_way_up(proxy: Proxy, near: socket.socket) -> None:
    proxy.behave(Mode.DELAY, 0.2)
    begun = time.monotonic()
    ask(near, b"hello")
    assert time.monotonic() - begun >= 0.4


def test_a_black_hole_takes_everything_and_gives_it_back_when_it_closes(proxy: Proxy, near: socket.socket) -> None:
    proxy.behave(Mode.BLACKHOLE)
    near.sendall(b"hello")
    near.settimeout(0.5)
    with pytest.raises(TimeoutError):
        near.recv(1)
    proxy.behave(Mode.PASS)
    near.settimeout(5.0)
    assert near.recv(5) == b"hello"


def test_reset_ends_open_connections_and_new_ones(proxy: Proxy, near: socket.socket) -> None:
    ask(near, b"hello")
    proxy.behave(Mode.RESET)
    with pytest.raises(ConnectionError):
        ask(near, b"again")
    with pytest.raises(ConnectionError):
        ask_anew(proxy.port, b"hello")


def test_cut_passes_half_a_message_on(proxy: Proxy, echo: Echo, near: socket.socket) -> None:
    proxy.behave(Mode.CUT)
    with pytest.raises(ConnectionError):
        ask(near, b"hello world!")
    wait_until(lambda: echo.got == b"hello ", 5)
    assert proxy.cuts == 1


def test_cut_after_lets_the_server_have_all_of_it_and_the_client_no_answer(
    proxy: Proxy, echo: Echo, near: socket.socket
) -> None:
    ask(near, b"BEGIN")
    proxy.cut_after(lambda piece: b"COMMIT" in piece)
    near.sendall(b"COMMIT")
    with pytest.raises(ConnectionError):
        ask(near, b"?")
    wait_until(lambda: echo.got == b"BEGINCOMMIT", 5)


def test_drip_gives_one_byte_a_second_until_told_otherwise(proxy: Proxy, near: socket.socket) -> None:
    proxy.behave(Mode.DRIP)
    near.sendall(b"hello")
    near.settimeout(3.0)
    first = near.recv(5)
    proxy.behave(Mode.PASS)
    rest = b""
    while len(first + rest) < 5:
        rest += near.recv(5)
    assert (first, first + rest) == (b"h", b"hello")
