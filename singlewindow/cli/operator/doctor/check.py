"""The result of one check of the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """How bad it is: a fault stops or endangers the work, a warning needs attention."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Check(Struct, frozen=True):
    """One result: the `name` of what was checked, its state, and what to do if it is not ok."""

    name: str
    level: Level
    text: str
    advice: str = ""


def ok(name: str, text: str) -> Check:
    """All is well."""
    return Check(name, Level.OK, text)


def warning(name: str, text: str, advice: str) -> Check:
    """It works, but should be looked at."""
    return Check(name, Level.WARNING, text, advice)


def fault(name: str, text: str, advice: str) -> Check:
    """It does not work, or what was promised does not hold."""
    return Check(name, Level.FAULT, text, advice)


def worst_level(checks: Iterable[Check]) -> Level:
    """The worst level found."""
    found = {check.level for check in checks}
    return next((level for level in (Level.FAULT, Level.WARNING) if level in found), Level.OK)
