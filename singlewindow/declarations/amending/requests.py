"""Reads a request about a declaration that is already lodged (FunctionCode 13): amend, cancel, or goods presented.

A request names its declaration by MRN. An amendment lists its changes as Amendments with Pointers and gives the new
values in a skeleton of the declaration; a cancellation only says why; a presentation tells of the arrival. Sources: the
16 published amendments, 3 cancellations and 5 presentations of the United Kingdom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from singlewindow.declarations.amending.arrivals import SAID, Arrival, arrival_of
from singlewindow.declarations.amending.changes import Change, RequestRule, broken, child_of, has_number, in_order
from singlewindow.declarations.amending.pointing import DECLARATION, Misled, pointed_path, sections
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.faults import FAULTS_SHOWN, Fault, Path, Step
from singlewindow.declarations.model import ROOT, Declaration, Tree, first_text, text_of
from singlewindow.declarations.mrn import is_mrn
from singlewindow.declarations.reading.message import no_lines
from singlewindow.declarations.values import shown

REQUEST: Final = "13"
CANCELLED_BY_TRADER: Final = "1"
REASON: Final = "AES"
"""The StatementTypeCode of the words that explain a request."""
_AMENDMENT: Final = "06A"
_HEAD: Final = ("FunctionCode", "FunctionalReferenceID", "ID", "TypeCode", "Amendment")
_MESSAGE: Final = ("IssueDateTime", "Submitter")
"""They speak of the request itself, unless a pointer names them."""
_COMMON: Final = tuple(f"Declaration/{name}" for name in (*_HEAD[:-1], *_MESSAGE, "AdditionalInformation"))


class RequestKind(StrEnum):
    """What is asked for; the values are the TypeCodes (WCO D013)."""

    AMENDMENT = "COR"
    CANCELLATION = "INV"
    ARRIVAL = "GPR"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `mrn` names the declaration, `reference` is the request's own (its LRN), `submitter` who sends it.

    `changes` are those of an amendment in its order, `values` the skeleton with its new values, in canonical form.
    `words` explain the request as a whole; those about one change are with it. `arrival` is what a presentation tells.
    """

    kind: RequestKind
    mrn: str
    reference: str
    submitter: str | None = None
    words: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    values: Tree | None = None
    arrival: Arrival | None = None


def read_request(
    declaration: Declaration, line_of: Callable[[Path], int | None] = no_lines
) -> Request | tuple[Fault, ...]:
    """The request that a message makes, or why it makes none: its first `FAULTS_SHOWN` faults, all hard.

    The message must be valid by the schema. `line_of` is that of its reading.
    """
    tree = decode_canonical(canonical_bytes(declaration))
    faults = [*_head_faults(tree)]
    kind = text_of(tree.get("TypeCode"))
    if kind in set(RequestKind):
        request = _READERS[RequestKind(kind)](tree, faults)
        if not faults:
            return request
    return tuple(replace(fault, line=line_of(fault.path)) for fault in faults[:FAULTS_SHOWN])


def _head_faults(tree: Tree) -> Iterator[Fault]:
    function, kind = text_of(tree.get("FunctionCode")), text_of(tree.get("TypeCode"))
    if function != REQUEST:
        text = f"FunctionCode {function} is not that of a request about a declaration."
        yield broken(RequestRule.FUNCTION, _at("FunctionCode"), text, f"Write {REQUEST} to amend, cancel or present.")
    if kind not in set(RequestKind):
        text = f"The TypeCode is {shown(kind)}, which is no request." if kind else "The request has no TypeCode."
        advice = "Write COR to amend, INV to cancel or GPR to present the goods."
        yield broken(RequestRule.TYPE, _at("TypeCode"), text, advice)
    mrn = text_of(tree.get("ID"))
    if mrn is None:
        advice = "Add ID with the MRN that you were given when you lodged it."
        yield broken(RequestRule.MRN, _at("ID"), "The request does not say which declaration it concerns.", advice)
    elif not is_mrn(mrn):
        text = f"The ID {shown(mrn)} is not an MRN: 18 characters, the last one its check digit."
        yield broken(RequestRule.MRN_SHAPE, _at("ID"), text, "Copy the MRN from the receipt or a notice.")
    if not text_of(tree.get("FunctionalReferenceID")):
        advice = "Add FunctionalReferenceID, so that the same request sent twice counts once."
        yield broken(RequestRule.REFERENCE, _at("FunctionalReferenceID"), "The request has no reference.", advice)


def _request(kind: RequestKind, tree: Tree, words: tuple[str, ...] = ()) -> Request:
    mrn, reference = text_of(tree.get("ID")), text_of(tree.get("FunctionalReferenceID"))
    return Request(kind, mrn or "", reference or "", first_text(tree, "Submitter/ID"), words)


def _read_amendment(tree: Tree, faults: list[Fault]) -> Request:
    amendments = tree.get("Amendment", [])
    if not amendments:
        text = "The request asks for an amendment but has no Amendment."
        advice = "Add one Amendment for each change, with its ChangeReasonCode and its Pointers."
        faults.append(broken(RequestRule.NO_CHANGE, _at("Amendment"), text, advice))
    words, whole = _words(tree, len(amendments), faults)
    changes = []
    for number, amendment in enumerate(amendments, start=1):
        try:
            change = _change(amendment, _at("Amendment", number))
        except Misled as misled:
            faults.append(misled.fault)
        else:
            changes.append(replace(change, words=tuple(words.get(number, ()))))
    values = _values(tree, changes)
    faults += _disorder(DECLARATION, values, (ROOT,))
    return replace(_request(RequestKind.AMENDMENT, tree, whole), changes=tuple(changes), values=values)


def _change(amendment: Tree, at: Path) -> Change:
    pointers = amendment.get("Pointer", [])
    if not pointers:
        text = "This Amendment has no Pointer, so it does not say what changes."
        advice = "Add Pointers from 42A down to the element that changes."
        raise Misled(broken(RequestRule.NO_POINTER, at, text, advice))
    path = pointed_path(pointers, at)
    if len(path) == 1:
        text = "This Amendment points at the whole declaration."
        advice = "Point at each element that changes, or send the whole new declaration instead of a request."
        raise Misled(broken(RequestRule.WHOLE, at, text, advice))
    return Change(path, at, text_of(amendment.get("ChangeReasonCode")))


def _words(tree: Tree, amendments: int, faults: list[Fault]) -> tuple[dict[int, list[str]], tuple[str, ...]]:
    """The reasons by the number of the Amendment that each points at, and those that point at none."""
    words: dict[int, list[str]] = {}
    whole: list[str] = []
    for place, statement in enumerate(tree.get("AdditionalInformation", []), start=1):
        if not _is_reason(statement):
            continue
        text = text_of(statement.get("StatementDescription")) or ""
        steps = [step for step in sections(statement.get("Pointer", [])) if step.section == _AMENDMENT]
        for number in {step.sequence for step in steps if step.sequence is not None}:
            words.setdefault(number, []).append(text)
            if not 1 <= number <= amendments:
                faults.append(_unknown_amendment(number, amendments, place))
        if all(step.sequence is None for step in steps):
            whole.append(text)
    return words, tuple(whole)


def _unknown_amendment(number: int, amendments: int, place: int) -> Fault:
    text = f"These words explain Amendment {number}, but the request has {amendments}."
    advice = f"Point at an Amendment of this request ({_AMENDMENT} with its place)."
    return broken(RequestRule.WORDS, _at("AdditionalInformation", place), text, advice)


def _is_reason(statement: Tree) -> bool:
    return text_of(statement.get("StatementTypeCode")) == REASON


def _reasons(tree: Tree) -> tuple[str, ...]:
    """The words of a request that is one whole."""
    found = (text_of(entry.get("StatementDescription")) for entry in tree.get("AdditionalInformation", []))
    return tuple(words for words in found if words)


def _values(tree: Tree, changes: list[Change]) -> Tree:
    """The skeleton: the message without what speaks of the request itself."""
    pointed = {change.path[1].name for change in changes}
    own = {*_HEAD, *(name for name in _MESSAGE if name not in pointed)}
    values = {name: node for name, node in tree.items() if name not in own}
    statements = [entry for entry in tree.get("AdditionalInformation", []) if not _is_reason(entry)]
    if statements:
        values["AdditionalInformation"] = statements
    else:
        values.pop("AdditionalInformation", None)
    return values


def _disorder(element: Element, values: Tree, path: Path) -> Iterator[Fault]:
    """Elements of the skeleton that carry numbers must rise by them, or two could have the same."""
    for name, node in values.items():
        child = child_of(element, name)
        if child.kind == "leaf":
            continue
        if child.repeatable and has_number(child) and not in_order(node):
            text = f"The {name} elements are not in the order of their SequenceNumeric, or two have the same."
            advice = f"Write each {name} once, in rising order."
            yield broken(RequestRule.ORDER, (*path, Step(name, 1)), text, advice)
        if child.repeatable:
            for place, entry in enumerate(node, start=1):
                yield from _disorder(child, entry, (*path, Step(name, place)))
        else:
            yield from _disorder(child, node, (*path, Step(name)))


def _read_cancellation(tree: Tree, faults: list[Fault]) -> Request:
    amendments = tree.get("Amendment", [])
    reasons = {text_of(entry.get("ChangeReasonCode")) for entry in amendments}
    words = _reasons(tree)
    if reasons != {CANCELLED_BY_TRADER} or not words:
        text = "A cancellation needs one Amendment with ChangeReasonCode 1 and words that say why."
        advice = "Add them; the words are an AdditionalInformation with StatementTypeCode AES."
        faults.append(broken(RequestRule.CANCEL_REASON, _at("Amendment", 1), text, advice))
    for number, entry in enumerate(amendments, start=1):
        if entry.get("Pointer"):
            text = "This Amendment points at data, but a cancellation ends the whole declaration."
            advice = "Remove its Pointers, or write TypeCode COR to amend."
            faults.append(broken(RequestRule.CANCEL_POINTER, _at("Amendment", number), text, advice))
    for path in _foreign(tree, (ROOT,), (*_COMMON, "Declaration/Amendment")):
        text = f"A cancellation changes no data, but it contains {path[-1].name}."
        faults.append(broken(RequestRule.CANCEL_DATA, path, text, "Remove it, or write TypeCode COR to amend."))
    return _request(RequestKind.CANCELLATION, tree, words)


def _read_arrival(tree: Tree, faults: list[Fault]) -> Request:
    if tree.get("Amendment"):
        text = "This request presents the goods, but it also asks for changes."
        advice = "Remove the Amendment and send the changes as a request of their own (TypeCode COR)."
        faults.append(broken(RequestRule.ARRIVAL_CHANGE, _at("Amendment", 1), text, advice))
    for path in _foreign(tree, (ROOT,), (*_COMMON, *SAID, "Declaration/Amendment")):
        text = f"{path[-1].name} is not part of a presentation of goods."
        advice = "Give the means of transport on arrival, the location, and the containers with their seals only."
        faults.append(broken(RequestRule.ARRIVAL_DATA, path, text, advice))
    return replace(_request(RequestKind.ARRIVAL, tree, _reasons(tree)), arrival=arrival_of(tree))


_READERS: Final[dict[RequestKind, Callable[[Tree, list[Fault]], Request]]] = {
    RequestKind.AMENDMENT: _read_amendment,
    RequestKind.CANCELLATION: _read_cancellation,
    RequestKind.ARRIVAL: _read_arrival,
}


def _foreign(node: Any, path: Path, allowed: tuple[str, ...]) -> Iterator[Path]:
    """The highest elements that are neither among the allowed schema paths nor above one."""
    schema = "/".join(step.name for step in path)
    for name, child in node.items():
        below = f"{schema}/{name}"
        if below in allowed:
            continue
        if isinstance(child, dict) and any(known.startswith(f"{below}/") for known in allowed):
            yield from _foreign(child, (*path, Step(name)), allowed)
        else:
            yield (*path, Step(name, 1 if ELEMENTS[below].repeatable else None))


def _at(name: str, place: int | None = None) -> Path:
    return (ROOT, Step(name, place))
