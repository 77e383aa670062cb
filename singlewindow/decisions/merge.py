"""From the agencies' answers to the one decision: the strictest wins, and only unanimous green releases.

`merge` is pure, total and free of order and repetition. Silence, failure and contradiction are never consent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane

RELEASED, DOCUMENTS_ASKED, UNDER_CONTROL = "08", "06", "05"
_LANES = tuple(Lane)
_HOLDS_ALONE = 100


class Outcome(StrEnum):
    """The two decisions there are."""

    RELEASE = "release"
    INSPECT = "inspect"


class Reason(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One reason of a decision, in words for each audience; `profile` is "" where no profile is behind it.

    Only agencies that hold the goods give reasons. `weight` is 0-100, `item` a SequenceNumeric or "" for the whole.
    """

    agency: str
    officer: str
    trader: str
    weight: int
    profile: str = ""
    item: str = ""
    control: Control | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The decision computed from `assessments` and `asked`; `fingerprint` (sha256, hex) is of exactly these inputs.

    `function_code` is the code of the notice to the trader (WCO 017 of the response).
    """

    outcome: Outcome
    lane: Lane
    controls: tuple[Control, ...]
    contradictory: bool
    reasons: tuple[Reason, ...]
    fingerprint: str
    function_code: str


def merge(assessments: Iterable[Assessment], asked: Iterable[str]) -> Verdict:
    """The decision. An agency in `asked` without an answer counts as silent; unasked answers only make it stricter."""
    agencies = tuple(sorted(set(asked)))
    answers = _distinct(assessments)
    silent = tuple(
        Assessment(agency=agency, answer=Answer.SILENT, lane=Lane.YELLOW)
        for agency in agencies
        if agency not in {each.agency for each in answers}
    )
    complete = (*answers, *silent)
    torn = _contradicting(complete)
    released = bool(agencies) and not torn and all(map(_clears, complete))
    controls = () if released else _controls(complete, certain=bool(agencies) and not torn)
    return Verdict(
        outcome=Outcome.RELEASE if released else Outcome.INSPECT,
        lane=Lane.GREEN if released else _strictest(complete),
        controls=controls,
        contradictory=bool(torn),
        reasons=_reasons(complete, torn, agencies),
        fingerprint=_fingerprint(answers, agencies),
        function_code=_function_code(released, controls, complete, torn),
    )


def _distinct(assessments: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """Each different answer once, its own lists sorted, in an order that depends on nothing but the answers."""
    encoded = {msgspec.json.encode(normal): normal for normal in map(_normal, assessments)}
    return tuple(encoded[key] for key in sorted(encoded))


def _normal(assessment: Assessment) -> Assessment:
    controls = tuple(sorted(set(assessment.controls)))
    findings = tuple(sorted(set(assessment.findings), key=msgspec.json.encode))
    return msgspec.structs.replace(assessment, controls=controls, findings=findings)


def _clears(assessment: Assessment) -> bool:
    return assessment.answer is Answer.ASSESSED and assessment.lane is Lane.GREEN and not assessment.controls


def _contradicting(complete: Iterable[Assessment]) -> frozenset[str]:
    """Agencies that answered differently twice, or said green and asked for a control in one breath."""
    torn, seen = set(), set()
    for each in complete:
        if each.agency in seen or (each.lane is Lane.GREEN and each.controls):
            torn.add(each.agency)
        seen.add(each.agency)
    return frozenset(torn)


def _strictest(complete: Iterable[Assessment]) -> Lane:
    return max((Lane.YELLOW, *(each.lane for each in complete)), key=_LANES.index)


def _controls(complete: Iterable[Assessment], certain: bool) -> tuple[Control, ...]:
    """All controls asked; whoever holds the goods without naming one has at least the documents looked at."""
    wanted = set() if certain else {Control.DOCUMENTS}
    for each in complete:
        if not _clears(each):
            wanted |= set(each.controls) or {Control.DOCUMENTS}
    return tuple(sorted(wanted))


def _function_code(
    released: bool, controls: tuple[Control, ...], complete: Iterable[Assessment], torn: frozenset[str]
) -> str:
    """Documents are asked of the trader only where an agency really wants them; otherwise a person looks first."""
    if released:
        return RELEASED
    answered = all(each.answer is Answer.ASSESSED for each in complete) and not torn
    wanted = any(each.controls for each in complete)
    return DOCUMENTS_ASKED if answered and wanted and controls == (Control.DOCUMENTS,) else UNDER_CONTROL


def _reasons(complete: Iterable[Assessment], torn: frozenset[str], asked: tuple[str, ...]) -> tuple[Reason, ...]:
    holding = [each for each in complete if not _clears(each)]
    found = {_of_finding(each.agency, finding) for each in holding for finding in each.findings}
    found |= {reason for each in holding if (reason := _of_answer(each)) is not None}
    found |= {_held(agency, "has given answers that contradict each other") for agency in torn}
    if not asked:
        found.add(Reason(agency="", officer="No agency was asked.", trader="", weight=_HOLDS_ALONE))
    return tuple(sorted(found, key=_rank))


def _of_finding(agency: str, finding: Finding) -> Reason:
    return Reason(
        agency=agency,
        officer=finding.officer,
        trader=finding.trader,
        weight=finding.weight,
        profile=finding.profile,
        item=finding.item or "",
        control=finding.control,
    )


def _of_answer(assessment: Assessment) -> Reason | None:
    """The reason that lies in a holding answer itself, where no finding gives one."""
    if assessment.answer is Answer.SILENT:
        return _held(assessment.agency, "has not answered in time")
    if assessment.answer is Answer.FAILED:
        return _held(assessment.agency, "could not be asked: its answer failed")
    if not assessment.findings:
        return _held(assessment.agency, "asks for a control and gives no finding")
    return None


def _held(agency: str, what: str) -> Reason:
    return Reason(agency=agency, officer=f"The agency {what}.", trader="", weight=_HOLDS_ALONE)


def _rank(reason: Reason) -> tuple[object, ...]:
    number = int(reason.item) if reason.item.isascii() and reason.item.isdecimal() else 0
    return -reason.weight, reason.agency, reason.profile, number, msgspec.json.encode(reason)


def _fingerprint(answers: tuple[Assessment, ...], asked: tuple[str, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode((answers, asked))).hexdigest()
