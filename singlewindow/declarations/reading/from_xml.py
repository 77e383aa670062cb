"""Reads an XML message: screens it, parses it, checks it against the schema, and explains a refusal.

A valid message passes one scan over its bytes, one parse, one validation and one walk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from singlewindow.declarations.elements import ATTRIBUTES, ELEMENTS, Element
from singlewindow.declarations.faults import Path
from singlewindow.declarations.markup import DECLARATION_TAG, ENVELOPE_TAG, tag_of
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.explain import explain_whole
from singlewindow.declarations.reading.foreign import other_document
from singlewindow.declarations.reading.message import Limits, Reading, no_lines
from singlewindow.declarations.reading.schema import is_valid, parse
from singlewindow.declarations.reading.screen import screen_suspect, screen_tree, screen_xml
from singlewindow.declarations.values import collapse, trimmed


def read_xml(content: bytes, limits: Limits) -> Reading:
    """Read one message; raises `Refused` if it cannot be read as a declaration at all."""
    screened = screen_xml(content, limits)
    root = parse(screened.content, limits)
    if screened.suspect:
        screen_suspect(root, limits)
    enveloped = root.tag == ENVELOPE_TAG
    declaration = root.find(DECLARATION_TAG) if enveloped else root
    if declaration is None or declaration.tag != DECLARATION_TAG:
        screen_tree(root, limits)
        _refuse_other_documents(root)
    elif (tree := accepted_tree(root, declaration, len(content))) is not None:
        header = header_of(root) if enveloped else {}
        return Reading(Declaration(tree, header), (), enveloped, frozenset(), _lines_in(declaration))
    else:
        screen_tree(root, limits)
    return explain_whole(root).as_reading(enveloped, no_lines if declaration is None else _lines_in(declaration))


def accepted_tree(root: etree._Element, declaration: etree._Element, size: int) -> Tree | None:
    """The tree of a document that the schema accepts, or accepts once its values are trimmed; None for any other."""
    if not is_valid(root, size) and not (trim_values(root) and is_valid(root, size)):
        return None
    try:
        return tree_of(declaration)
    except BlankValue:
        trim_values(root)  # now the schema sees it as well
        return None


def _refuse_other_documents(root: etree._Element) -> None:
    """An empty MetaData is a declaration without its body; anything else is another document."""
    names = {etree.QName(child).localname for child in root}
    if root.tag == ENVELOPE_TAG and not names & {"Declaration", "Response"}:
        return
    raise other_document(root)


def _lines_in(declaration: etree._Element) -> Callable[[Path], int | None]:
    """The lines of a declaration's elements by path; of an absent element, the line of the nearest one above it."""

    def line_of(path: Path) -> int | None:
        node = declaration
        for step in path[1:]:
            below = list(node.iterchildren(f"{{*}}{step.name}"))
            at = (step.index or 1) - 1
            if at >= len(below):
                break
            node = below[at]
        return node.sourceline

    return line_of


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one element is read: its key, whether it is a list, its type's letter, and the elements below it."""

    name: str
    repeatable: bool
    kind: str
    attributes: tuple[str, ...]
    children: dict[str, _Plan]


def _plan_of(element: Element) -> _Plan:
    children = [ELEMENTS[f"{element.path}/{name}"] for name in element.children]
    return _Plan(
        element.name,
        element.repeatable,
        element.base,
        tuple(attribute.name for attribute in element.attributes),
        {tag_of(child): _plan_of(child) for child in children},
    )


_ROOT = _plan_of(ELEMENTS["Declaration"])


class BlankValue(Exception):  # noqa: N818 - no error: the XSD takes for content what nobody can see
    """A value that the XSD has accepted holds only invisible characters."""


def trim_values(root: etree._Element) -> bool:
    """Remove the invisible characters at the ends of all values in a document; returns whether there were any."""
    changed = False
    for element in root.iter(etree.Element):
        if len(element) == 0 and element.text and (text := trimmed(element.text)) != element.text:
            element.text, changed = text, True
        for name in ATTRIBUTES:
            if (value := element.get(name)) and (text := trimmed(value)) != value:
                element.set(name, text)
                changed = True
    return changed


def tree_of(declaration: etree._Element) -> Tree:
    """The tree of a declaration that the XSD has accepted, its values trimmed; raises `BlankValue`."""
    return _read_class(declaration, _ROOT.children)


def _read_class(element: etree._Element, children: dict[str, _Plan]) -> Tree:
    tree: Tree = {}
    for child in element:
        plan = children[str(child.tag)]
        kind = plan.kind
        value: Any
        if kind == "class":
            value = _read_class(child, plan.children)
        else:
            value = child.text
            if not (value.isalnum() and value.isascii()):  # some invisible fillers count as letters
                value = _not_blank(collapse(value) if kind == "code" else trimmed(value))
            if plan.attributes:
                value = _with_attributes(child, plan.attributes, value)
        if not plan.repeatable:
            tree[plan.name] = value
        elif plan.name in tree:
            tree[plan.name].append(value)
        else:
            tree[plan.name] = [value]
    return tree


def _not_blank(value: str) -> str:
    if not value:
        raise BlankValue
    return value


def _with_attributes(element: etree._Element, names: tuple[str, ...], text: str) -> dict[str, str] | str:
    found = {f"@{name}": _not_blank(collapse(value)) for name in names if (value := element.get(name)) is not None}
    return {**found, "#text": text} if found else text


def header_of(envelope: etree._Element) -> dict[str, str]:
    """The envelope's own elements, in order, without the declaration."""
    return {
        etree.QName(child).localname: collapse(child.text or "") for child in envelope if child.tag != DECLARATION_TAG
    }
