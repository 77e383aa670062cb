"""Writes the WCO response (RES), which informs a trader about a declaration, as XML or as JSON.

Function codes: 01 accepted, 02 received, 03 rejected, 05 control, 06 documents asked for, 08 released, 09 cleared,
07 data changed, 10 cancelled, 11 answer to a request, 16 goods have left. Times are written in UTC with formatCode 304.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from singlewindow.declarations.elements import ELEMENTS, RESPONSE_DATE_NAMESPACE, RESPONSE_NAMESPACE, RESPONSES
from singlewindow.declarations.markup import in_declaration
from singlewindow.declarations.model import Tree
from singlewindow.declarations.pointers import WcoStep
from singlewindow.declarations.writing.binding import class_parts, enveloped_xml

_HEADER = {"WCODataModelVersionCode": "3.6", "WCOTypeName": "RES"}
_CODE_LENGTH = RESPONSES["Response/Error/ValidationCode"].length or 0
_TEXT_LENGTH = RESPONSES["Response/Error/Description"].length or 0


@dataclass(frozen=True, slots=True)
class AdditionalInformation:
    """A statement: AFB with A1 or A2 for a release, ACA/ACA for documents, AES for a reason, CEX for the exit."""

    type_code: str
    code: str | None = None
    description: str | None = None
    limit: datetime | None = None
    pointer: tuple[WcoStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseError:
    """One finding: its rule, its words and its place; a rule id beyond 8 characters leads the words instead."""

    rule: str
    text: str = ""
    pointer: tuple[WcoStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change that was made: its ChangeReasonCode, and the element from 42A down."""

    reason: str | None
    pointer: tuple[WcoStep, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """One notification. `reference` is its own id (32 hex digits); all times carry a zone.

    `status_code` is the NameCode (11: 39 request granted, 41 refused; 16: A1), `effective_at` since when it holds. A
    `mrn` or `lrn` of None is left out. `amendments` and `values` tell of changes: what was changed, and the new values
    as a skeleton of the declaration.
    """

    function_code: str
    reference: str
    issued_at: datetime
    lrn: str | None
    mrn: str | None
    version: int | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    cancelled_at: datetime | None = None
    released_at: datetime | None = None
    status_code: str | None = None
    effective_at: datetime | None = None
    information: tuple[AdditionalInformation, ...] = ()
    errors: tuple[ResponseError, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    values: Tree | None = None


def response_xml(responses: Sequence[Response]) -> bytes:
    """One MetaData envelope with the responses, valid by our XSD."""
    names = f'xmlns="{RESPONSE_NAMESPACE}" xmlns:ds="{RESPONSE_DATE_NAMESPACE}"'
    bodies = "".join(f"<Response {names}>{_body(response)}</Response>" for response in responses)
    return enveloped_xml(_HEADER, bodies).encode("utf-8")


def response_json(responses: Sequence[Response]) -> bytes:
    """`{"MetaData": {..., "Response": [...]}}` in the same JSON form as declarations."""
    trees = [response_tree(response) for response in responses]
    return msgspec.json.encode({"MetaData": {**_HEADER, "Response": trees}})


def _body(response: Response) -> str:
    """The content as XML; the new values are a Declaration in the namespace of declarations."""
    told = "".join(class_parts(response_tree(response), RESPONSES, "Response"))
    if response.values is None:
        return told
    return told + in_declaration("".join(class_parts(response.values, ELEMENTS, "Declaration")))


def response_tree(response: Response) -> Tree:
    """The response in the JSON form, without envelope.

    The second Declaration, with the new values, is "dec:Declaration": an object cannot have the same name twice.
    """
    tree: Tree = {
        "FunctionCode": response.function_code,
        "FunctionalReferenceID": response.reference,
        "IssueDateTime": _moment_tree(response.issued_at),
    }
    if response.information:
        tree["AdditionalInformation"] = [_information_tree(entry) for entry in response.information]
    if response.amendments:
        tree["Amendment"] = [_amendment(amendment) for amendment in response.amendments]
    if response.errors:
        tree["Error"] = [_error_tree(error) for error in response.errors]
    status = _status(response)
    if status:
        tree["Status"] = [status]
    tree["Declaration"] = _declaration_tree(response)
    return tree if response.values is None else {**tree, "dec:Declaration": response.values}


def _status(response: Response) -> Tree:
    return _present_members(
        {
            "EffectiveDateTime": _optional_moment(response.effective_at),
            "NameCode": response.status_code,
            "ReleaseDateTime": _optional_moment(response.released_at),
        }
    )


def _declaration_tree(response: Response) -> Tree:
    return _present_members(
        {
            "AcceptanceDateTime": _optional_moment(response.accepted_at),
            "CancellationDateTime": _optional_moment(response.cancelled_at),
            "FunctionalReferenceID": response.lrn,
            "ID": response.mrn,
            "RejectionDateTime": _optional_moment(response.rejected_at),
            "VersionID": None if response.version is None else str(response.version),
        }
    )


def _information_tree(entry: AdditionalInformation) -> Tree:
    return _present_members(
        {
            "StatementCode": entry.code,
            "StatementDescription": _single_line(entry.description or ""),
            "LimitDateTime": _optional_moment(entry.limit),
            "StatementTypeCode": entry.type_code,
            "Pointer": [_pointer_tree(step) for step in entry.pointer],
        }
    )


def _amendment(amendment: Amendment) -> Tree:
    return _present_members(
        {"ChangeReasonCode": amendment.reason, "Pointer": [_pointer_tree(step) for step in amendment.pointer]}
    )


def _error_tree(error: ResponseError) -> Tree:
    fits = len(error.rule) <= _CODE_LENGTH
    words = error.text if fits else f"{error.rule}: {error.text}"
    return _present_members(
        {
            "Description": _single_line(words),
            "ValidationCode": error.rule if fits else None,
            "Pointer": [_pointer_tree(step) for step in error.pointer],
        }
    )


def _pointer_tree(step: WcoStep) -> Tree:
    sequence = None if step.sequence is None else str(step.sequence)
    return _present_members({"SequenceNumeric": sequence, "DocumentSectionCode": step.section, "TagID": step.tag})


def _present_members(members: dict[str, object]) -> Tree:
    return {name: value for name, value in members.items() if value}


def _single_line(text: str) -> str:
    """One line, no longer than the schema's longest text, without characters that XML cannot hold."""
    words = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(words.split())[:_TEXT_LENGTH]


def _optional_moment(at: datetime | None) -> Tree | None:
    return None if at is None else _moment_tree(at)


def _moment_tree(at: datetime) -> Tree:
    if at.tzinfo is None:
        raise ValueError(f"The time {at.isoformat()} has no zone. Give it one.")
    return {"DateTimeString": {"@formatCode": "304", "#text": at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")}}
