"""The audiences, and what each may see of a declaration; nothing else decides this.

An audience without an entry here sees the least. That is what a trader may see: which agencies were asked and have
answered can reveal what is suspected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from singlewindow.access.keys import Caller, Role
from singlewindow.decisions.merge import Verdict
from singlewindow.decisions.words import for_auditor, for_trader
from singlewindow.storage.trail.events import Kind


class Audience(StrEnum):
    """The reader of an answer: a party or its broker, an officer of an agency, the auditor, the operator."""

    TRADER = "trader"
    OFFICER = "officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Disclosure(NamedTuple):
    """What an audience may see of a declaration; by default the least.

    `steps` are the kinds of events in the timeline, and `events` adds each one as recorded. `agencies` are those that
    were asked or not, with the reasons and their answers. `reasons` are the words of a decision, `assessment` its lane,
    its contradiction and its fingerprint.
    """

    steps: frozenset[Kind] = frozenset({
        Kind.LODGED, Kind.DECIDED, Kind.REQUESTED, Kind.ANSWERED, Kind.AMENDED, Kind.CANCELLED, Kind.ARRIVED,
        Kind.REPORTED, Kind.MILESTONE, Kind.LAPSED, Kind.QUERIED, Kind.EXPLAINED, Kind.DOCUMENT,
        Kind.DOCUMENTS_GIVEN,
        Kind.INSPECTION_ORDERED, Kind.SLOT_WISHED, Kind.SLOT_MOVED, Kind.ITEMS_ENDED, Kind.INSPECTION_ENDED,
    })  # fmt: skip
    events: bool = False
    agencies: bool = False
    reasons: Callable[[Verdict], Iterable[str]] = for_trader
    assessment: bool = False


LEAST: Final = Disclosure()
_DISCLOSURES: Final[Mapping[Audience, Disclosure]] = MappingProxyType({
    Audience.AUDITOR: Disclosure(frozenset(Kind), events=True, agencies=True, reasons=for_auditor, assessment=True),
})  # fmt: skip
_AUDIENCES: Final[Mapping[Role, Audience]] = MappingProxyType({
    Role.TRADER: Audience.TRADER,
    Role.BROKER: Audience.TRADER,
    Role.AGENCY: Audience.OFFICER,
    Role.AUDITOR: Audience.AUDITOR,
    Role.OPERATOR: Audience.OPERATOR,
})  # fmt: skip


def audience_of(reader: Caller) -> Audience:
    """The audience of a caller; a role without an audience is treated as a trader."""
    return _AUDIENCES.get(reader.role, Audience.TRADER)


def disclosure_to(audience: Audience) -> Disclosure:
    """What this audience may see."""
    return _DISCLOSURES.get(audience, LEAST)
