"""What is wrong with a declaration, and where.

A `Fault` is one finding of validation: hard faults refuse the declaration, warnings accompany it.
A `Refused` is raised if the bytes cannot be read as a declaration at all, so that no list of faults can exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

FAULTS_SHOWN = 100


class Severity(StrEnum):
    """Whether a fault refuses the declaration or only accompanies it."""

    HARD = "hard"
    WARNING = "warning"


class Step(NamedTuple):
    """One step of a path: an element's WCO name and its 1-based place among namesakes (None if it cannot repeat)."""

    name: str
    index: int | None = None  # type: ignore[assignment]  # a path says index; nobody asks a step for tuple.index


Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `rule` is its stable id, `code` the closed answer code, `text` what is wrong, `advice` what to do."""

    rule: str
    code: str
    severity: Severity
    text: str
    advice: str
    path: Path
    line: int | None = None


class FaultReport(Struct, frozen=True, kw_only=True):
    """One fault as it is published: what is wrong, what to do, and where in each form of the document."""

    rule: str
    code: str
    severity: Severity
    text: str
    advice: str
    xpath: str
    json_pointer: str
    wco_pointer: str
    line: int | None = None


class Found(NamedTuple):
    """The faults of a message that are shown, out of `total` found."""

    faults: Sequence[FaultReport]
    total: int


class Refused(Exception):  # noqa: N818 - a refusal is an answer to the sender, not an error of ours
    """The bytes are not readable as a declaration: `code` is the closed answer code."""

    def __init__(self, code: str, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.line = code, text, line


def hard_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Only the faults that refuse the declaration."""
    return tuple(fault for fault in faults if fault.severity is Severity.HARD)
