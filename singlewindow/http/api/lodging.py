"""Lodging over HTTP: read and validate the body, store it, answer after the commit; or only say what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from singlewindow import logs
from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.lodging.admission import Refusal, for_whom, of_lodger
from singlewindow.clearance.lodging.group_commit import PATIENCE_SECONDS
from singlewindow.clearance.lodging.lodge import Conflict, Lodgement, Prepared, Receipt
from singlewindow.clearance.lodging.preparation import Judged
from singlewindow.declarations.canonical import fingerprint
from singlewindow.declarations.faults import FAULTS_SHOWN, Severity
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.validation import describe
from singlewindow.http.api.shapes import FaultReply, Links, Lodged, Validation
from singlewindow.http.negotiation import CONTENT_PROBLEMS
from singlewindow.http.problems import Found, ProblemError
from singlewindow.http.request import BOTH_FORMS, JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso

SCHEMA = "SCHEMA"
AT_ONCE = (Refusal.REQUEST, Refusal.NOBODY_NAMED)
"""What is said before anything that is wrong in the document."""


def post_declaration(request: Request) -> Response:
    """202 once the declaration is stored durably, with the first answer where it was stored before."""
    lodgement, faults = prepare(request, request.content, request.media)
    outcome = request.service.intake.submit(lodgement).result(PATIENCE_SECONDS)
    receipt = accepted(outcome, faults)
    replayed = {"Idempotent-Replayed": "true"} if isinstance(outcome, Receipt) and outcome.replayed else {}
    return Response(receipt, 202, {"Location": receipt.links.self, **replayed})


def post_validation(request: Request) -> Response:
    """All faults of a declaration, and all that forbids this caller to lodge it; nothing is stored."""
    judged, faults = _judge(request, request.content, request.media, lodging=False)
    shown = _shown(judged, faults)
    more = shown.total > len(shown.faults)
    return Response(Validation(not _refusing(faults), [*shown.faults], shown.total, truncated=more))


def prepare(request: Request, content: bytes, media: str) -> tuple[Prepared, list[FaultReply]]:
    """A message ready to be stored, and its warnings; raises the problem of one that cannot be lodged."""
    judged, faults = _judge(request, content, media, lodging=True)
    if refusing := _refusing(faults):
        raise _refused(refusing, _shown(judged, faults))
    request.service.allowances.need_place(request.party)
    stored = msgspec.json.encode(warnings_of(faults))
    lodgement = Lodgement(request.caller, content, media, judged.validated, stored, request.began, request.trace_id)
    return Prepared(lodgement, judged.form, fingerprint(judged.form), judged.routing), faults


def need_someone(request: Request) -> None:
    """Raises the problem of a caller that may lodge nothing as it calls: a key without a party, an unsaid client."""
    request.party  # noqa: B018 - a key without a party owns nothing
    for refusal in for_whom(request.caller):
        raise ProblemError(refusal.code, f"{refusal.text} {refusal.advice}")


def _judge(request: Request, content: bytes, media: str, *, lodging: bool) -> tuple[Judged, list[FaultReply]]:
    """A message as judged, and everything that is wrong with it or with who sends it: one list for both calls."""
    judged = request.service.judge(content, Media.JSON if media == JSON else Media.XML, lodging=lodging)
    refusals = of_lodger(judged.declaration.type_code, judged.parties, request.caller, request.service.keyring)
    own = [describe(refusal, judged.validated) for refusal in refusals]
    return judged, msgspec.convert([*own, *judged.faults], list[FaultReply])


def _shown(judged: Judged, faults: Sequence[FaultReply]) -> Found:
    """As many faults as an answer shows, of all that were found: the document's, and what forbids to lodge it."""
    return Found(faults[:FAULTS_SHOWN], judged.total + len(faults) - len(judged.faults))


def _refusing(faults: Sequence[FaultReply]) -> list[FaultReply]:
    return [fault for fault in faults if fault.severity is Severity.HARD]


def _refused(refusing: Sequence[FaultReply], found: Found) -> ProblemError:
    """The problem of the gravest fault; faults of the document are 422, a refusal to admit has its code's status."""
    first = min(refusing, key=_gravity)
    status = None if first.rule in {*Refusal} else 422
    return ProblemError(first.code, f"{first.text} {first.advice}", status, found=found)


def _gravity(fault: FaultReply) -> int:
    """What a message is comes before what is wrong in it, and that before who sends it."""
    if fault.rule in AT_ONCE:
        return 0
    if fault.rule in {*Refusal}:
        return 3
    return 1 if fault.rule.startswith(SCHEMA) else 2


def warnings_of(faults: Sequence[FaultReply]) -> list[FaultReply]:
    """Those faults that accompany a declaration."""
    return [fault for fault in faults if fault.severity is Severity.WARNING]


def accepted(outcome: Receipt | Conflict, faults: Sequence[FaultReply]) -> Lodged:
    """The receipt of a lodgement that is stored; raises the DUPLICATE_LRN problem of one that is not."""
    logs.note(mrn=outcome.mrn)
    if isinstance(outcome, Conflict):
        detail = f"You used this reference for another declaration, {outcome.mrn}. Choose a new one"
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


BODY_PROBLEMS = (*CONTENT_PROBLEMS, "EMPTY_BODY", "XML_NOT_WELL_FORMED", "JSON_MALFORMED", "UNKNOWN_DOCUMENT_TYPE")
REFUSALS = ("SCHEMA_INVALID", "UNKNOWN_FIELD", "UNKNOWN_CODE", "TOO_MANY_ITEMS", "TOTALS_MISMATCH",
            "INVALID_CHARACTERS", "VALUE_TOO_LONG", "VALUE_OUT_OF_RANGE", "INVALID_DATE", "RULE_VIOLATED",
            "NOT_SUPPORTED_YET", "PARTY_NOT_NAMED", "ACTING_FOR_REQUIRED", "DUPLICATE_LRN",
            "QUOTA_EXCEEDED")  # fmt: skip

ROUTES = (
    Route(
        method="POST", path="/v1/declarations", handler=post_declaration, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="Lodge a declaration; the reference (LRN) is the idempotency key: the same again gets the first answer",
        responses={
            202: ResponseShape("Stored durably; `Idempotent-Replayed: true` where it was stored before", Lodged),
        },
        problems=(*BODY_PROBLEMS, *REFUSALS),
    ),
    Route(
        method="POST", path="/v1/declarations/validate", handler=post_validation, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="List all faults of a declaration, and what forbids this caller to lodge it; nothing is stored",
        responses={200: ResponseShape("Whether it would be taken, and all faults", Validation)}, problems=BODY_PROBLEMS,
    ),
)  # fmt: skip
