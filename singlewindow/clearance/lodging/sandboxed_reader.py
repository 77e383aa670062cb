"""Large messages are read in processes of their own: one that takes too much ends only its own request.

A template process beside the web process has the rules loaded and holds neither secrets nor the database. For each
large message it forks a child with limits of its own, which reads that one message, answers, and ends. No state passes
from one message to the next, a child that dies is not missed, and a template that has gone is started again.
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
from singlewindow.clearance.lodging.preparation import Books, Judged, judge
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.intake import Limits, Media
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.declarations.writing.binding import other_form
from singlewindow.faultpoints import reach
from singlewindow.settings import Settings

log = logging.getLogger(__name__)

LARGE = 256_000
"""Bytes above which a message is read apart."""
MANY_OBJECTS = 20_000
"""The same for objects of JSON, of which a message of `LARGE` bytes has a third; empty ones take two bytes."""
SECONDS_FOR_LARGE = 0.3
"""Processor time that `LARGE` bytes may take; longer messages in proportion, and everybody a second to begin with."""
PATIENCE_SECONDS = 5.0
YIELD = 10
MODULE = "singlewindow.clearance.lodging.sandboxed_reader"
PIECE = 1_048_576
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "LANG", "LC_ALL", "TMPDIR",
                    "FAULT_POINT")  # fmt: skip


class Busy(Exception):  # noqa: N818 - it asks the caller to come again
    """No process was free to read a large message, or none could be had."""


def is_large(content: bytes) -> bool:
    """Whether a message is to be read apart."""
    return len(content) > LARGE or content.count(b"{") > MANY_OBJECTS


class Premises(msgspec.Struct, frozen=True, kw_only=True):
    """What a template process is started with: folder of the configuration, countries, customs, limits on a message.

    `memory` are the bytes that reading one message may take, `processors` those on which it may be read.
    """

    config: str
    country: str
    others: tuple[str, ...] = ()
    customs: str
    body_bytes: int
    items: int
    memory: int
    processors: frozenset[int]


class _Refusal(msgspec.Struct, frozen=True, tag=True):
    status: int
    code: str
    text: str
    line: int | None


class _Answer(msgspec.Struct, frozen=True, tag=True):
    judged: Judged


class _Form(msgspec.Struct, frozen=True, tag=True):
    content: bytes


class _Task(StrEnum):
    """What a child is to do with its message."""

    LODGE = "lodge"
    VALIDATE = "validate"
    CONVERT = "convert"


_answers: msgspec.msgpack.Decoder[_Refusal | _Answer | _Form] = msgspec.msgpack.Decoder(_Refusal | _Answer | _Form)
_TOO_MUCH = _Refusal(
    413, "PAYLOAD_TOO_LARGE", "Reading the message took more memory or time than its size allows. Split it.", None
)


class ReadingRoom:
    """The places in which large messages are read; safe to use from many threads."""

    def __init__(self, premises: Premises, places: int, queue: int) -> None:
        """At most `places` messages are read at once, and at most `queue` requests read or wait."""
        self._premises = premises
        self._places = threading.BoundedSemaphore(places)
        self._queue = threading.BoundedSemaphore(queue)
        self._starting = threading.Lock()
        self._template: _Template | None = None

    def open(self) -> None:
        """Start the template process now, so that the first large message need not wait for it."""
        self._living_template()

    def judge(self, content: bytes, media: Media, lodging: bool) -> Judged:
        """What `judge` finds, worked out in a process of its own; raises `Refused` as that does, or `Busy`."""
        answer = self._answer(content, media, _Task.LODGE if lodging else _Task.VALIDATE)
        if not isinstance(answer, _Answer):
            raise TypeError("a message that was to be judged was answered with another form of it")
        return answer.judged

    def other_form(self, content: bytes, media: Media) -> bytes:
        """What `other_form` writes, in a process of its own; raises `Refused` as that does, or `Busy`."""
        answer = self._answer(content, media, _Task.CONVERT)
        if not isinstance(answer, _Form):
            raise TypeError("a message that was to be written in its other form was judged")
        return answer.content

    def _answer(self, content: bytes, media: Media, task: _Task) -> _Answer | _Form:
        with self._place():
            question = f"{media} {task}\n".encode() + content
            packed = self._ask(question, 2 * _seconds_for(len(content)) + PATIENCE_SECONDS)
        answer = _answers.decode(packed)
        if isinstance(answer, _Refusal):
            raise Refused(answer.status, answer.code, answer.text, answer.line)
        return answer

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._queue.acquire(blocking=False):
            raise Busy
        try:
            if not self._places.acquire(timeout=PATIENCE_SECONDS):
                raise Busy
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._queue.release()

    def _ask(self, question: bytes, seconds: float) -> bytes:
        """A child's answer; that of a child which ended without one, where its template lives on."""
        template = self._living_template()
        try:
            with template.child() as connection:
                connection.settimeout(seconds)
                connection.sendall(question)
                connection.shutdown(socket.SHUT_WR)
                answer = _everything(connection)
        except TimeoutError:
            raise Busy from None
        except OSError:  # the child ended before it had read everything, or the template is gone
            answer = b""
        if answer:
            return answer
        if not template.lives():
            raise Busy
        log.warning("a message of %d bytes ended the process that read it", len(question))
        return msgspec.msgpack.encode(_TOO_MUCH)

    def _living_template(self) -> _Template:
        with self._starting:
            if self._template is None or not self._template.lives():
                self._template = _Template(self._premises)
            return self._template


def room_for(settings: Settings) -> ReadingRoom:
    """A room for half of the processors, in which at most half of the web's threads read or wait."""
    processors = frozenset(os.sched_getaffinity(0))
    premises = Premises(
        config=settings.sw_config,
        country=settings.sw_country,
        customs=settings.sw_customs,
        others=settings.other_countries,
        body_bytes=settings.sw_body_limit,
        items=settings.sw_item_limit,
        memory=settings.sw_reading_memory,
        processors=processors,
    )
    return ReadingRoom(premises, max(1, len(processors) // 2), max(1, settings.sw_threads // 2))


class _Template:
    """The process that children are forked from, seen from the web process."""

    def __init__(self, premises: Premises) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words = [str(theirs.fileno()), msgspec.json.encode(premises).decode()]
            environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", MODULE, *words],
                env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip
        weakref.finalize(self, _end, self._control, self._process)

    def lives(self) -> bool:
        """Whether the process runs; it never writes to its end of the line, and hangs up before anything else ends."""
        try:
            self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def child(self) -> socket.socket:
        """A connection to a new child; raises OSError where the template is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"."], [theirs.fileno()])
        return ours


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """The template ends when nobody can ask it any more."""
    control.close()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _seconds_for(size: int) -> float:
    return 1.0 + SECONDS_FOR_LARGE * size / LARGE


def _everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(PIECE), b""))


def _serve(control: socket.socket, premises: Premises) -> None:
    """The template's life: load what is read by, then fork a child for every connection, until the web has gone."""
    with suppress(OSError):  # where this is forbidden, the web process could not keep to one of them either
        os.sched_setaffinity(0, premises.processors)
    limits = Limits(body_bytes=premises.body_bytes, items=premises.items)
    config = Path(premises.config)
    rulebooks = load_rulebooks(config, premises.items, premises.country, premises.others)
    books = Books(rulebooks, load_agencies(config / "agencies", premises.customs), limits)
    _warm_up(books)
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
                os._exit(_child(connection, books, premises.memory))


def _warm_up(books: Books) -> None:
    """What is made at first use is made once, before any fork."""
    for content, media in ((b"<a/>", Media.XML), (b'{"Declaration": {"FunctionCode": "9"}}', Media.JSON)):
        with suppress(Refused):
            judge(content, media, books, lodging=True)


def _child(connection: socket.socket, books: Books, memory: int) -> int:
    """Read one message within the limits; the exit status. Whatever goes wrong, nothing but this process ends."""
    os.nice(YIELD)  # small messages go first
    gc.disable()  # the process ends before anything could be collected, and looking for it costs more with every item
    _allow(resource.RLIMIT_AS, _address_space() + memory)
    try:
        question = _everything(connection)
        _allow(resource.RLIMIT_CPU, math.ceil(_seconds_for(len(question))))
        reach("large_message")
        connection.sendall(msgspec.msgpack.encode(_read(question, books)))
    except MemoryError:
        connection.sendall(msgspec.msgpack.encode(_TOO_MUCH))
    return 0


def _read(question: bytes, books: Books) -> _Refusal | _Answer | _Form:
    wish, _, content = question.partition(b"\n")
    media, task = wish.decode().split()
    del question
    try:
        if task == _Task.CONVERT:
            return _Form(other_form(content, Media(media), books.limits))
        return _Answer(judge(content, Media(media), books, task == _Task.LODGE))
    except Refused as refused:
        return _Refusal(refused.status, refused.code, refused.text, refused.line)


def _allow(limit: int, most: int) -> None:
    resource.setrlimit(limit, (most, most))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _reap(_signal: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service; it ends this process by hanging up
    signal.signal(signal.SIGCHLD, _reap)
    _serve(socket.socket(fileno=int(sys.argv[1])), msgspec.json.decode(sys.argv[2], type=Premises))
