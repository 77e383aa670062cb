"""Hosts of their own on one machine: each a network namespace with a name and an address, joined by a switch.

A thread that has entered a host is on it, and so is every process and thread that it starts there. Nothing of the
machine's own network is touched, nothing is named outside, and the kernel removes it all when the last process ends.
Linux, as root, with `ip`.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.faults.harness.processes import Keeper

# What the kernel calls the two namespaces: the network, and the host's name.
KINDS: Final = {"net": 0x40000000, "uts": 0x04000000}
# Set aside for tests between hosts (RFC 2544): no network that a machine is on has these addresses.
NETWORK: Final = "198.18.0"
SWITCH: Final = "switch"
SECONDS_TO_REACH: Final = 1.0


class NotPermittedError(RuntimeError):
    """This machine makes no hosts; the text says why."""


@dataclass
class Host:
    """One host. `keeper` is its own init system: what it starts again, it starts there."""

    name: str
    address: str
    namespaces: dict[str, int]
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        with self.entered():
            self.keeper = Keeper()

    @contextmanager
    def entered(self) -> Iterator[Host]:
        """This thread is on the host while the block lasts."""
        with _moved(self.namespaces):
            yield self

    def reaches(self, other: Host, port: int) -> bool:
        """Whether a connection from here to a port of the other host is taken."""
        with self.entered():
            try:
                socket.create_connection((other.address, port), SECONDS_TO_REACH).close()
            except OSError:
                return False
        return True


class Network:
    """A switch and a host of each name on it. Raises NotPermittedError where the machine does not allow it."""

    def __init__(self, names: Sequence[str]) -> None:
        self._hosts: dict[str, Host] = {}
        if shutil.which("ip") is None:
            raise NotPermittedError("hosts cannot be made here: `ip` (iproute2) is not installed")
        try:
            self._switch = _fresh(SWITCH)
            with _moved(self._switch):
                _ip("link", "add", SWITCH, "type", "bridge")
                _ip("link", "set", SWITCH, "up")
            for name in names:
                self._add(name)
        except (OSError, AttributeError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or error
            raise NotPermittedError(f"hosts cannot be made here: {said}") from error

    def _add(self, name: str) -> None:
        port, address = f"port{len(self._hosts)}", f"{NETWORK}.{len(self._hosts) + 1}"
        host = self._hosts[name] = Host(name, address, _fresh(name))
        with _moved(self._switch):
            there = f"/proc/{os.getpid()}/fd/{host.namespaces['net']}"
            _ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", there)
            _ip("link", "set", port, "master", SWITCH, "up")
        with host.entered():
            _ip("address", "add", f"{address}/24", "dev", "eth0")
            _ip("link", "set", "lo", "up")
            _ip("link", "set", "eth0", "up")

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def cut(self, name: str) -> None:
        """Take the host off the network: what is sent to it or by it is lost, and nobody is told."""
        self._set_port(name, "down")

    def restore(self, name: str) -> None:
        """Put the host on the network again."""
        self._set_port(name, "up")

    def _set_port(self, name: str, state: str) -> None:
        with _moved(self._switch):
            _ip("link", "set", f"port{list(self._hosts).index(name)}", state)

    def close(self) -> None:
        """Let go of the hosts; each is gone when nothing runs on it any more."""
        for host in self._hosts.values():
            host.keeper.end()
        for namespaces in [self._switch, *(host.namespaces for host in self._hosts.values())]:
            _let_go(namespaces)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def _fresh(name: str) -> dict[str, int]:
    """New namespaces, held open by the file descriptors that are returned."""
    made: dict[str, int] = {}
    failures: list[OSError] = []

    def make() -> None:
        try:
            _call("unshare", sum(KINDS.values()))
            socket.sethostname(name)
            made.update(_present())
        except OSError as error:
            failures.append(error)

    # In a thread of its own, which is left behind in the new namespaces and ends there.
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return made


@contextmanager
def _moved(namespaces: dict[str, int]) -> Iterator[None]:
    before = _present()
    _enter(namespaces)
    try:
        yield
    finally:
        _enter(before)
        _let_go(before)


def _present() -> dict[str, int]:
    return {kind: os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in KINDS}


def _enter(namespaces: dict[str, int]) -> None:
    for kind, flag in KINDS.items():
        _call("setns", namespaces[kind], flag)


def _let_go(namespaces: dict[str, int]) -> None:
    for descriptor in namespaces.values():
        os.close(descriptor)


def _call(name: str, *arguments: int) -> None:
    # The standard library offers both from Python 3.12 on.
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
