"""From the agencies' answers to the one decision: the strictest wins, and only unanimous green releases.

`merge` is pure and total, and order and repetition never matter. Silence, failure and contradiction are never consent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane

RELEASED, DOCUMENTS_ASKED, UNDER_CONTROL = "08", "06", "05"
_LANES = tuple(Lane)
_HOLDS_ALONE = 100


class Outcome(StrEnum):
    """The two possible decisions."""

    RELEASE = "release"
    INSPECT = "inspect"


class Basis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a decision depends on besides the answers, as recorded at lodgement.

    Nothing is released unless the agency `customs` has assessed every goods item: there are `items` of them, and it is
    asked about `covered`. `after_release`: the goods had left when this was lodged, so only documents can be checked.
    """

    customs: str
    items: int
    covered: int
    after_release: bool = False


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of a decision, in words for each audience; `profile` is "" if it does not come from a profile.

    Only agencies that hold the goods give reasons. `weight` is 0-100, `item` a SequenceNumeric or "" for the whole.
    `more` is present, and true, if the same holds for further items that are not listed.
    """

    agency: str
    officer: str
    trader: str
    weight: int
    profile: str = ""
    item: str = ""
    control: Control | None = None
    more: bool | UnsetType = UNSET


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The decision computed from `assessments`, `asked` and `basis`; `fingerprint` (sha256, hex) is of these inputs.

    `function_code` is the code of the notice to the trader (WCO 017 of the response). `after_release` is present, and
    true, if the goods had left before.
    """

    outcome: Outcome
    lane: Lane
    controls: tuple[Control, ...]
    contradictory: bool
    reasons: tuple[Reason, ...]
    fingerprint: str
    function_code: str
    after_release: bool | UnsetType = UNSET


def newest_rounds(answers: Iterable[tuple[int, Assessment]]) -> list[Assessment]:
    """The answers that count: each agency's answer in its newest round."""
    given = list(answers)
    newest: dict[str, int] = {}
    for asked_round, answer in given:
        newest[answer.agency] = max(asked_round, newest.get(answer.agency, 0))
    return [answer for asked_round, answer in given if asked_round == newest[answer.agency]]


def merge(
    assessments: Iterable[Assessment], asked: Iterable[str], basis: Basis | None = None, *, gone: bool = False
) -> Verdict:
    """The decision. An agency in `asked` without an answer counts as silent; unasked answers only make it stricter.

    `basis` is None for a declaration that was lodged before a basis was recorded. `gone`: the goods have been released
    since, so only documents can be checked.
    """
    agencies = tuple(sorted(set(asked)))
    answers = _distinct_answers(assessments)
    silent = tuple(
        Assessment(agency=agency, answer=Answer.SILENT, lane=Lane.YELLOW)
        for agency in agencies
        if agency not in {each.agency for each in answers}
    )
    if gone and basis is not None:
        basis = msgspec.structs.replace(basis, after_release=True)
    gone = gone or (basis is not None and basis.after_release)
    complete = tuple(map(_on_paper, (*answers, *silent))) if gone else (*answers, *silent)
    torn = _contradicting_agencies(complete)
    doubts = tuple(_doubts_against_release(torn, agencies, basis))
    released = not doubts and all(map(clears_goods, complete))
    controls = () if released else _required_controls(complete, certain=not doubts)
    paper = DOCUMENTS_ASKED if gone or _wants_documents(controls, complete, certain=not doubts) else UNDER_CONTROL
    return Verdict(
        outcome=Outcome.RELEASE if released else Outcome.INSPECT,
        lane=Lane.GREEN if released else _strictest_lane(complete),
        controls=controls,
        contradictory=bool(torn),
        reasons=_all_reasons(complete, doubts),
        fingerprint=_input_fingerprint(answers, agencies, basis, gone),
        function_code=RELEASED if released else paper,
        after_release=gone or UNSET,
    )


def _distinct_answers(assessments: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """Each different answer once, its own lists sorted, in an order that depends only on the answers."""
    encoded = {msgspec.json.encode(normal): normal for normal in map(_normal_form, assessments)}
    return tuple(encoded[key] for key in sorted(encoded))


def _normal_form(assessment: Assessment) -> Assessment:
    controls = tuple(sorted(set(assessment.controls)))
    findings = tuple(sorted(set(assessment.findings), key=msgspec.json.encode))
    return msgspec.structs.replace(assessment.without_trial, controls=controls, findings=findings)


def _on_paper(assessment: Assessment) -> Assessment:
    """The answer about goods that have left: whatever it asks for, only documents can be checked."""
    return msgspec.structs.replace(
        assessment,
        lane=Lane.GREEN if assessment.lane is Lane.GREEN else Lane.YELLOW,
        controls=(Control.DOCUMENTS,) if assessment.controls else (),
        findings=tuple(
            msgspec.structs.replace(finding, control=Control.DOCUMENTS) if finding.control else finding
            for finding in assessment.findings
        ),
    )


def clears_goods(assessment: Assessment) -> bool:
    """Whether an answer has nothing against a release."""
    return assessment.answer is Answer.ASSESSED and assessment.lane is Lane.GREEN and not assessment.controls


def _contradicting_agencies(complete: Iterable[Assessment]) -> frozenset[str]:
    """Agencies that gave two different answers, or an answer that is green and asks for a control."""
    torn, seen = set(), set()
    for each in complete:
        if each.agency in seen or (each.lane is Lane.GREEN and each.controls):
            torn.add(each.agency)
        seen.add(each.agency)
    return frozenset(torn)


def _strictest_lane(complete: Iterable[Assessment]) -> Lane:
    return max((Lane.YELLOW, *(each.lane for each in complete)), key=_LANES.index)


def _required_controls(complete: Iterable[Assessment], certain: bool) -> tuple[Control, ...]:
    """All controls that agencies ask for; an agency that holds the goods without naming one gets a document check."""
    wanted = set() if certain else {Control.DOCUMENTS}
    for each in complete:
        if not clears_goods(each):
            wanted |= set(each.controls) or {Control.DOCUMENTS}
    return tuple(sorted(wanted))


def _wants_documents(controls: tuple[Control, ...], complete: Iterable[Assessment], certain: bool) -> bool:
    """Whether the agencies only want documents from the trader; otherwise a person looks first."""
    answered = certain and all(each.answer is Answer.ASSESSED for each in complete)
    return answered and controls == (Control.DOCUMENTS,) and any(each.controls for each in complete)


def _doubts_against_release(torn: Iterable[str], asked: tuple[str, ...], basis: Basis | None) -> Iterator[Reason]:
    """Reasons against any release, whatever the answers say."""
    for agency in torn:
        yield _reason_to_hold(agency, "has given answers that contradict each other")
    if not asked:
        yield Reason(agency="", officer="No agency was asked.", trader="", weight=_HOLDS_ALONE)
    if basis is None:
        return
    if basis.items == 0:
        yield _reason_to_hold(basis.customs, "has nothing to assess: the declaration has no goods items")
    elif basis.customs not in asked:
        yield _reason_to_hold(basis.customs, "was not asked, and nothing is released without it")
    elif basis.covered < basis.items:
        yield _reason_to_hold(basis.customs, f"was asked about {basis.covered} of {basis.items} goods items only")


def _all_reasons(complete: Iterable[Assessment], doubts: Iterable[Reason]) -> tuple[Reason, ...]:
    holding = [each for each in complete if not clears_goods(each)]
    found = {_of_finding(each.agency, finding) for each in holding for finding in each.findings}
    found |= {reason for each in holding if (reason := _of_answer(each)) is not None}
    return tuple(sorted(found.union(doubts), key=_reason_order))


def _of_finding(agency: str, finding: Finding) -> Reason:
    return Reason(
        agency=agency,
        officer=finding.officer,
        trader=finding.trader,
        weight=finding.weight,
        profile=finding.profile,
        item=finding.item or "",
        control=finding.control,
        more=finding.more,
    )


def _of_answer(assessment: Assessment) -> Reason | None:
    """The reason of an answer that holds the goods, if no finding gives one."""
    if assessment.answer is Answer.SILENT:
        return _reason_to_hold(assessment.agency, "has not answered in time")
    if assessment.answer is Answer.FAILED:
        return _reason_to_hold(assessment.agency, "could not be asked: its answer failed")
    if not assessment.findings:
        return _reason_to_hold(assessment.agency, "asks for a control and gives no finding")
    return None


def _reason_to_hold(agency: str, what: str) -> Reason:
    return Reason(agency=agency, officer=f"The agency {what}.", trader="", weight=_HOLDS_ALONE)


def _reason_order(reason: Reason) -> tuple[object, ...]:
    number = int(reason.item) if reason.item.isascii() and reason.item.isdecimal() else 0
    return -reason.weight, reason.agency, reason.profile, number, msgspec.json.encode(reason)


def _input_fingerprint(answers: tuple[Assessment, ...], asked: tuple[str, ...], basis: Basis | None, gone: bool) -> str:
    stated = basis or {"after_release": True} if gone else basis  # without a basis, nothing else says it
    inputs = (answers, asked) if stated is None else (answers, asked, stated)
    return hashlib.sha256(msgspec.json.encode(inputs)).hexdigest()
