"""Reads configuration files and reports all their problems at once, with file, line and reason.

`tomllib` gives values without their lines; the headers in the text show the lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

Entry = TypeVar("Entry")
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_AT_LINE = re.compile(r"\(at line (\d+)")
_KEY_IN_ERROR = re.compile(r"`\$\.(\w+)|(?:unknown|required) field `(\w+)`")


class Problem(NamedTuple):
    """One thing wrong with the configuration: where (`line` is 1-based) and what."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class ConfigError(ValueError):
    """The configuration cannot be used; `problems` holds everything found, in the order of files and lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("the configuration cannot be used:\n" + "\n".join(map(str, self.problems)))


@dataclass
class Source:
    """One TOML file: its tables, its text to find lines in, and the problems found so far."""

    path: Path
    content: bytes = b""
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, required: bool = True) -> Source:
        """Read a file; errors in it become problems of the source, never exceptions."""
        source = cls(path)
        try:
            source.content = path.read_bytes()
            source.tables = tomllib.loads(source.content.decode())
        except FileNotFoundError:
            if required:
                source.add_problem(1, "the file is missing")
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            place = _AT_LINE.search(str(error))
            source.add_problem(int(place[1]) if place else 1, f"not readable as TOML: {error}")
        return source

    def add_problem(self, line: int, text: str) -> None:
        """Note a problem at `line`."""
        self.problems.append(Problem(str(self.path), line, text))

    def entries(self, table: str) -> list[dict[str, Any]]:
        """The entries of an array of tables; anything else under that name is a problem."""
        found = self.tables.get(table, [])
        if isinstance(found, list) and all(isinstance(entry, dict) for entry in found):
            return found
        self.add_problem(self.line_of(table), f"{table} must be written as [[{table}]]")
        return []

    def line_of(self, table: str, index: int = 0, key: str = "") -> int:
        """Line of the `index`-th header of `table` (the file's head if `table` is empty), or of `key` under it."""
        start = self._header_line(table, index)
        named = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=") if key else None
        for number, line in enumerate(self._lines[start:] if named else (), start=start + 1):
            if _HEADER.match(line):
                break
            if named and named.match(line):
                return number
        return max(start, 1)

    def convert(self, entry: object, kind: type[Entry], table: str = "", index: int = 0) -> Entry | None:
        """`entry` as `kind`, or None and a problem at the offending key."""
        try:
            return msgspec.convert(entry, kind)
        except msgspec.ValidationError as error:
            named = _KEY_IN_ERROR.search(str(error))
            key = next(filter(None, named.groups()), "") if named else ""
            self.add_problem(self.line_of(table, index, key), str(error).replace("`$.", "`"))
            return None

    def _header_line(self, table: str, index: int) -> int:
        if not table:
            return 0
        numbers = self._headers.get(table, [])
        return numbers[index] if index < len(numbers) else 1

    @cached_property
    def _lines(self) -> list[str]:
        return self.content.decode(errors="replace").splitlines()

    @cached_property
    def _headers(self) -> dict[str, list[int]]:
        """By table: the lines of its headers."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines, start=1):
            if header := _HEADER.match(line):
                found.setdefault(header[2], []).append(number)
        return found
