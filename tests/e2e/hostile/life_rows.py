"""Hostile and broken requests about a declaration that is lodged: amendments, cancellations, arrivals, milestones.

In a message, `@LRN@` stands for the reference of that declaration and `@MRN@` for its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple

from tests.e2e.hostile.row import doctype, inside, json, xml
from tests.integration.documents import JSON_TYPE, XML_TYPE

GRANTED, ASKED = 200, 202
KEY = "Idempotency-Key"
SHAPE, NOT_POSSIBLE, MOMENT = "SCHEMA_INVALID", "NOT_POSSIBLE", "MOMENT_UNLIKELY"
PARAMETER, RULE = "INVALID_PARAMETER", "RULE_VIOLATED"
ADVANCE, PRESENT = "IMD", "IMA"


class Call(NamedTuple):
    """What is sent: `to` is the method PUT, the end of an address, or "" for a WCO message to where one lodges."""

    to: str
    content: bytes
    headers: Mapping[str, str] = {}
    media: str = JSON_TYPE


class Life(NamedTuple):
    """A call and its answer, after other calls that are granted; the declaration is of this type.

    One whose goods are present is decided first.
    """

    rows: str
    name: str
    call: Call
    status: int
    code: str = ""
    before: tuple[Call, ...] = ()
    kind: str = ADVANCE


def whole(**changes: Any) -> Call:
    """The declaration again, with changes, to take its place."""
    return Call("PUT", json(**{"TypeCode": ADVANCE} | changes))


def cancellation(content: bytes = b'{"reason": "Lodged twice"}', **headers: str) -> Call:
    """A request to cancel."""
    return Call("cancellation", content, {name.replace("_", "-"): value for name, value in headers.items()})


def arrival(content: str) -> Call:
    """A report of arrival."""
    return Call("arrival", content.encode())


def message(**members: Any) -> Call:
    """A WCO message about the declaration, without envelope."""
    head = {"FunctionCode": "13", "ID": "@MRN@", "FunctionalReferenceID": "@LRN@-2"}
    return Call("", dumps({"Declaration": head | members}).encode())


def pointers(*sections: str) -> list[dict[str, str]]:
    """The Pointers of sections such as "68A:1" or "#137", the tag of an element."""
    return [_pointer(section) for section in sections]


def _pointer(section: str) -> dict[str, str]:
    if section.startswith("#"):
        return {"TagID": section[1:]}
    name, _, number = section.partition(":")
    return {"DocumentSectionCode": name} | ({"SequenceNumeric": number} if number else {})


def correction(*sections: str) -> Call:
    """An amendment that points there and gives no value."""
    return message(TypeCode="COR", Amendment=[{"ChangeReasonCode": "32", "Pointer": pointers(*sections)}])


def answer(content: bytes) -> Call:
    """An answer to the request for documents."""
    return Call("documents-answer", content)


OTHER = whole(InvoiceAmount={"@currencyID": "GBP", "#text": "90"})
KEYED = cancellation(Idempotency_Key="k1")
SEEN = '"happened_at": "@NOW@"'

KEYS = [
    Life("92", "no key", cancellation(), GRANTED),
    *(Life("93", f"key {name}", cancellation(Idempotency_Key=key), 400, PARAMETER)
      for name, key in (("empty", ""), ("of 65", "k" * 65), ("of 256", "k" * 256), ("with a tab", "a\tb"))),
    Life("93", "key beyond ASCII", Call("cancellation", KEYED.content, {KEY: "k\u00e9"}), 400, PARAMETER),
    Life("94", "same key, other words", cancellation(b'{"reason": "Sold"}', Idempotency_Key="k1"), 409, NOT_POSSIBLE,
         (KEYED,)),
    Life("94", "same key, other declaration", OTHER._replace(headers={KEY: "k1"}), GRANTED,
         before=(whole(InvoiceAmount={"@currencyID": "GBP", "#text": "80"})._replace(headers={KEY: "k1"}),)),
    *(Life("99", f"If-Match {tag}", OTHER._replace(headers={"If-Match": tag}), 400, PARAMETER)
      for tag in ("*", 'W/"1"', '"one"', '"1", "2"', "-1", "999999")),
]  # fmt: skip
STATES = [
    Life("99", "amended after the decision", whole(TypeCode=PRESENT, InvoiceAmount={"@currencyID": "GBP",
         "#text": "90"}), ASKED, kind=PRESENT),
    Life("99", "cancelled after the decision", cancellation(), ASKED, kind=PRESENT),
    Life("99", "cancelled twice", cancellation(Idempotency_Key="k2"), 409, NOT_POSSIBLE, (KEYED,)),
    Life("99", "amended after its end", OTHER, 409, NOT_POSSIBLE, (KEYED,)),
    Life("99", "arrived after its end", arrival(f"{{{SEEN}}}"), 409, NOT_POSSIBLE, (KEYED,)),
    Life("99", "arrived twice", arrival(f'{{{SEEN}, "place": "DVR"}}'), 409, NOT_POSSIBLE, (arrival(f"{{{SEEN}}}"),)),
    Life("99", "arrived before it was lodged", arrival(f"{{{SEEN}}}"), 409, NOT_POSSIBLE, kind=PRESENT),
    Life("99", "left before it arrived", Call("milestones", f'{{"milestone": "exited", {SEEN}}}'.encode()), 409,
         NOT_POSSIBLE),
    Life("99", "a version that is not there", OTHER._replace(headers={"If-Match": '"9"'}), 412, "VERSION_CONFLICT"),
    Life("99", "a version that was replaced", cancellation(If_Match='"1"'), 412, "VERSION_CONFLICT", (OTHER,)),
    Life("99", "another request waits", cancellation(b'{"reason": "Sold"}'), 409, "REQUEST_OPEN", (cancellation(),),
         PRESENT),
    Life("99", "another reference", whole(FunctionalReferenceID="@LRN@-2"), 422, RULE),
    Life("99", "another type", whole(TypeCode="EXD"), 422, RULE),
    Life("83", "another declarant", whole(Declarant={"ID": "GB999999999999"}), 403, "NOT_AUTHORISED_FOR_PARTY"),
]  # fmt: skip
BODIES = [
    Life("1", "PUT of nothing", Call("PUT", b""), 400, "EMPTY_BODY"),
    Life("4", "PUT of a form", Call("PUT", b"a=b", media="application/x-www-form-urlencoded"), 415,
         "UNSUPPORTED_MEDIA_TYPE"),
    Life("17 X1", "PUT of an external entity", Call("PUT", doctype('[<!ENTITY x SYSTEM "file://@FILE@">]',
         inside("&x;")), media=XML_TYPE), 400, "XML_DTD_FORBIDDEN"),
    Life("19 X3", "PUT of an external DTD", Call("PUT", doctype('SYSTEM "http://127.0.0.1:@PORT@/x.dtd"'),
         media=XML_TYPE), 400, "XML_DTD_FORBIDDEN"),
    Life("48", "PUT of half a document", Call("PUT", xml()[:-20], media=XML_TYPE), 400, "XML_NOT_WELL_FORMED"),
    Life("11", "PUT of 4,000,100 bytes", Call("PUT", json() + b" " * 4_000_100), 413, "PAYLOAD_TOO_LARGE"),
    Life("11", "cancelled with 64,100 bytes", cancellation(b" " * 64_100), 413, "PAYLOAD_TOO_LARGE"),
    Life("60 J1", "reason twice", cancellation(b'{"reason": "a", "reason": "b"}'), 400, "JSON_DUPLICATE_KEY"),
    Life("64 J6", "1,000 lists", cancellation(b"[" * 1_000), 400, "JSON_TOO_DEEP"),
    Life("69 J13", "a list", cancellation(b"[]"), 422, SHAPE),
    Life("70 J12", "state beside the reason", cancellation(b'{"reason": "a", "state": "released"}'), 422, SHAPE),
    Life("71", "reason as number", cancellation(b'{"reason": 1}'), 422, SHAPE),
    Life("66 J8", "NUL in the reason", cancellation(b'{"reason": "a\\u0000b"}'), 400, "INVALID_UNICODE"),
    Life("77", "reason that turns the direction", cancellation(b'{"reason": "a\\u202eb"}'), 422, SHAPE),
    Life("82", "arrival without zone", arrival('{"happened_at": "2026-11-30T08:00:00"}'), 422, SHAPE),
    *(Life("82", f"arrival {moment[:4]}", arrival(f'{{"happened_at": "{moment}"}}'), 422, MOMENT)
      for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z")),
    Life("70", "unknown milestone", Call("milestones", f'{{"milestone": "released", {SEEN}}}'.encode()), 422, SHAPE),
]  # fmt: skip
MESSAGES = [
    Life("88", "a number of nobody", message(TypeCode="INV", ID="26GB00000000000000"), 422, RULE),
    Life("99", "no request", message(TypeCode="ABC"), 422, RULE),
    Life("99", "cancelled without words", message(TypeCode="INV", Amendment=[{"ChangeReasonCode": "1"}]), 422, RULE),
    Life("99", "amended in nothing", message(TypeCode="COR"), 422, RULE),
    Life("99", "amended as a whole", correction("42A"), 422, RULE),
    Life("99", "its reference", correction("42A", "#D026"), 422, RULE),
    Life("99", "an item that is not there", correction("42A", "67A", "68A:999"), 422, RULE),
    Life("99", "an item beyond all numbers", correction("42A", "67A", "68A:99999"), 422, RULE),
    Life("99", "a section of nowhere", correction("42A", "99Z"), 422, RULE),
    Life("99", "presented and amended", message(TypeCode="GPR", Amendment=[{"ChangeReasonCode": "32"}]), 422, RULE),
    Life("99", "a request in the place of the declaration",
         message(TypeCode="INV", Amendment=[{"ChangeReasonCode": "1"}], AdditionalInformation=[
             {"StatementTypeCode": "AES", "StatementDescription": "Sold"}])._replace(to="PUT"), 422,
         "NOT_SUPPORTED_YET"),
]  # fmt: skip
ANSWERS = [
    Life("99", "documents that nobody asked for", answer(b'{"words": "Here they are."}'), 409, NOT_POSSIBLE),
    Life("1", "an answer of nothing", answer(b""), 400, "EMPTY_BODY"),
    Life("11", "an answer of 64,100 bytes", answer(b" " * 64_100), 413, "PAYLOAD_TOO_LARGE"),
    Life("60 J1", "words twice", answer(b'{"words": "a", "words": "b"}'), 400, "JSON_DUPLICATE_KEY"),
    Life("70 J12", "state beside the words", answer(b'{"words": "a", "state": "released"}'), 422, SHAPE),
    Life("71", "documents as text", answer(b'{"words": "a", "documents": "all"}'), 422, SHAPE),
    Life("77", "words that turn the direction", answer(b'{"words": "a\\u202eb"}'), 422, SHAPE),
    *(Life("74", f"a document named by {name}", answer(dumps({"words": "a", "documents": [text]}).encode()), 422, SHAPE)
      for name, text in (("capitals", "A" * 64), ("a path", "../" * 21 + "a"), ("two lines", "a" * 64 + "\n"))),
    Life("12", "201 documents", answer(dumps({"words": "a", "documents": ["a" * 64] * 201}).encode()), 422, SHAPE),
]  # fmt: skip
ROWS = [*KEYS, *STATES, *BODIES, *MESSAGES, *ANSWERS]
