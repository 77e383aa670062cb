"""What a rule is: one small class that looks at one declaration and names its mistakes.

A rule's docstring is its manual entry: what must hold and why. Its class attributes say when it runs, what it reads,
how grave a breach is, and what the sender should do. Rules of the WCO layer apply everywhere; national rules only if
a country's profile names them, with the parameters given there.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

import msgspec

from singlewindow.declarations.faults import Path, Severity, Step
from singlewindow.declarations.rules.context import Context

Finding = tuple[Path, str] | tuple[Path, str, str]
"""The place, what is wrong there and, if the rule's own advice does not fit, what to do."""
Findings = Iterator[Finding]

SHIPMENT = "Declaration/GoodsShipment"
CONSIGNMENT = f"{SHIPMENT}/Consignment"
ITEMS = f"{SHIPMENT}/GovernmentAgencyGoodsItem"
COMMODITY = f"{ITEMS}/Commodity"

_LONGEST_ECHO = 40


class Scope(StrEnum):
    """Which declarations a rule is about."""

    EVERY = "every message"
    ORIGINALS = "originals"
    IMPORTS = "original imports"
    EXPORTS = "original exports"
    REQUESTS = "requests"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule; its fields are the parameters that a country profile may set."""

    name: ClassVar[str]
    """Stable name; the rule's id is `WCO-` or the country's code, followed by this name."""
    severity: ClassVar[Severity] = Severity.HARD
    code: ClassVar[str] = "RULE_VIOLATED"
    scope: ClassVar[Scope] = Scope.ORIGINALS
    reads: ClassVar[tuple[str, ...]]
    """Schema paths that the rule depends on; it does not run if the schema already found a fault in one of them."""
    leafwise: ClassVar[bool] = False
    """True if the rule judges each path alone: a fault of the schema in one of them then excludes only this path."""
    advice: ClassVar[str]

    @abstractmethod
    def check(self, context: Context) -> Findings:
        """Every place where the declaration breaks the rule, with what is wrong there in plain words."""


def path_below(base: Path, *steps: str | tuple[str, int]) -> Path:
    """`base` continued by single elements ("Commodity") and by numbered ones (("Classification", 2))."""
    return base + tuple(Step(step) if isinstance(step, str) else Step(*step) for step in steps)


def check_pattern(pattern: str) -> None:
    """Raise ValueError if a profile's pattern is not a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def quoted(value: str | None) -> str:
    """A value, quoted, escaped and cut, so that it may be repeated to the sender."""
    text = value or ""
    return repr(text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}...")
