"""One agency's answer on one version of a declaration, and the words all agencies share for it.

The common scale of MOSAIC 05.60 (10.4.4 a): every agency speaks of the same lanes and the same controls.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType


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
    REPLACED = "replaced"
    """Asked anew before it was answered: only the answer to the newer question counts."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One reason: the profile that fired, its weight (0-100), the control it asks, the item (SequenceNumeric) or None.

    `officer` and `trader` are the words for each audience; tactical detail belongs to the officer's alone. `more` is
    there, and true, on the last finding of a profile that holds for further items, too.
    """

    profile: str
    legal_basis: str
    weight: int
    control: Control | None
    officer: str
    trader: str
    item: str | None = None
    more: bool | UnsetType = UNSET


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """One agency's answer. `score` 0-100; `profiles` is the fingerprint of the profile set that was applied.

    `trial` is what profiles on trial would have found. It is for the agency and the auditor to read, decides nothing,
    and is left out where there is nothing.
    """

    agency: str
    answer: Answer
    lane: Lane
    score: int = 0
    controls: tuple[Control, ...] = ()
    findings: tuple[Finding, ...] = ()
    profiles: str = ""
    trial: tuple[Finding, ...] | UnsetType = UNSET

    @property
    def counted(self) -> Assessment:
        """The answer without what was only tried."""
        return self if self.trial is UNSET else msgspec.structs.replace(self, trial=UNSET)
