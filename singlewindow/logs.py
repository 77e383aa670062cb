"""The log: one JSON object a line on standard error, which names its subject and never quotes a declaration.

The subject travels in a context: set when a request or a batch begins, it appears on every line until it ends. Errors
are logged by type and place, without their texts, because a driver's or a parser's text may quote a declaration.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

FIELDS: Final = ("trace_id", "mrn", "agency", "batch")
"""The possible subjects of a line: the request, the declaration, the agency asked, the batch number."""
QUIET: Final = {
    "alembic": logging.WARNING,
    "httpx": logging.WARNING,
    "waitress.queue": logging.ERROR,  # it warns of every request that waits for a thread
}

_about: ContextVar[Mapping[str, str | int]] = ContextVar("log_about")


def begin_subject(**subject: str | int) -> None:
    """Begin something new in this thread: later lines are about `subject` (names of `FIELDS`) and nothing else."""
    _about.set(subject)


def add_subject(**subject: str | int) -> None:
    """Add to the subject of later lines."""
    _about.set({**_about.get({}), **subject})


@contextmanager
def lines_about(**subject: str | int) -> Iterator[None]:
    """Add `subject` to all lines written inside; empty values are left out."""
    token = _about.set({**_about.get({}), **{name: value for name, value in subject.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


class JsonLines(logging.Formatter):
    """Formats a record as one line: time, level, logger, message, subject, and an error's type and places."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | dict(_about.get({}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe_error(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def describe_error(error: BaseException) -> list[dict[str, Any]]:
    """An error and what caused it: each one's type, the database's error class if it has one, and its places."""
    found: list[dict[str, Any]] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < 5:
        kind = f"{type(cause).__module__}.{type(cause).__qualname__}"
        frames = traceback.extract_tb(cause.__traceback__)
        told: dict[str, Any] = {"type": kind, "at": [f"{at.filename}:{at.lineno} {at.name}" for at in frames]}
        if sqlstate := getattr(cause, "sqlstate", None):
            told["sqlstate"] = str(sqlstate)
        found.append(told)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


class _StandardError(logging.StreamHandler[Any]):
    """Writes to whatever is standard error when the line is written."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure_logging(level: int = logging.INFO) -> None:
    """Make this process log JSON lines; call once, at its start."""
    root = logging.getLogger()
    if not any(isinstance(handler, _StandardError) for handler in root.handlers):
        handler = _StandardError()
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    root.setLevel(level)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet)
