"""Large messages are read in processes of their own: one that takes too much ends only its own request.

A template process beside the web process has the rules loaded but holds no secrets and no database connection. For each
large message it forks a child with its own limits, which reads that one message, answers, and ends. No state passes
from one message to the next, a child that dies harms nothing else, and a template that ends is started again.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from types import FrameType

import msgspec

from singlewindow.agencies.loading import load_agencies
from singlewindow.clearance.lodging.preparation import Prepared, Rules, prepare_message
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.message import Limits, Media
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.declarations.writing.binding import other_form
from singlewindow.faultpoints import reach

log = logging.getLogger(__name__)

LARGE = 256_000
"""Messages with more bytes are read in a process of their own."""
MANY_OBJECTS = 20_000
"""The same for JSON objects; a real message of `LARGE` bytes has a third of this, but empty objects take two bytes."""
SECONDS_FOR_LARGE = 0.3
"""Processor time for `LARGE` bytes; longer messages get more in proportion, and each gets one second on top."""
PATIENCE_SECONDS = 5.0
YIELD = 10
MODULE = "singlewindow.clearance.lodging.sandboxed_reader"
PIECE = 1_048_576
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "LANG", "LC_ALL", "TMPDIR",
                    "FAULT_POINT")  # fmt: skip


class Busy(Exception):  # noqa: N818 - it asks the caller to come again
    """No process was free to read a large message, or none could be started."""


def is_large(content: bytes) -> bool:
    """Whether a message is read in a process of its own."""
    return len(content) > LARGE or content.count(b"{") > MANY_OBJECTS


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What a template process is started with: folder of the configuration, countries, customs, limits on a message.

    `memory` is in bytes and limits reading one message; `processors` are those that readers may use.
    """

    config: str
    country: str
    others: tuple[str, ...] = ()
    customs: str
    body_bytes: int
    items: int
    memory: int
    processors: frozenset[int]


class _Refused(msgspec.Struct, frozen=True, tag=True):
    code: str
    text: str
    line: int | None


class _Done(msgspec.Struct, frozen=True, tag=True):
    prepared: Prepared


class _Converted(msgspec.Struct, frozen=True, tag=True):
    content: bytes


class _Task(StrEnum):
    """What a child does with its message."""

    LODGE = "lodge"
    VALIDATE = "validate"
    CONVERT = "convert"


_Result = _Refused | _Done | _Converted
_results: msgspec.msgpack.Decoder[_Result] = msgspec.msgpack.Decoder(_Result)
_TOO_MUCH = _Refused(
    "PAYLOAD_TOO_LARGE", "Reading the message took more memory or time than its size allows. Split it.", None
)


class SandboxedReader:
    """Reads large messages, each in a process of its own; threads may share it."""

    def __init__(self, configuration: Configuration, slots: int, queue: int) -> None:
        """At most `slots` messages are read at once; at most `queue` requests are reading or waiting."""
        self._configuration = configuration
        self._slots = threading.BoundedSemaphore(slots)
        self._queue = threading.BoundedSemaphore(queue)
        self._starting = threading.Lock()
        self._template: _Template | None = None

    def start(self) -> None:
        """Start the template process now, so that the first large message need not wait for it."""
        self._living_template()

    def prepare_message(self, content: bytes, media: Media, lodging: bool) -> Prepared:
        """The function of this name, run in a process of its own; raises `Refused` as that does, or `Busy`."""
        result = self._run_task(content, media, _Task.LODGE if lodging else _Task.VALIDATE)
        if not isinstance(result, _Done):
            raise TypeError("a message that was to be prepared came back in another form")
        return result.prepared

    def other_form(self, content: bytes, media: Media) -> bytes:
        """The result of `other_form`, from a process of its own; raises `Refused` as that does, or `Busy`."""
        result = self._run_task(content, media, _Task.CONVERT)
        if not isinstance(result, _Converted):
            raise TypeError("a message that was to be written in its other form was prepared")
        return result.content

    def _run_task(self, content: bytes, media: Media, task: _Task) -> _Done | _Converted:
        with self._hold_slot():
            question = f"{media} {task}\n".encode() + content
            packed = self._ask_child(question, 2 * _seconds_for(len(content)) + PATIENCE_SECONDS)
        result = _results.decode(packed)
        if isinstance(result, _Refused):
            raise Refused(result.code, result.text, result.line)
        return result

    @contextmanager
    def _hold_slot(self) -> Iterator[None]:
        if not self._queue.acquire(blocking=False):
            raise Busy
        try:
            if not self._slots.acquire(timeout=PATIENCE_SECONDS):
                raise Busy
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._queue.release()

    def _ask_child(self, question: bytes, seconds: float) -> bytes:
        """The child's answer; if it ended without one, its message took too much."""
        template = self._living_template()
        try:
            with template.connect_child() as connection:
                connection.settimeout(seconds)
                connection.sendall(question)
                connection.shutdown(socket.SHUT_WR)
                packed = _receive_all(connection)
        except TimeoutError:
            raise Busy from None
        except OSError:  # the child ended before it had read everything, or the template is gone
            packed = b""
        if packed:
            return packed
        if not template.is_alive():
            raise Busy
        log.warning("a message of %d bytes ended the process that read it", len(question))
        return msgspec.msgpack.encode(_TOO_MUCH)

    def _living_template(self) -> _Template:
        with self._starting:
            if self._template is None or not self._template.is_alive():
                self._template = _Template(self._configuration)
            return self._template


class _Template:
    """The process that children are forked from, seen from the web process."""

    def __init__(self, configuration: Configuration) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words = [str(theirs.fileno()), msgspec.json.encode(configuration).decode()]
            environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", MODULE, *words],
                env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip
        weakref.finalize(self, _end_template, self._control, self._process)

    def is_alive(self) -> bool:
        """Whether the process runs; it never writes to its socket, and closes it before anything else ends."""
        try:
            self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def connect_child(self) -> socket.socket:
        """A connection to a new child; raises OSError if the template has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"."], [theirs.fileno()])
        return ours


def _end_template(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Close the socket; the template ends when nobody can ask it any more."""
    control.close()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _seconds_for(size: int) -> float:
    return 1.0 + SECONDS_FOR_LARGE * size / LARGE


def _receive_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(PIECE), b""))


def _run_template(control: socket.socket, configuration: Configuration) -> None:
    """The template's life: load the rules, then fork a child for every connection, until the web process has ended."""
    with suppress(OSError):  # where this is forbidden, the web process could not keep to one of them either
        os.sched_setaffinity(0, configuration.processors)
    rules = _load_rules(configuration)
    _warm_up(rules)
    gc.collect()
    gc.freeze()
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        with socket.socket(fileno=fds[0]) as connection:
            if os.fork() == 0:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os._exit(_run_child(connection, rules, configuration.memory))


def _load_rules(configuration: Configuration) -> Rules:
    folder = Path(configuration.config)
    rulebooks = load_rulebooks(folder, configuration.items, configuration.country, configuration.others)
    agencies = load_agencies(folder / "agencies", configuration.customs)
    return Rules(rulebooks, agencies, Limits(body_bytes=configuration.body_bytes, items=configuration.items))


def _warm_up(rules: Rules) -> None:
    """Read a small message, so that everything made at first use is made once, before any fork."""
    for content, media in ((b"<a/>", Media.XML), (b'{"Declaration": {"FunctionCode": "9"}}', Media.JSON)):
        with suppress(Refused):
            prepare_message(content, media, rules, lodging=True)


def _run_child(connection: socket.socket, rules: Rules, memory: int) -> int:
    """Read one message within the limits and return the exit status. Whatever goes wrong, only this process ends."""
    os.nice(YIELD)  # small messages go first
    gc.disable()  # the process ends before anything could be collected, and looking for it costs more with every item
    _limit_resource(resource.RLIMIT_AS, _address_space() + memory)
    try:
        question = _receive_all(connection)
        _limit_resource(resource.RLIMIT_CPU, math.ceil(_seconds_for(len(question))))
        reach("large_message")
        connection.sendall(msgspec.msgpack.encode(_carry_out(question, rules)))
    except MemoryError:
        connection.sendall(msgspec.msgpack.encode(_TOO_MUCH))
    return 0


def _carry_out(question: bytes, rules: Rules) -> _Result:
    wish, _, content = question.partition(b"\n")
    media, task = wish.decode().split()
    del question
    try:
        if task == _Task.CONVERT:
            return _Converted(other_form(content, Media(media), rules.limits))
        return _Done(prepare_message(content, Media(media), rules, task == _Task.LODGE))
    except Refused as refused:
        return _Refused(refused.code, refused.text, refused.line)


def _limit_resource(limit: int, most: int) -> None:
    resource.setrlimit(limit, (most, most))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _reap_children(_signal: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service; it ends this process by hanging up
    signal.signal(signal.SIGCHLD, _reap_children)
    _run_template(socket.socket(fileno=int(sys.argv[1])), msgspec.json.decode(sys.argv[2], type=Configuration))
