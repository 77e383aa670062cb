"""From one agency's view of a declaration to its assessment: findings, score, lane, controls.

The method is the same for every agency (MOSAIC 05.60, 10.4.4 a): weights add up to a score, thresholds make it a lane.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import UNSET

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.declarations.model import Tree
from singlewindow.risk.conditions import ConditionError, Scenes
from singlewindow.risk.method import RiskMethod, Thresholds
from singlewindow.risk.profiles import Found, ProfileEntry
from singlewindow.risk.terms import Terms

FINDINGS_PER_PROFILE = 20
HIGHEST_SCORE = 100
GONE: Final = "The goods have already left, so only their documents can be checked."
GIVE_DOCUMENTS: Final = "The declaration is being checked. Please have the documents for these goods ready."
_LANES = tuple(Lane)


def assess(method: RiskMethod, view: Tree, terms: Terms, gone: bool = False) -> Assessment:
    """The agency's answer from its live profiles; raises `ConditionError` if one of them cannot be answered.

    `gone`: the goods had left before the declaration was lodged, so at most their documents are asked for.
    """
    scenes = Scenes(view, terms)
    fired = list(method.live_profiles.find_fired(scenes, terms.day, gone))
    entries = {entry for entry, _ in fired}
    score = min(HIGHEST_SCORE, sum(entry.weight for entry in entries))
    lane = _lane_of(method.thresholds, score, entries)
    lane = Lane.YELLOW if gone and lane is not Lane.GREEN else lane
    return Assessment(
        agency=method.agency,
        answer=Answer.ASSESSED,
        lane=lane,
        score=score,
        controls=_lane_controls(lane, () if gone else entries),
        findings=_sorted_findings(fired, gone),
        profiles=method.applied_fingerprint(terms),
        trial=_trial_findings(method, scenes, terms, gone) or UNSET,
    )


def _trial_findings(method: RiskMethod, scenes: Scenes, terms: Terms, gone: bool) -> tuple[Finding, ...]:
    """What the profiles on trial would have found, and which could not be answered."""
    tried = list(method.trial_profiles.try_profiles(scenes, terms.day, gone))
    fired = [(entry, item) for entry, item in tried if not isinstance(item, ConditionError)]
    failed = (_failed_finding(entry, error) for entry, error in tried if isinstance(error, ConditionError))
    return (*_sorted_findings(fired, gone), *failed)


def _failed_finding(entry: ProfileEntry, error: ConditionError) -> Finding:
    return Finding(
        profile=entry.id, legal_basis=entry.legal_basis, weight=0, control=None, officer=f"On trial: {error}", trader=""
    )


def _lane_of(thresholds: Thresholds, score: int, entries: Iterable[ProfileEntry]) -> Lane:
    least = (entry.lane for entry in entries if entry.lane is not None)
    return max((thresholds.lane(score), *least), key=_LANES.index)


def _lane_controls(lane: Lane, entries: Iterable[ProfileEntry]) -> tuple[Control, ...]:
    """The controls of a lane: none in the green one, whatever a weak indicator asks for; in others at least one."""
    if lane is Lane.GREEN:
        return ()
    asked = {entry.control for entry in entries if entry.control is not None}
    return tuple(sorted(asked)) or (Control.DOCUMENTS,)


def _sorted_findings(fired: Iterable[Found], gone: bool) -> tuple[Finding, ...]:
    by_profile: defaultdict[str, list[Finding]] = defaultdict(list)
    for entry, item in fired:
        by_profile[entry.id].append(_finding_of(entry, item, gone))
    return tuple(sorted((each for found in by_profile.values() for each in _first_of(found)), key=_finding_order))


def _first_of(found: list[Finding]) -> list[Finding]:
    """The findings of one profile that are kept; if there are more, the last one says so."""
    kept = found[:FINDINGS_PER_PROFILE]
    if len(found) > len(kept):
        kept[-1] = msgspec.structs.replace(kept[-1], more=True)
    return kept


def _finding_of(entry: ProfileEntry, item: str | None, gone: bool) -> Finding:
    return Finding(
        profile=entry.id,
        legal_basis=entry.legal_basis,
        weight=entry.weight,
        control=Control.DOCUMENTS if gone and entry.control else entry.control,
        officer=f"{GONE} {entry.officer}" if gone else entry.officer,
        trader=after_release(entry) if gone else entry.trader,
        item=item,
    )


def after_release(entry: ProfileEntry) -> str:
    """The trader's words about goods that have already left; a profile that asks for documents keeps its own."""
    return entry.trader_after_release or (entry.trader if entry.control is Control.DOCUMENTS else GIVE_DOCUMENTS)


def _finding_order(finding: Finding) -> tuple[int, str, int, str]:
    item = finding.item or ""
    return -finding.weight, finding.profile, int(item) if item.isdecimal() else 0, item
