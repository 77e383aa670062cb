"""Lodging over HTTP: store what is sent and answer after the commit, or only report its faults."""

from __future__ import annotations

from singlewindow import logs
from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.lodging.lodge import Requested
from singlewindow.clearance.lodging.store import Conflict, Message, Receipt, Stored
from singlewindow.declarations.reading.message import Media
from singlewindow.http.api.life import LIFE_PROBLEMS, answer_message
from singlewindow.http.api.shapes import Links, Lodged, RequestAnswer, Validation
from singlewindow.http.negotiation import BODY_PROBLEMS, REFUSALS
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import BOTH_FORMS, JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso


def post_declaration(request: Request) -> Response:
    """202 once the declaration is stored durably; the first answer if it was stored before.

    A message that asks something about an earlier declaration gets the answer to that.
    """
    lodging = request.service.lodging
    lodgement = lodging.receive(_message_of(request), request.caller)
    if isinstance(lodgement, Requested):
        return answer_message(request.service, lodgement)
    stored = lodging.store(lodgement)
    receipt = receipt_of(stored)
    replayed = {"Idempotent-Replayed": "true"} if is_replay(stored) else {}
    return Response(receipt, 202, {"Location": receipt.links.self, **replayed})


def post_validation(request: Request) -> Response:
    """All faults of a declaration, including those that forbid this caller to lodge it; nothing is stored."""
    examined = request.service.lodging.examine(_message_of(request), request.caller)
    shown, total = examined.found
    return Response(Validation(not examined.forbidding, [*shown], total, truncated=total > len(shown)))


def _message_of(request: Request) -> Message:
    media = Media.JSON if request.media == JSON else Media.XML
    return Message(request.content, media, request.began, request.trace_id)


def is_replay(stored: Stored) -> bool:
    """Whether the declaration had been stored before."""
    return isinstance(stored, Receipt) and stored.replayed


def receipt_of(stored: Stored) -> Lodged:
    """The receipt of a stored lodgement; raises the DUPLICATE_LRN problem if the reference was used before."""
    logs.add_subject(mrn=stored.mrn)
    if isinstance(stored, Conflict):
        detail = f"You used this reference for another declaration, {stored.mrn}. Choose a new one"
        raise ProblemError("DUPLICATE_LRN", detail, mrn=stored.mrn)
    own = f"/v1/declarations/{stored.mrn}"
    return Lodged(
        mrn=stored.mrn,
        lrn=stored.lrn,
        version=stored.version,
        status="lodged",
        received_at=iso(stored.received_at) or "",
        lodged_at=iso(stored.lodged_at) or "",
        warnings=[*stored.warnings],
        links=Links(own, f"{own}/decision", f"{own}/document"),
    )


ROUTES = (
    Route(
        method="POST", path="/v1/declarations", handler=post_declaration, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="Lodge a declaration; its reference (LRN) is the idempotency key: sent again, it gets the first answer",
        responses={
            200: ResponseShape("A request about an earlier declaration is granted", RequestAnswer),
            202: ResponseShape("Stored durably; `Idempotent-Replayed: true` if it was stored before", Lodged),
        },
        problems=(*BODY_PROBLEMS, *REFUSALS, "REQUEST_OPEN", *LIFE_PROBLEMS),
    ),
    Route(
        method="POST", path="/v1/declarations/validate", handler=post_validation, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="List all faults of a declaration, and what forbids lodging it; nothing is stored",
        responses={200: ResponseShape("Whether it would be taken, and all faults", Validation)}, problems=BODY_PROBLEMS,
    ),
)  # fmt: skip
