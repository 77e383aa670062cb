"""Lodging over HTTP: read and validate the body, store it, answer after the commit; or only say what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from singlewindow import logs
from singlewindow.clearance.group_commit import PATIENCE_SECONDS
from singlewindow.clearance.judging import Judged
from singlewindow.clearance.lodge import Conflict, Lodgement, Prepared, Receipt
from singlewindow.declarations.canonical import fingerprint
from singlewindow.declarations.faults import Severity
from singlewindow.declarations.intake import Media
from singlewindow.declarations.validation import Validated
from singlewindow.http.call import JSON, Call, Reply
from singlewindow.http.problems import Found, ProblemError
from singlewindow.http.replies import FaultReply, Links, Lodged, Validation
from singlewindow.times import iso

ORIGINAL = "9"
REQUESTS = ("13", "14")
SCHEMA = "SCHEMA"


def post_declaration(call: Call) -> Reply:
    """202 once the declaration is stored durably, with the first answer where it was stored before."""
    lodgement, faults = prepare(call, call.content, call.media)
    outcome = call.service.intake.submit(lodgement).result(PATIENCE_SECONDS)
    receipt = accepted(outcome, faults)
    replayed = {"Idempotent-Replayed": "true"} if isinstance(outcome, Receipt) and outcome.replayed else {}
    return Reply(receipt, 202, {"Location": receipt.links.self, **replayed})


def post_validation(call: Call) -> Reply:
    """All faults of a declaration; nothing is stored."""
    judged = call.service.judge(call.content, _form(call.media), lodging=False)
    faults = msgspec.convert(judged.faults, list[FaultReply])
    valid = not any(fault.severity is Severity.HARD for fault in faults)
    return Reply(Validation(valid, faults, judged.total, truncated=judged.total > len(faults)))


def prepare(call: Call, content: bytes, media: str) -> tuple[Prepared, list[FaultReply]]:
    """A message ready to be stored, and its warnings; raises the problem of one that cannot be lodged."""
    judged = call.service.judge(content, _form(media), lodging=True)
    faults = msgspec.convert(judged.faults, list[FaultReply])
    _refuse(judged, faults)
    _need_declarant(call, judged.declaration.declarant.upper())
    call.service.allowances.need_place(call.party)
    validated = Validated(judged.declaration, judged.country, (), enveloped=False, total=judged.total)
    stored = msgspec.json.encode(warnings_of(faults))
    lodgement = Lodgement(call.caller, content, media, validated, stored, call.began, call.trace_id)
    return Prepared(lodgement, judged.form, fingerprint(judged.form), judged.routing), faults


def warnings_of(faults: Sequence[FaultReply]) -> list[FaultReply]:
    """Those faults that accompany a declaration."""
    return [fault for fault in faults if fault.severity is Severity.WARNING]


def _form(media: str) -> Media:
    return Media.JSON if media == JSON else Media.XML


def _refuse(judged: Judged, faults: list[FaultReply]) -> None:
    """Raise the problem of a declaration that cannot be lodged: what it is comes before what is wrong in it."""
    function = judged.declaration.function_code
    if function in REQUESTS:
        detail = f"FunctionCode {function} asks to change an earlier declaration; only originals ({ORIGINAL}) are taken"
        raise ProblemError("NOT_SUPPORTED_YET", detail)
    refusing = [fault for fault in faults if fault.severity is Severity.HARD]
    if refusing:
        first = next((fault for fault in refusing if fault.rule.startswith(SCHEMA)), refusing[0])
        detail = f"{first.text} {first.advice}"
        raise ProblemError(first.code, detail, 422, found=Found(faults, judged.total))
    if function != ORIGINAL or not judged.declaration.lrn:
        detail = f"An original has FunctionCode {ORIGINAL} and its own FunctionalReferenceID"
        raise ProblemError("RULE_VIOLATED", detail)


def _need_declarant(call: Call, declarant: str) -> None:
    """Raise the problem of a declaration in the name of another party that is known here, without its mandate."""
    if declarant and not call.service.keyring.may_declare(call.caller, declarant):
        detail = (
            f"The declarant {declarant} has given no mandate to who lodges this; a mandate is recorded by the operator"
        )
        raise ProblemError("NOT_AUTHORISED_FOR_PARTY", detail)


def accepted(outcome: Receipt | Conflict, faults: Sequence[FaultReply]) -> Lodged:
    """The receipt of a lodgement that is stored; raises the DUPLICATE_LRN problem of one that is not."""
    logs.note(mrn=outcome.mrn)
    if isinstance(outcome, Conflict):
        detail = f"The reference was lodged before, with other content, as {outcome.mrn}; give this declaration its own"
        raise ProblemError("DUPLICATE_LRN", detail, mrn=outcome.mrn)
    own = f"/v1/declarations/{outcome.mrn}"
    return Lodged(
        mrn=outcome.mrn,
        lrn=outcome.lrn,
        version=outcome.version,
        status="lodged",
        received_at=iso(outcome.received_at) or "",
        lodged_at=iso(outcome.lodged_at) or "",
        warnings=warnings_of(faults),
        links=Links(own, f"{own}/decision", f"{own}/document"),
    )
