"""What a rule is: one small class that looks at one declaration and names what contradicts itself.

A rule's docstring is its manual entry: what must hold and why. Its class attributes say when it runs, what it reads,
how grave a breach is, and what the sender should do. Rules of the WCO layer take part everywhere; national rules only
where a country's profile names them, with the parameters given there.
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
"""The place, what is wrong there, and what to do where the rule's own advice is not the best."""
Findings = Iterator[Finding]

SHIPMENT = "Declaration/GoodsShipment"
CONSIGNMENT = f"{SHIPMENT}/Consignment"
ITEMS = f"{SHIPMENT}/GovernmentAgencyGoodsItem"
COMMODITY = f"{ITEMS}/Commodity"

_LONGEST_ECHO = 40


class Scope(StrEnum):
    """Which declarations a rule speaks about."""

    EVERY = "every message"
    ORIGINALS = "originals"
    IMPORTS = "original imports"
    EXPORTS = "original exports"
    REQUESTS = "requests"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule; its fields are the parameters that a country profile may set."""

    name: ClassVar[str]
    """Stable name; the rule's id is this behind `WCO-` or the country's code."""
    severity: ClassVar[Severity] = Severity.HARD
    code: ClassVar[str] = "RULE_VIOLATED"
    scope: ClassVar[Scope] = Scope.ORIGINALS
    reads: ClassVar[tuple[str, ...]]
    """Schema paths the rule depends on; it does not run where the schema already found one of them broken."""
    leafwise: ClassVar[bool] = False
    """True where each path is judged alone: a broken one then silences only itself, not the rule."""
    advice: ClassVar[str]

    @abstractmethod
    def check(self, context: Context) -> Findings:
        """Every place where the declaration breaks the rule, with what is wrong there in plain words."""


def under(base: Path, *steps: str | tuple[str, int]) -> Path:
    """`base` continued by single elements ("Commodity") and by numbered ones (("Classification", 2))."""
    return base + tuple(Step(step) if isinstance(step, str) else Step(*step) for step in steps)


def check_pattern(pattern: str) -> None:
    """Raise ValueError where a profile's pattern is no regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


def quoted(value: str | None) -> str:
    """A value as it may be repeated to the sender: quoted, escaped, and cut."""
    text = value or ""
    return repr(text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}...")
