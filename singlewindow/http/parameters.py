"""Query parameters: each is named, read and documented in one place; unknown, repeated or wrong ones are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import Headers

from singlewindow.enquiries.cursors import PATTERN, START, read_cursor
from singlewindow.http.problems import ProblemError
from singlewindow.times import microseconds, moment

LARGEST_NUMBER = 2**63 - 1
DIGITS = re.compile(r"[0-9]{1,19}")
VERSION = re.compile(r'[0-9]{1,5}|"[0-9]{1,5}"')
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: `read` gives its value, or raises ValueError saying what fits; `schema` is JSON Schema."""

    name: str
    meaning: str
    read: Callable[[str], Any]
    schema: Mapping[str, Any] = field(default_factory=dict)
    default: Any = None


def whole_number(name: str, meaning: str, least: int = 0, most: int = LARGEST_NUMBER, default: int = 0) -> Parameter:
    """A whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not DIGITS.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return Parameter(name, meaning, read, schema, default)


def text_like(name: str, meaning: str, pattern: str) -> Parameter:
    """A text that wholly matches `pattern`."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"a text like {pattern}")
        return text

    return Parameter(name, meaning, read, {"type": "string", "pattern": f"^{pattern}$"})


def stream_cursor(name: str, meaning: str) -> Parameter:
    """The place in a stream from which to continue; the beginning if not given."""
    return Parameter(name, meaning, read_cursor, {"type": "string", "pattern": f"^{PATTERN}$", "default": "0"}, START)


def version(name: str, meaning: str) -> Parameter:
    """The number of a version, plain or in quotation marks, as an entity tag is written (RFC 9110, 8.8.3)."""

    def read(text: str) -> int:
        if not VERSION.fullmatch(text):
            raise ValueError('the number of a version, such as "1"')
        return int(text.strip('"'))

    return Parameter(name, meaning, read, {"type": "string", "pattern": f"^({VERSION.pattern})$"})


def one_of(name: str, meaning: str, values: Iterable[str]) -> Parameter:
    """One of a few words."""
    allowed = tuple(values)

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text

    return Parameter(name, meaning, read, {"type": "string", "enum": list(allowed)})


def moment_or_day(name: str, meaning: str) -> Parameter:
    """A moment in microseconds, written as ISO 8601 with its zone, or as a day (its first moment in UTC)."""
    forms = [{"format": "date"}, {"format": "date-time"}]
    examples = ["2026-01-31", "2026-01-31T12:00:00Z"]
    return Parameter(name, meaning, _read_moment, {"type": "string", "anyOf": forms, "examples": examples})


def _read_moment(text: str) -> int:
    try:
        written = datetime.fromisoformat(text)
        instant = microseconds(written.replace(tzinfo=UTC) if DAY.fullmatch(text) else written)
        moment(instant)  # a moment outside the calendar in UTC could not be shown again
        return instant
    except (ValueError, OverflowError) as error:
        raise ValueError("a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z") from error


def read_query(given: Iterable[tuple[str, str]], known: Iterable[Parameter]) -> dict[str, Any]:
    """The values of all known parameters by name; raises the INVALID_PARAMETER problem for anything else."""
    parameters = {parameter.name: parameter for parameter in known}
    values = {parameter.name: parameter.default for parameter in parameters.values()}
    seen: set[str] = set()
    for name, text in given:
        if name not in parameters:
            raise ProblemError("INVALID_PARAMETER", _unknown_parameter(name, parameters))
        if name in seen:
            raise ProblemError("INVALID_PARAMETER", f"The parameter {name} appears more than once. Give it only once")
        seen.add(name)
        values[name] = _read_value(parameters[name], text)
    return values


def read_headers(given: Headers, known: Iterable[Parameter]) -> dict[str, Any]:
    """The values of a route's own headers by name; raises the INVALID_PARAMETER problem for a wrong one."""
    return {entry.name: _read_value(entry, given[entry.name], "header") if entry.name in given else entry.default
            for entry in known}  # fmt: skip


def _unknown_parameter(name: str, parameters: Mapping[str, Parameter]) -> str:
    offered = f"it takes {', '.join(sorted(parameters))}" if parameters else "it takes none"
    return f"This call has no parameter {name[:40]!a}; {offered}"


def _read_value(parameter: Parameter, text: str, kind: str = "parameter") -> object:
    try:
        return parameter.read(text)
    except ValueError as error:
        raise ProblemError("INVALID_PARAMETER", f"The {kind} {parameter.name} must be {error}") from error


LIMIT = whole_number("limit", "The largest number of entries on the page", least=1, most=200, default=50)
AFTER = stream_cursor(
    "after", "The value of `next` on the previous page, or the last number you have seen: the page starts after it"
)
