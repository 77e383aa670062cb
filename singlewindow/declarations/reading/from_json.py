"""Reads a JSON message by converting it to XML, so that one schema checks both forms.

Keys may come in any order; the schema's order is restored. What has no XML form (null, an unknown key, an object
instead of a list) becomes a fault with the rule id and place that the XML would have; an empty element takes its place,
so that the places of its neighbours stay the same. The XML is written as text: writing and parsing it takes half the
time of making its elements one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from singlewindow.declarations.elements import ELEMENTS, HEADER, Element
from singlewindow.declarations.faults import Fault, Path, Refused, Severity, Step
from singlewindow.declarations.markup import (
    ILLEGAL,
    escaped_attribute,
    escaped_text,
    header_element,
    in_declaration,
    in_envelope,
    tag_name,
)
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.explain import FAULTS_KEPT, Explained, broken_paths, explain, explain_whole
from singlewindow.declarations.reading.foreign import other_object
from singlewindow.declarations.reading.from_xml import accepted_tree, header_of
from singlewindow.declarations.reading.json_text import Number, parse_json, screen_depth
from singlewindow.declarations.reading.message import Limits, Reading, no_lines
from singlewindow.declarations.reading.schema import parse
from singlewindow.declarations.values import shown

_DECLARATION = ELEMENTS["Declaration"]
_AT_DECLARATION: Path = (Step("Declaration"),)
_AT_ENVELOPE: Path = (Step("MetaData"),)


class _Member(NamedTuple):
    """A member of a class: its place in the schema, its name, and what it becomes."""

    place: int
    name: str
    tag: str
    repeatable: bool
    element: Element


def _members_of(element: Element) -> dict[str, _Member]:
    children = [ELEMENTS[f"{element.path}/{name}"] for name in element.children]
    return {
        child.name: _Member(place, child.name, tag_name(child), child.repeatable, child)
        for place, child in enumerate(children)
    }


_MEMBERS = {path: _members_of(element) for path, element in ELEMENTS.items() if element.kind == "class"}


@dataclass
class Bound:
    """The XML of a JSON declaration, the first faults in what could not be converted, and all their places."""

    enveloped: bool
    xml: str = ""
    faults: list[Fault] = field(default_factory=list)
    places: set[Path] = field(default_factory=set)

    def covers(self, path: Path) -> bool:
        """Whether a fault of the binding already speaks about this place or one above it."""
        return _AT_ENVELOPE in self.places or any(path[:steps] in self.places for steps in range(1, len(path) + 1))


def read_json(content: bytes, limits: Limits) -> Reading:
    """Read one message; raises `Refused` if it cannot be read as a declaration at all."""
    message = parse_json(content, limits)
    try:
        bound = bind(message)
    except Refused:
        screen_depth(message, limits)
        raise
    root = parse(bound.xml.encode(), limits)
    declaration = root[-1] if bound.enveloped and len(root) else root
    if not bound.faults and (tree := accepted_tree(root, declaration, len(content))) is not None:
        header = header_of(root) if bound.enveloped else {}
        return Reading(Declaration(tree, header), (), bound.enveloped, frozenset(), no_lines)
    screen_depth(message, limits)
    return _explain_rest(root, bound).as_reading(bound.enveloped, no_lines, bound.faults)


def _explain_rest(root: etree._Element, bound: Bound) -> Explained:
    """The schema's faults apart from what could not be converted; none if there are already too many."""
    if not bound.faults:
        return explain_whole(root, lines=False)
    if len(bound.faults) >= FAULTS_KEPT:
        return Explained(broken={"Declaration"})
    explained = explain(root, lines=False)
    explained.faults = [fault for fault in explained.faults if not bound.covers(fault.path)]
    explained.broken |= broken_paths(bound.places)
    return explained


def bind(message: object) -> Bound:
    """The XML of `{"MetaData": {..., "Declaration": {...}}}` or `{"Declaration": {...}}`.

    Raises `Refused`: SCHEMA_INVALID if the message is no object, UNKNOWN_DOCUMENT_TYPE if it is another one.
    """
    if not isinstance(message, dict):
        text = 'The message is not a JSON object. Send {"Declaration": {...}}, with or without its MetaData.'
        raise Refused("SCHEMA_INVALID", text)
    envelope = message.get("MetaData")
    inner = envelope if isinstance(envelope, dict) else message
    if "Declaration" not in inner and ("MetaData" not in message or "Response" in inner):
        raise other_object(message)
    bound = Bound(enveloped="MetaData" in message)
    binding = _Binding(bound)
    if bound.enveloped:
        bound.xml = binding.bind_envelope(envelope)
    else:
        bound.xml = binding.bind_declaration(message["Declaration"])
    for name in message:
        if name != ("MetaData" if bound.enveloped else "Declaration"):
            binding.report_unknown("The message", name, (Step(name),))
    return bound


class _Binding:
    """One binding of one message."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        self._parts: list[str] = []

    def bind_envelope(self, envelope: object) -> str:
        """The header's elements, then the declaration."""
        if not isinstance(envelope, dict):
            self._report_wrong_type(_AT_ENVELOPE, "MetaData", "an object", envelope)
            return in_envelope("")
        content = ""
        for name in HEADER:
            if name in envelope:
                text = self._bind_text(envelope[name], name, "code", (*_AT_ENVELOPE, Step(name)))
                content += header_element(name, text)
        if "Declaration" in envelope:
            content += self.bind_declaration(envelope["Declaration"])
        for name in envelope:
            if name != "Declaration" and name not in HEADER:
                self.report_unknown("MetaData", name, (*_AT_ENVELOPE, Step(name)))
        return in_envelope(content)

    def bind_declaration(self, value: object) -> str:
        """The one declaration."""
        self._bind_content(value, _DECLARATION, _AT_DECLARATION)
        return in_declaration("".join(self._parts))

    def _bind_content(self, value: object, element: Element, path: Path) -> None:
        """The content of a class, between its tags."""
        if isinstance(value, str) and not isinstance(value, Number):
            self._parts.append(self._bind_text(value, element.name, "text", path))
            return
        if not isinstance(value, dict):
            self._report_wrong_type(path, element.name, "an object", value)
            return
        members = _MEMBERS[element.path]
        known = sorted([members[name] for name in value if name in members])
        for member in known:
            entry = value[member.name]
            if type(entry) is str and not member.repeatable and entry.isalnum():
                self._parts.append(f"<{member.tag}>{entry}</{member.tag}>")
            else:
                self._bind_member(entry, member, path)
        if len(known) < len(value):
            for name in value:
                if name not in members:
                    self.report_unknown(element.name, name, (*path, Step(name)))

    def _bind_member(self, value: object, member: _Member, path: Path) -> None:
        """The elements of one member: one, or those of its list."""
        if not member.repeatable and not (isinstance(value, list) and len(value) > 1):
            self._bind_entry(value, member, (*path, Step(member.name)))
        elif not isinstance(value, list) or not value:
            self._report_wrong_type((*path, Step(member.name, 1)), member.name, "a list, even of one", value)
            self._parts.append(f"<{member.tag}/>")
        else:
            # Two or more in place of one are converted as they are: the schema reports the repetition, as in XML.
            for at, entry in enumerate(value, 1):
                step = Step(member.name, at if member.repeatable or at > 1 else None)
                self._bind_entry(entry, member, (*path, step))

    def _bind_entry(self, value: object, member: _Member, path: Path) -> None:
        element, tag = member.element, member.tag
        if element.kind == "class":
            self._parts.append(f"<{tag}>")
            self._bind_content(value, element, path)
            self._parts.append(f"</{tag}>")
            return
        if isinstance(value, dict):
            attributes, text = self._bind_leaf(value, element, path)
        else:
            attributes, text = "", self._bind_text(value, element.name, element.base, path)
        self._parts.append(f"<{tag}{attributes}>{text}</{tag}>")

    def _bind_leaf(self, value: dict[str, object], element: Element, path: Path) -> tuple[str, str]:
        """The attributes and the text of a leaf that is written as an object."""
        names = {f"@{attribute.name}": attribute.name for attribute in element.attributes}
        attributes = text = ""
        for key, member in value.items():
            if key == "#text":
                text = self._bind_text(member, element.name, element.base, path)
            elif key in names:
                attributes += self._bind_attribute(member, names[key], (*path, Step(key)))
            else:
                self.report_unknown(element.name, key, (*path, Step(key)))
        return attributes, text

    def _bind_attribute(self, value: object, name: str, path: Path) -> str:
        if not isinstance(value, str) or isinstance(value, Number):
            self._report_wrong_type(path, name, "a string", value)
        elif ILLEGAL.search(value):
            self._report_illegal(path, name)
        else:
            return f' {name}="{escaped_attribute(value)}"'
        return ""

    def _bind_text(self, value: object, name: str, base: str, path: Path) -> str:
        if not isinstance(value, str) or (base != "decimal" and isinstance(value, Number)):
            self._report_wrong_type(path, name, "a number or a string" if base == "decimal" else "a string", value)
        elif ILLEGAL.search(value):
            self._report_illegal(path, name)
        else:
            return escaped_text(value)
        return ""

    def report_unknown(self, parent: str, name: str, path: Path) -> None:
        """A member that the schema does not know."""
        kind = ("SCHEMA-ATTRIBUTE", "attribute") if name.startswith("@") else ("SCHEMA-UNKNOWN", "element")
        text = f"{parent} has no {kind[1]} {shown(name.removeprefix('@'))}."
        self._add_fault(kind[0], "UNKNOWN_FIELD", text, "Remove it, or check its spelling.", path)

    def _report_wrong_type(self, path: Path, name: str, expected: str, value: object) -> None:
        text = f"{name} is {_json_kind(value)}; it must be {expected}."
        self._add_fault("SCHEMA-TYPE", "SCHEMA_INVALID", text, f"Write {expected}, or leave it out.", path)

    def _report_illegal(self, path: Path, name: str) -> None:
        text = f"{name} holds a control character that no declaration may hold."
        self._add_fault("SCHEMA-CHARACTER", "INVALID_CHARACTERS", text, "Remove the character.", path)

    def _add_fault(self, rule: str, code: str, text: str, advice: str, path: Path) -> None:
        self._bound.places.add(path)
        if len(self._bound.faults) < FAULTS_KEPT:
            self._bound.faults.append(Fault(rule, code, Severity.HARD, text, advice, path))


def _json_kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case Number():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list" if value else "an empty list"
    return "an object"
