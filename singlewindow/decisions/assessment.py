"""One agency's answer on one version of a declaration, in terms that all agencies share.

The common scale of MOSAIC 05.60 (10.4.4 a): every agency uses the same lanes and the same controls.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType


class Lane(StrEnum):
    """How closely an agency wants the goods checked, mildest first."""

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


BORDER = "border"
"""The service itself, as it answers for what was seen at the border; no agency may have this code."""
KEPT_ORDER = "kept-order"
"""The service itself, as it keeps an inspection that an amendment does not touch; no agency may have this code."""
OWN_CODES = frozenset({BORDER, KEPT_ORDER})


class Answer(StrEnum):
    """How a question to an agency ended: only `ASSESSED` can ever lead to release."""

    ASSESSED = "assessed"
    FAILED = "failed"
    SILENT = "silent"
    REPLACED = "replaced"
    """Asked again before it was answered: only the answer to the newer question counts."""
    WITHDRAWN = "withdrawn"
    """The version was replaced, cancelled or lapsed before it was answered: no answer is needed any more."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One reason: the profile that fired, its weight (0-100), its control, the item (SequenceNumeric) or None.

    `officer` and `trader` are the words for each audience; only the officer's may hold tactical detail. `more` is
    present, and true, on the last finding of a profile that also holds for further items.
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

    `trial` is what profiles on trial would have found. Only the agency and the auditor read it, it decides nothing, and
    it is left out if empty.
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
    def without_trial(self) -> Assessment:
        """The answer without the findings of profiles on trial."""
        return self if self.trial is UNSET else msgspec.structs.replace(self, trial=UNSET)
