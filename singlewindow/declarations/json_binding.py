"""Binds the JSON form of a declaration to the XML elements it stands for, so that one schema judges both forms.

Keys may come in any order; the schema's is restored. What has no XML form (null, an unknown key, an object where a list
belongs) becomes a fault with the rule id and at the place that the XML would give; an empty element stands in for it,
so that the places of its neighbours stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from singlewindow.declarations.elements import ELEMENTS, ENVELOPE_NAMESPACE, HEADER, Element
from singlewindow.declarations.explain import FAULTS_KEPT
from singlewindow.declarations.faults import Fault, Path, Refused, Severity, Step
from singlewindow.declarations.json_reading import Number
from singlewindow.declarations.values import shown
from singlewindow.declarations.xml_reading import DECLARATION_TAG, ENVELOPE_TAG, tag_of

_DECLARATION = ELEMENTS["Declaration"]
_AT_DECLARATION: Path = (Step("Declaration"),)
_AT_ENVELOPE: Path = (Step("MetaData"),)


def _members(element: Element) -> list[tuple[str, Element, str]]:
    children = [ELEMENTS[f"{element.path}/{name}"] for name in element.children]
    return [(child.name, child, tag_of(child)) for child in children]


_MEMBERS = {path: _members(element) for path, element in ELEMENTS.items() if element.kind == "class"}


@dataclass
class Bound:
    """The XML elements of a JSON declaration, the first faults of what could not be bound, and all places of such."""

    root: etree._Element
    enveloped: bool
    faults: list[Fault] = field(default_factory=list)
    places: set[Path] = field(default_factory=set)

    def covers(self, path: Path) -> bool:
        """Whether a fault of the binding already speaks about this place or one above it."""
        return _AT_ENVELOPE in self.places or any(path[:steps] in self.places for steps in range(1, len(path) + 1))


def bind(message: object) -> Bound:
    """Elements of `{"MetaData": {..., "Declaration": {...}}}` or `{"Declaration": {...}}`.

    Raises `Refused`: 422 SCHEMA_INVALID where the message is no object, UNKNOWN_DOCUMENT_TYPE where it is another one.
    """
    if not isinstance(message, dict):
        text = 'The message is not a JSON object. Send {"Declaration": {...}}, with or without its MetaData.'
        raise Refused(422, "SCHEMA_INVALID", text)
    envelope = message.get("MetaData")
    inner = envelope if isinstance(envelope, dict) else message
    if "Declaration" not in inner and ("MetaData" not in message or "Response" in inner):
        text = 'The message holds no Declaration. Send {"Declaration": {...}}, with or without its MetaData.'
        raise Refused(422, "UNKNOWN_DOCUMENT_TYPE", text)
    enveloped = "MetaData" in message
    bound = Bound(etree.Element(ENVELOPE_TAG if enveloped else DECLARATION_TAG), enveloped)
    binding = _Binding(bound)
    if enveloped:
        binding.bind_envelope(envelope)
    else:
        binding.bind_content(message["Declaration"], _DECLARATION, bound.root, _AT_DECLARATION)
    for name in message:
        if name != ("MetaData" if enveloped else "Declaration"):
            binding.unknown("The message", name, (Step(name),))
    return bound


class _Binding:
    """One binding of one message."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def bind_envelope(self, envelope: object) -> None:
        """The header's elements, then the declaration."""
        if not isinstance(envelope, dict):
            self._wrong(_AT_ENVELOPE, "MetaData", "an object", envelope)
            return
        for name in HEADER:
            if name in envelope:
                node = etree.SubElement(self._bound.root, f"{{{ENVELOPE_NAMESPACE}}}{name}")
                self._set_text(node, envelope[name], name, "code", (*_AT_ENVELOPE, Step(name)))
        if "Declaration" in envelope:
            node = etree.SubElement(self._bound.root, DECLARATION_TAG)
            self.bind_content(envelope["Declaration"], _DECLARATION, node, _AT_DECLARATION)
        for name in envelope:
            if name != "Declaration" and name not in HEADER:
                self.unknown("MetaData", name, (*_AT_ENVELOPE, Step(name)))

    def bind_content(self, value: object, element: Element, node: etree._Element, path: Path) -> None:
        """Fill the class `node` with the members of `value`."""
        if isinstance(value, str) and not isinstance(value, Number):
            self._set_text(node, value, element.name, "text", path)
            return
        if not isinstance(value, dict):
            self._wrong(path, element.name, "an object", value)
            return
        known = 0
        for name, child, tag in _MEMBERS[element.path]:
            if name in value:
                known += 1
                self._bind_member(value[name], child, etree.SubElement(node, tag), path)
        if known < len(value):
            for name in value:
                if name not in element.children:
                    self.unknown(element.name, name, (*path, Step(name)))

    def _bind_member(self, value: object, element: Element, node: etree._Element, path: Path) -> None:
        """Fill `node`, made for the member, with its value; the entries of a list after the first come beside it."""
        if not element.repeatable and not (isinstance(value, list) and len(value) > 1):
            self._bind_entry(value, element, node, path, Step(element.name))
            return
        if not isinstance(value, list) or not value:
            self._wrong((*path, Step(element.name, 1)), element.name, "a list, even of one", value)
            return
        # Two or more where one belongs are bound as they are: the schema finds them repeated, as it would in XML.
        for at, entry in enumerate(value, 1):
            if at > 1:
                beside = etree.Element(node.tag)
                node.addnext(beside)
                node = beside
            step = Step(element.name, at if element.repeatable or at > 1 else None)
            self._bind_entry(entry, element, node, path, step)

    def _bind_entry(self, value: object, element: Element, node: etree._Element, path: Path, step: Step) -> None:
        if element.kind == "class":
            self.bind_content(value, element, node, (*path, step))
        elif isinstance(value, dict):
            self._bind_leaf(value, element, node, (*path, step))
        else:
            self._set_text(node, value, element.name, element.base, (*path, step))

    def _bind_leaf(self, value: dict[str, object], element: Element, node: etree._Element, path: Path) -> None:
        names = {f"@{attribute.name}": attribute.name for attribute in element.attributes}
        for key, member in value.items():
            if key == "#text":
                self._set_text(node, member, element.name, element.base, path)
            elif key in names:
                self._set_attribute(node, member, names[key], (*path, Step(key)))
            else:
                self.unknown(element.name, key, (*path, Step(key)))

    def _set_attribute(self, node: etree._Element, value: object, name: str, path: Path) -> None:
        if not isinstance(value, str) or isinstance(value, Number):
            self._wrong(path, name, "a string", value)
            return
        try:
            node.set(name, value)
        except ValueError:
            self._illegal(path, name)

    def _set_text(self, node: etree._Element, value: object, name: str, base: str, path: Path) -> None:
        if not isinstance(value, str) or (base != "decimal" and isinstance(value, Number)):
            self._wrong(path, name, "a number or a string" if base == "decimal" else "a string", value)
            return
        try:
            node.text = value
        except ValueError:
            self._illegal(path, name)

    def unknown(self, parent: str, name: str, path: Path) -> None:
        """A member that the schema does not know."""
        kind = ("SCHEMA-ATTRIBUTE", "attribute") if name.startswith("@") else ("SCHEMA-UNKNOWN", "element")
        text = f"{parent} has no {kind[1]} {shown(name.removeprefix('@'))}."
        self._add(kind[0], "UNKNOWN_FIELD", text, "Remove it, or check its spelling.", path)

    def _wrong(self, path: Path, name: str, expected: str, value: object) -> None:
        text = f"{name} is {_kind(value)}; it must be {expected}."
        self._add("SCHEMA-TYPE", "SCHEMA_INVALID", text, f"Give {expected}, or leave it out.", path)

    def _illegal(self, path: Path, name: str) -> None:
        text = f"{name} holds a control character that no declaration may hold."
        self._add("SCHEMA-CHARACTER", "INVALID_CHARACTERS", text, "Remove the character.", path)

    def _add(self, rule: str, code: str, text: str, advice: str, path: Path) -> None:
        self._bound.places.add(path)
        if len(self._bound.faults) < FAULTS_KEPT:
            self._bound.faults.append(Fault(rule, code, Severity.HARD, text, advice, path))


def _kind(value: object) -> str:
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
