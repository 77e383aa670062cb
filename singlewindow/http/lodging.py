"""Lodging over HTTP: read and validate the body, store it, answer after the commit; or only say what is wrong."""

from __future__ import annotations

import msgspec

from singlewindow import logs
from singlewindow.clearance.lodge import Conflict, Lodgement, Receipt
from singlewindow.declarations.faults import Severity, hard
from singlewindow.declarations.intake import Media
from singlewindow.declarations.validation import Validated, describe, validate
from singlewindow.http.call import JSON, Call, Reply
from singlewindow.http.problems import Found, ProblemError
from singlewindow.http.replies import FaultReply, Links, Lodged, Validation
from singlewindow.risk.minimum import lacking
from singlewindow.times import iso

ORIGINAL = "9"
REQUESTS = ("13", "14")
SCHEMA = "SCHEMA"


def post_declaration(call: Call) -> Reply:
    """202 once the declaration is stored durably, with the first answer where it was stored before."""
    validated, faults = _validated(call)
    _refuse(validated, faults)
    warnings = [fault for fault in faults if fault.severity is Severity.WARNING]
    stored = msgspec.json.encode(warnings)
    lodgement = Lodgement(call.caller, call.content, call.media, validated, stored, call.began, call.trace_id)
    outcome = _stored(call, lodgement)
    logs.note(mrn=outcome.mrn)
    if isinstance(outcome, Conflict):
        detail = f"The reference was lodged before, with other content, as {outcome.mrn}; give this declaration its own"
        raise ProblemError("DUPLICATE_LRN", detail, mrn=outcome.mrn)
    return _accepted(outcome, warnings)


def post_validation(call: Call) -> Reply:
    """All faults of a declaration; nothing is stored."""
    validated, faults = _validated(call)
    valid = not any(fault.severity is Severity.HARD for fault in faults)
    return Reply(Validation(valid, faults, validated.truncated))


def _validated(call: Call) -> tuple[Validated, list[FaultReply]]:
    media = Media.JSON if call.media == JSON else Media.XML
    validated = validate(call.content, media, call.window.rulebooks, call.window.limits)
    lacks = () if hard(validated.faults) else tuple(lacking(call.window.agencies, validated.declaration.tree))
    described = [describe(fault, validated) for fault in (*validated.faults, *lacks)]
    return validated, msgspec.convert(described, list[FaultReply])


def _refuse(validated: Validated, faults: list[FaultReply]) -> None:
    """Raise the problem of a declaration that cannot be lodged: what it is comes before what is wrong in it."""
    function = validated.declaration.function_code
    if function in REQUESTS:
        detail = f"FunctionCode {function} asks to change an earlier declaration; only originals ({ORIGINAL}) are taken"
        raise ProblemError("NOT_SUPPORTED_YET", detail)
    refusing = [fault for fault in faults if fault.severity is Severity.HARD]
    if refusing:
        first = next((fault for fault in refusing if fault.rule.startswith(SCHEMA)), refusing[0])
        detail = f"{first.text} {first.advice}"
        raise ProblemError(first.code, detail, 422, found=Found(faults, validated.truncated))
    if function != ORIGINAL or not validated.declaration.lrn:
        detail = f"An original has FunctionCode {ORIGINAL} and its own FunctionalReferenceID"
        raise ProblemError("RULE_VIOLATED", detail)


def _stored(call: Call, lodgement: Lodgement) -> Receipt | Conflict:
    call.service.allowances.need_place(call.party)
    return call.service.intake.lodge(lodgement)


def _accepted(receipt: Receipt, warnings: list[FaultReply]) -> Reply:
    own = f"/v1/declarations/{receipt.mrn}"
    body = Lodged(
        mrn=receipt.mrn,
        lrn=receipt.lrn,
        version=receipt.version,
        status="lodged",
        received_at=iso(receipt.lodged_at) or "",
        warnings=warnings,
        links=Links(own, f"{own}/decision", f"{own}/document"),
    )
    replayed = {"Idempotent-Replayed": "true"} if receipt.replayed else {}
    return Reply(body, 202, {"Location": own, **replayed})
