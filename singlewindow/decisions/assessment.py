"""One agency's answer on one version of a declaration, and the words all agencies share for it.

The common scale of MOSAIC 05.60 (10.4.4 a): every agency speaks of the same lanes and the same controls.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Lane(StrEnum):
    """How far an agency wants the goods looked at, mildest first."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class Control(StrEnum):
    """What an agency wants done before the goods may leave."""

    DOCUMENTS = "documents"
    SCAN = "scan"
    PHYSICAL = "physical"
    SAMPLE = "sample"


class Answer(StrEnum):
    """How a question to an agency ended: only `ASSESSED` can ever lead to release."""

    ASSESSED = "assessed"
    FAILED = "failed"
    SILENT = "silent"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One reason: the profile that fired, its weight (0-100), the control it asks, the item (SequenceNumeric) or None.

    `officer` and `trader` are the words for each audience; tactical detail belongs to the officer's alone.
    """

    profile: str
    legal_basis: str
    weight: int
    control: Control | None
    officer: str
    trader: str
    item: str | None = None


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """One agency's answer. `score` 0-100; `profiles` is the fingerprint of the profile set that was applied."""

    agency: str
    answer: Answer
    lane: Lane
    score: int = 0
    controls: tuple[Control, ...] = ()
    findings: tuple[Finding, ...] = ()
    profiles: str = ""
