"""The table of routes: everything the service answers, the permission it needs, what it takes and what it gives.

Flask's rules, the access check, /openapi.json and /docs are all made from this table; there is no route beside it.
"""

from __future__ import annotations

from adapters.remote_answer import RemoteAnswer
from singlewindow.access.permissions import Permission as May
from singlewindow.declarations.reading.archive import ARCHIVE_BYTES
from singlewindow.enquiries import shapes
from singlewindow.http import parameters
from singlewindow.http.api import (
    agency_answers,
    declarations,
    documentation,
    entitlements,
    lodging,
    lodging_batch,
    oauth,
    operations,
    streams,
)
from singlewindow.http.api.shapes import AnswerReceipt, BatchLine, Lodged, Validation
from singlewindow.http.problems import OAUTH
from singlewindow.http.request import FORM, HTML, JSON, LINES, TEXT, XML, ZIP
from singlewindow.http.route import PUBLIC, Answer, Discloses, Route
from singlewindow.release_times.report import By

BOTH_FORMS = (XML, JSON)
MOST = 200
DAY = 86_400_000

LIMIT = parameters.whole("limit", "Most entries of the page", least=1, most=MOST, default=50)
AFTER = parameters.cursor("after", "The `next` of the page before, or the last number seen: the page starts behind it")
PAGE = parameters.word("after", "The `next` of the page before", "[0-9A-Z]{18}")
LRN = parameters.word("lrn", "Only declarations with this reference", "[ -~]{1,35}")
WAIT = parameters.whole("wait", "Seconds to wait for the decision", most=declarations.LONGEST_WAIT)
FROM = parameters.when("from", "Lodged at this moment or later; everything without it")
TO = parameters.when("to", "Lodged before this moment; up to now without it")
CUT_OFF = parameters.when("cut_off", "Only what was recorded up to this moment counts; up to now without it")
MODE = parameters.whole("mode_milliseconds", "What lengths are rounded to for their mode", 1, DAY, default=1_000)
BY = parameters.choice("by", "How to break the figures down", By)

DOCUMENT_SCHEMA = {"description": "A WCO declaration, with or without its MetaData envelope"}
REPORT_SCHEMA = {"type": "object", "description": "Query, evidence (span and fingerprint), figures over all, by group"}
BODY_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "ENCODING_NOT_UTF8", "PAYLOAD_TOO_LARGE",
                 "EMPTY_BODY", "XML_NOT_WELL_FORMED", "JSON_MALFORMED", "UNKNOWN_DOCUMENT_TYPE")  # fmt: skip
ANSWER_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "ENCODING_NOT_UTF8", "PAYLOAD_TOO_LARGE",
                   "EMPTY_BODY", "JSON_MALFORMED", "JSON_DUPLICATE_KEY", "JSON_NUMBER_INVALID", "JSON_TOO_DEEP",
                   "JSON_TOO_MANY_MEMBERS", "INVALID_UNICODE", "SCHEMA_INVALID")  # fmt: skip
FORM_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "ENCODING_NOT_UTF8", "PAYLOAD_TOO_LARGE")
REFUSALS = ("SCHEMA_INVALID", "UNKNOWN_FIELD", "UNKNOWN_CODE", "TOO_MANY_ITEMS", "TOTALS_MISMATCH",
            "INVALID_CHARACTERS", "VALUE_TOO_LONG", "VALUE_OUT_OF_RANGE", "INVALID_DATE", "RULE_VIOLATED",
            "NOT_SUPPORTED_YET", "PARTY_NOT_NAMED", "ACTING_FOR_REQUIRED", "DUPLICATE_LRN",
            "QUOTA_EXCEEDED")  # fmt: skip

ARCHIVE_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "PAYLOAD_TOO_LARGE", "ARCHIVE_INVALID",
                    "ARCHIVE_TOO_LARGE", "ACTING_FOR_REQUIRED")  # fmt: skip

LODGEMENT = (
    Route(
        method="POST", path="/v1/declarations", handler=lodging.post_declaration, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="Lodge a declaration; the reference (LRN) is the idempotency key: the same again gets the first answer",
        answers={202: Answer("Stored durably; `Idempotent-Replayed: true` where it was stored before", Lodged)},
        problems=(*BODY_PROBLEMS, *REFUSALS),
    ),
    Route(
        method="POST", path="/v1/declarations/batch", handler=lodging_batch.post_batch, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(ZIP,), produces=(LINES,), largest=ARCHIVE_BYTES,
        summary="Lodge every declaration of a ZIP file; each is answered on its own, while the others are read",
        answers={200: Answer("A line of JSON with the number of members, then one for each, in order", BatchLine)},
        problems=ARCHIVE_PROBLEMS,
    ),
    Route(
        method="POST", path="/v1/declarations/validate", handler=lodging.post_validation, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS,
        summary="List all faults of a declaration, and what forbids this caller to lodge it; nothing is stored",
        answers={200: Answer("Whether it would be taken, and all faults", Validation)}, problems=BODY_PROBLEMS,
    ),
)  # fmt: skip

DECLARATIONS = (
    Route(
        method="GET", path="/v1/declarations", handler=declarations.get_declarations, permission=May.READ,
        discloses=Discloses.DECLARATIONS, summary="List declarations, oldest first", parameters=(PAGE, LIMIT, LRN),
        answers={200: Answer("A page", shapes.Listing)},
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>", handler=declarations.get_declaration, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="Where a declaration stands: state, timeline, agencies asked and answered",
        answers={200: Answer("The declaration's standing", shapes.Status)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/document", handler=declarations.get_document, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="The document: the bytes as received, or the other form by Accept", produces=BOTH_FORMS,
        answers={200: Answer("The document", DOCUMENT_SCHEMA)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/decision", handler=declarations.get_decision, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="The decision, with reasons in words for this reader", parameters=(WAIT,),
        answers={
            200: Answer("The decision", shapes.DecisionReading),
            202: Answer("Still open; ask again after Retry-After", shapes.Undecided),
        },
        problems=("NOT_FOUND",),
    ),
)  # fmt: skip

AGENCIES = (
    Route(
        method="POST",
        path="/v1/agencies/<code>/assessments/<question>",
        handler=agency_answers.post_assessment,
        permission=May.ANSWER,
        discloses=Discloses.RECEIPT,
        consumes=(JSON,),
        body=RemoteAnswer,
        summary="Answer a question of the agency's own; the same answer again gets the same receipt",
        answers={200: Answer("Stored; `late` says that the question had been closed without it", AnswerReceipt)},
        problems=("NOT_FOUND", "VERDICT_CONFLICT", *ANSWER_PROBLEMS),
    ),
)

ENTITLEMENTS = (
    Route(
        method="GET", path="/v1/agencies/<code>/entitlement", handler=entitlements.get_entitlement, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="What the law lets an agency see, element by element",
        answers={200: Answer("The lists with their legal basis", entitlements.EntitlementReading)},
        problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/entitlements", handler=entitlements.get_page, permission=PUBLIC,
        discloses=Discloses.NOTHING, produces=(HTML,),
        summary="What the law lets each agency see, as a page to read",
        answers={200: Answer("The page", {"type": "string"})},
    ),
)  # fmt: skip

OUTGOING = (
    Route(
        method="GET", path="/v1/notices", handler=streams.get_notices, permission=May.NOTICES,
        discloses=Discloses.NOTICES,
        parameters=(AFTER, LIMIT),
        summary="The party's notices, complete and in order, as JSON or as WCO RES messages", produces=(JSON, XML),
        answers={
            200: Answer("A page; `X-Next-After` and Link name the next one", shapes.Notices),
            204: Answer("No further notice, where XML is accepted; the headers are as with 200"),
        },
        problems=("CURSOR_CONFLICT",),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/feed", handler=streams.get_feed, permission=May.FEED,
        discloses=Discloses.FEED,
        parameters=(AFTER, LIMIT), summary="What the agency was asked and what was decided, entitled elements only",
        answers={200: Answer("A page; `X-Next-After` and Link name the next one", shapes.Feed)},
        problems=("NOT_FOUND", "CURSOR_CONFLICT"),
    ),
    Route(
        method="GET", path="/v1/release-times", handler=streams.get_release_times, permission=May.RELEASE_TIMES,
        discloses=Discloses.RELEASE_TIMES, parameters=(FROM, TO, CUT_OFF, BY, MODE),
        summary="How long each step took, with the evidence it can be derived from again",
        answers={200: Answer("The report; lengths in seconds", REPORT_SCHEMA)},
    ),
    Route(
        method="GET", path="/v1/audit/checkpoints", handler=streams.get_checkpoints, permission=May.AUDIT,
        discloses=Discloses.AUDIT_TRAIL,
        parameters=(AFTER, LIMIT), summary="Signed checkpoints of the audit trail, a line each, to be kept",
        produces=(TEXT,), problems=("CURSOR_CONFLICT",),
        answers={200: Answer("A page; `X-Next-After` and Link name the next one", {"type": "string"})},
    ),
)  # fmt: skip

TOKENS = (
    Route(
        method="POST", path="/oauth/token", handler=oauth.post_token, permission=PUBLIC,
        discloses=Discloses.NOTHING, consumes=(FORM,),
        body=oauth.FORM_SCHEMA,
        summary="A token for a key (OAuth 2.0 client credentials): client_id is the key's id, client_secret its secret",
        answers={200: Answer("The token, and what it may do", oauth.Token)},
        problems=("NOT_FOUND", "RATE_LIMITED", *OAUTH, *FORM_PROBLEMS),
    ),
    Route(
        method="GET", path="/.well-known/jwks.json", handler=oauth.get_public_keys, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="The public keys that tokens are signed with",
        answers={200: Answer("A JSON Web Key set, empty where no tokens are given", oauth.PublicKeys)},
    ),
)  # fmt: skip

OPERATIONS = (
    Route(
        method="GET", path="/healthz", handler=operations.process_health, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="The process answers",
        answers={200: Answer("It does", operations.Health)},
    ),
    Route(
        method="GET", path="/readyz", handler=operations.readiness, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="What the process depends on answers",
        answers={200: Answer("It does", operations.Health), 503: Answer("It does not", operations.Health)},
    ),
    Route(
        method="GET", path="/metrics", handler=operations.metrics, permission=May.METRICS,
        discloses=Discloses.NOTHING, produces=(TEXT,),
        summary="What waits, in Prometheus' form", answers={200: Answer("The metrics", {"type": "string"})},
    ),
    Route(
        method="GET", path="/openapi.json", handler=documentation.get_openapi, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="This interface as OpenAPI 3.1", answers={200: Answer("The document", {"type": "object"})},
    ),
    Route(
        method="GET", path="/docs", handler=documentation.get_docs, permission=PUBLIC,
        discloses=Discloses.NOTHING, produces=(HTML,),
        summary="This interface as a page to read", answers={200: Answer("The page", {"type": "string"})},
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (*LODGEMENT, *DECLARATIONS, *AGENCIES, *ENTITLEMENTS, *OUTGOING, *TOKENS, *OPERATIONS)
