"""Whether a declaration may be lodged: its function, the party it is lodged for, its declarant, and the quota.

These rules add to those on a document's content, and know no HTTP: a refusal is a hard fault like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from singlewindow.access.identifiers import normal_party
from singlewindow.access.keys import Caller, Role
from singlewindow.declarations.amending.requests import REQUEST, Request, read_request
from singlewindow.declarations.faults import Fault, FaultReport, Found, Path, Severity, Step, hard_faults
from singlewindow.declarations.model import ROOT, Declaration
from singlewindow.declarations.validation import Validated

ORIGINAL: Final = "9"
OTHER_REQUEST: Final = "14"
"""The schema has it, but nobody says what it asks."""
SCHEMA: Final = "SCHEMA"
"""The rules of the schema begin with this."""
_CONCERNED: Final = {"IM": ("importer", "declarant"), "EX": ("exporter", "declarant")}
_ANY: Final = ("declarant", "importer", "exporter")
_KINDS: Final = {"IM": "import", "EX": "export"}
_FUNCTION: Final = (ROOT, Step("FunctionCode"))
_REFERENCE: Final = (ROOT, Step("FunctionalReferenceID"))
_DECLARANT: Final = (ROOT, Step("Declarant"), Step("ID"))
_PARTIES: Final = (_DECLARANT, (ROOT, Step("GoodsShipment"), Step("Importer"), Step("ID")),
                   (ROOT, Step("Exporter"), Step("ID")))  # fmt: skip


class Refusal(StrEnum):
    """Why a declaration is not admitted, whatever else it contains; the `rule` of these faults."""

    REQUEST = "LODGE-REQUEST"
    FUNCTION = "LODGE-ORIGINAL"
    REFERENCE = "LODGE-REFERENCE"
    NOBODY_NAMED = "LODGE-FOR-WHOM"
    NOT_CONCERNED = "LODGE-PARTY"
    NO_MANDATE = "LODGE-MANDATE"
    NO_PARTY = "LODGE-OWNER"
    QUOTA = "LODGE-QUOTA"


CODES: Final = {
    Refusal.REQUEST: "NOT_SUPPORTED_YET",
    Refusal.FUNCTION: "RULE_VIOLATED",
    Refusal.REFERENCE: "RULE_VIOLATED",
    Refusal.NOBODY_NAMED: "ACTING_FOR_REQUIRED",
    Refusal.NOT_CONCERNED: "PARTY_NOT_NAMED",
    Refusal.NO_MANDATE: "NOT_AUTHORISED_FOR_PARTY",
    Refusal.NO_PARTY: "FORBIDDEN",
    Refusal.QUOTA: "QUOTA_EXCEEDED",
}
_REFUSALS: Final = frozenset(Refusal)
_AT_ONCE: Final = (Refusal.REQUEST, Refusal.NOBODY_NAMED)
"""These come before any fault in the document."""


class NotAdmitted(Exception):  # noqa: N818 - a refusal is an answer to the sender, not an error of ours
    """A message that may not be lodged: `rule` and `code` are those of its gravest fault.

    `found` are all faults of the message, None if the refusal does not depend on the message.
    """

    def __init__(self, gravest: Fault | FaultReport, found: Found | None = None) -> None:
        super().__init__(f"{gravest.text} {gravest.advice}")
        self.rule, self.code, self.found = gravest.rule, gravest.code, found


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """The parties that a declaration names, each in the form in which they are compared, "" if it names none.

    `line` is the declarant's, or else that of the nearest element above; None in JSON.
    """

    declarant: str
    importer: str
    exporter: str
    line: int | None = None


class Register(Protocol):
    """What admission asks about parties."""

    def takes_part(self, party: str) -> bool:
        """Whether the party has a key."""

    def may_act(self, broker: str, party: str) -> bool:
        """Whether a mandate lets the broker act for the party now."""


class Quotas(Protocol):
    """What admission asks about the waiting work."""

    def is_full(self, party: str) -> bool:
        """Whether the party has as many undecided declarations as it may have."""


def parties_of(validated: Validated) -> Parties | None:
    """The parties of the whole declaration; None if one could not be read, which is among its faults."""
    declaration = validated.declaration
    if any(_was_unread(path, validated.faults) for path in _PARTIES):
        return None
    named = (declaration.declarant, declaration.importer, declaration.exporter)
    declarant, importer, exporter = map(normal_party, named)
    line = validated.line_of(_DECLARANT)
    return Parties(declarant=declarant, importer=importer, exporter=exporter, line=line)


def with_refusals(validated: Validated) -> Validated:
    """The document with the reasons why it is not lodged before its other faults.

    A request about an earlier declaration is no declaration: of the faults only those of the schema are its own.
    """
    if validated.declaration.function_code == REQUEST:
        return _as_request(validated)
    found = tuple(of_document(validated.declaration, validated.faults))
    if not found:
        return validated
    refusals = tuple(replace(fault, line=validated.line_of(fault.path)) for fault in found)
    return replace(validated, faults=(*refusals, *validated.faults), total=validated.total + len(refusals))


def _as_request(validated: Validated) -> Validated:
    broken = tuple(fault for fault in validated.faults if fault.rule.startswith(SCHEMA))
    found = () if broken else read_request(validated.declaration, validated.line_of)
    if isinstance(found, Request):
        return replace(validated, faults=(), total=0, request=found)
    return replace(validated, faults=(*broken, *found), total=len(broken) + len(found))


def of_document(declaration: Declaration, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Why the document is not lodged, whoever sends it: only originals with a reference are accepted.

    An element that could not be read is not reported as missing: the `faults` report it already.
    """
    function = declaration.function_code
    if function == REQUEST:
        return
    if function == OTHER_REQUEST:
        text = f"FunctionCode {function} is no message of this service."
        yield _fault_of(
            Refusal.REQUEST, text, f"Write {ORIGINAL} to lodge, or {REQUEST} to amend or cancel.", _FUNCTION
        )
        return
    if function != ORIGINAL and not _was_unread(_FUNCTION, faults):
        text = f"FunctionCode is {function}." if function else "The declaration has no FunctionCode."
        yield _fault_of(
            Refusal.FUNCTION, text, f"Write FunctionCode {ORIGINAL}: only originals are accepted.", _FUNCTION
        )
    if not declaration.lrn and not _was_unread(_REFERENCE, faults):
        text = "The declaration has no reference (LRN)."
        yield _fault_of(
            Refusal.REFERENCE,
            text,
            "Add FunctionalReferenceID with a reference that you have not used before.",
            _REFERENCE,
        )


def of_lodger(kind: str, parties: Parties | None, lodger: Caller, register: Register) -> Iterator[Fault]:
    """Why this caller may not lodge a declaration of this type (TypeCode) that names these parties."""
    unsaid = tuple(for_whom(lodger))
    yield from unsaid
    if parties is None:
        return
    declarant = parties.declarant
    if declarant and not _may_declare(declarant, lodger, register):
        text = f"The declarant {declarant} has given no mandate to {lodger.own_party}, which lodges this."
        advice = "Ask the operator to record the mandate, or write the party that lodges as Declarant."
        yield replace(_fault_of(Refusal.NO_MANDATE, text, advice, _DECLARANT), line=parties.line)
    if not unsaid:
        yield from for_party(kind, parties, lodger.party or "")


def need_lodger(caller: Caller) -> None:
    """Raises `NotAdmitted` if the caller may lodge nothing: a key without a party, a broker that names no client."""
    if not caller.party:
        raise NotAdmitted(
            _fault_of(Refusal.NO_PARTY, "This key belongs to no party.", "Use the key of a trader or broker.", (ROOT,))
        )
    for fault in for_whom(caller):
        raise NotAdmitted(fault)


def need_quota(caller: Caller, quotas: Quotas) -> None:
    """Raises `NotAdmitted` if the caller's party has as many undecided declarations as it may have."""
    if quotas.is_full(caller.party or ""):
        text = "This party has too many undecided declarations."
        raise NotAdmitted(_fault_of(Refusal.QUOTA, text, "Lodge this one again later.", (ROOT,)))


def not_here() -> NotAdmitted:
    """The refusal of a request where only declarations are taken."""
    text, advice = "This is a request about an earlier declaration.", "Send it alone, to /v1/declarations."
    return NotAdmitted(_fault_of(Refusal.REQUEST, text, advice, _FUNCTION))


def not_admitted(forbidding: Sequence[FaultReport], found: Found) -> NotAdmitted:
    """The refusal of a message with hard faults, in the words of the gravest."""
    return NotAdmitted(min(forbidding, key=_fault_gravity), found)


def _fault_gravity(fault: FaultReport) -> int:
    """The kind of message comes first, then faults in it, then who sends it."""
    if fault.rule in _AT_ONCE:
        return 0
    if is_refusal(fault.rule):
        return 3
    return 1 if fault.rule.startswith(SCHEMA) else 2


def is_refusal(rule: str) -> bool:
    """Whether a fault of this rule refuses a declaration, whatever else it contains."""
    return rule in _REFUSALS


def for_whom(lodger: Caller) -> Iterator[Fault]:
    """Why this caller may lodge nothing: a broker must name its client, or a mistake would file it as its own."""
    if lodger.role is Role.BROKER and lodger.broker is None:
        text = "This is a broker's key, but the request does not say for whom it lodges."
        advice = f"Send the header Acting-For with your client's identifier, or with {lodger.own_party} for yourself."
        yield _fault_of(Refusal.NOBODY_NAMED, text, advice, (ROOT,))


def for_party(kind: str, parties: Parties, party: str) -> Iterator[Fault]:
    """Why it is not lodged for this party: that party will own the record, so the declaration must name it."""
    owner, direction = normal_party(party), kind[:2]
    concerned = _CONCERNED.get(direction, _ANY)
    if owner and owner in {getattr(parties, role) for role in concerned}:
        return
    named = [f"{getattr(parties, role)} as {role}" for role in concerned if getattr(parties, role)]
    found = f"it names {' and '.join(named)}" if named else f"it names no {' and no '.join(concerned)}"
    text = f"This {_KINDS.get(direction, 'declaration')} is lodged for {owner or 'nobody'}, but {found}."
    advice = "Only a party of the declaration, or a broker with its mandate, can lodge it."
    yield replace(_fault_of(Refusal.NOT_CONCERNED, text, advice, _DECLARANT), line=parties.line)


def _may_declare(declarant: str, lodger: Caller, register: Register) -> bool:
    """Whether the caller may name this party as declarant.

    It may name itself, its client, and any party whose mandate it has; and any party without a key here, since nothing
    is known about those.
    """
    if declarant in {normal_party(lodger.own_party), normal_party(lodger.party or "")}:
        return True
    return not register.takes_part(declarant) or register.may_act(lodger.own_party, declarant)


def _was_unread(path: Path, faults: Sequence[Fault]) -> bool:
    """Whether schema faults at a place, or above it, kept it from being read."""
    broken = (fault.path for fault in hard_faults(faults) if fault.rule.startswith(SCHEMA))
    return any(place == path[: len(place)] for place in broken)


def _fault_of(refusal: Refusal, text: str, advice: str, path: Path) -> Fault:
    return Fault(refusal.value, CODES[refusal], Severity.HARD, text, advice, path)
