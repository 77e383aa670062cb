"""One message: its form, the limits beyond which it is refused unread, and the result of reading it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from singlewindow.declarations.faults import Fault, Path
from singlewindow.declarations.model import Declaration


class Media(StrEnum):
    """The two forms a declaration may be sent in."""

    XML = "xml"
    JSON = "json"

    @property
    def mime(self) -> str:
        """The media type, as HTTP and the record name it."""
        return f"application/{self.value}"


def media_of(mime: str) -> Media:
    """The form with this media type; raises ValueError."""
    return Media(mime.removeprefix("application/"))


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds on one message; `items` is the number of goods items allowed and scales the caps on elements.

    Real declarations are 8 deep, have one attribute for each value and stay far below the other caps, which only keep a
    hostile message from costing more than a long honest one.
    """

    body_bytes: int = 4_000_000
    items: int = 999
    depth: int = 32
    attributes: int = 16
    namespaces: int = 32
    text_characters: int = 65_536
    attribute_characters: int = 1_024

    @property
    def elements(self) -> int:
        """Elements of an XML document, or members and entries of a JSON one."""
        return 200 * self.items + 2_000

    @property
    def comments(self) -> int:
        """Comments of an XML document."""
        return 20 * self.items + 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as read: `faults` of the schema (none if it is valid), and the declaration as far as it is clean.

    `broken_paths` are the schema paths of the faults, without indexes: a rule that reads one of them, or anything below
    it, cannot run. `line_of` gives the line of a path in XML, None in JSON or if it is absent.
    """

    declaration: Declaration
    faults: tuple[Fault, ...]
    enveloped: bool
    broken_paths: frozenset[str]
    line_of: Callable[[Path], int | None]


def no_lines(_path: Path) -> int | None:
    """The line of a message that its sender did not write in lines: always None."""
    return None
