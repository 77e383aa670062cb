"""From one agency's view of a declaration to its assessment: findings, score, lane, controls.

The method is the same for every agency (MOSAIC 05.60, 10.4.4 a): weights add up to a score, thresholds make it a lane.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.declarations.model import Tree
from singlewindow.risk.agency import Agency, Thresholds
from singlewindow.risk.profiles import ProfileEntry, ProfileSet
from singlewindow.risk.terms import Terms

FINDINGS_PER_PROFILE = 20
HIGHEST_SCORE = 100
_LANES = tuple(Lane)

Fired = tuple[ProfileEntry, str | None]


def assess(agency: Agency, view: Tree, terms: Terms) -> Assessment:
    """The agency's answer by its live profiles; raises `ConditionError` where one of them cannot be answered."""
    fired = list(agency.live.fired(view, terms))
    entries = {entry for entry, _ in fired}
    score = min(HIGHEST_SCORE, sum(entry.weight for entry in entries))
    lane = _lane(agency.thresholds, score, entries)
    return Assessment(
        agency=agency.code,
        answer=Answer.ASSESSED,
        lane=lane,
        score=score,
        controls=_controls(lane, entries),
        findings=_findings(fired),
        profiles=agency.applied(terms),
    )


def dry_run(agency: Agency, view: Tree, terms: Terms) -> tuple[Finding, ...]:
    """What the profiles on trial would have found; no part of any assessment."""
    profiles: ProfileSet = agency.dry
    return _findings(profiles.fired(view, terms)) if profiles.profiles else ()


def _lane(thresholds: Thresholds, score: int, entries: Iterable[ProfileEntry]) -> Lane:
    least = (entry.lane for entry in entries if entry.lane is not None)
    return max((thresholds.lane(score), *least), key=_LANES.index)


def _controls(lane: Lane, entries: Iterable[ProfileEntry]) -> tuple[Control, ...]:
    """In the green lane nothing is looked at, whatever a weak indicator alone would ask; in others always something."""
    if lane is Lane.GREEN:
        return ()
    asked = {entry.control for entry in entries if entry.control is not None}
    return tuple(sorted(asked)) or (Control.DOCUMENTS,)


def _findings(fired: Iterable[Fired]) -> tuple[Finding, ...]:
    return tuple(sorted(map(_finding, _first_of_each(fired)), key=_rank))


def _first_of_each(fired: Iterable[Fired]) -> Iterator[Fired]:
    seen: Counter[str] = Counter()
    for entry, item in fired:
        seen[entry.id] += 1
        if seen[entry.id] <= FINDINGS_PER_PROFILE:
            yield entry, item


def _finding(fired: Fired) -> Finding:
    entry, item = fired
    return Finding(
        profile=entry.id,
        legal_basis=entry.legal_basis,
        weight=entry.weight,
        control=entry.control,
        officer=entry.officer,
        trader=entry.trader,
        item=item,
    )


def _rank(finding: Finding) -> tuple[int, str, int, str]:
    item = finding.item or ""
    return -finding.weight, finding.profile, int(item) if item.isdecimal() else 0, item
