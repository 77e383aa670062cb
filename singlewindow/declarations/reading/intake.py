"""From bytes to a declaration: screened, parsed, judged by the schema, read in one pass, and explained where refused.

A valid XML message passes one scan over its bytes, one parse, one validation and one walk. JSON is bound to the same
elements and judged by the same schema, so that both forms of a declaration give the same faults at the same places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from singlewindow.declarations.faults import Fault, Path, Refused, Severity, Step
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.explain import FAULTS_KEPT, Explained, broken_paths, explain
from singlewindow.declarations.reading.foreign import other_document
from singlewindow.declarations.reading.from_json import bind
from singlewindow.declarations.reading.from_xml import (
    DECLARATION_TAG,
    ENVELOPE_TAG,
    BlankValue,
    header_of,
    is_valid,
    parse,
    schema_complaints,
    tree_of,
    trim,
)
from singlewindow.declarations.reading.json_text import parse_json, screen_depth
from singlewindow.declarations.reading.limits import Limits
from singlewindow.declarations.reading.screen import screen_suspect, screen_tree, screen_xml

__all__ = ["Limits", "Media", "Reading", "read"]

_DEFAULT_LIMITS = Limits()


class Media(StrEnum):
    """The two forms a declaration may be sent in."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as read: `faults` of the schema (none where it is valid), and the declaration as far as it is clean.

    `broken_paths` are the schema paths of the faults, without indexes: a rule that reads one of them, or anything below
    it, would judge what is not there. `line_of` gives the line of a path in XML, None in JSON or where it is absent.
    """

    declaration: Declaration
    faults: tuple[Fault, ...]
    enveloped: bool
    broken_paths: frozenset[str]
    line_of: Callable[[Path], int | None]


def read(content: bytes, media: Media, limits: Limits = _DEFAULT_LIMITS) -> Reading:
    """Read one message; raises `Refused` (400, 413, 415, 422) where it cannot be read as a declaration at all."""
    return _read_xml(content, limits) if media is Media.XML else _read_json(content, limits)


def _read_xml(content: bytes, limits: Limits) -> Reading:
    screened = screen_xml(content, limits)
    root = parse(screened.content, limits)
    if screened.suspect:
        screen_suspect(root, limits)
    enveloped = root.tag == ENVELOPE_TAG
    declaration = root.find(DECLARATION_TAG) if enveloped else root
    if declaration is None or declaration.tag != DECLARATION_TAG:
        screen_tree(root, limits)
        _refuse_other_documents(root)
    elif (tree := _accepted(root, declaration, len(content))) is not None:
        return _valid(root, tree, enveloped, lines_in(declaration))
    else:
        screen_tree(root, limits)
    explained = explain(root)
    _add_safety_net(explained, root)
    return _refused(explained, (), enveloped, _no_lines if declaration is None else lines_in(declaration))


def _read_json(content: bytes, limits: Limits) -> Reading:
    message = parse_json(content, limits)
    try:
        bound = bind(message)
    except Refused:
        screen_depth(message, limits)
        raise
    root = parse(bound.xml.encode(), limits)
    declaration = root[-1] if bound.enveloped and len(root) else root
    if not bound.faults and (tree := _accepted(root, declaration, len(content))) is not None:
        return _valid(root, tree, bound.enveloped, _no_lines)
    screen_depth(message, limits)
    if len(bound.faults) >= FAULTS_KEPT:
        return _refused(Explained(broken={"Declaration"}), tuple(bound.faults), bound.enveloped, _no_lines)
    explained = explain(root, lines=False)
    explained.faults = [fault for fault in explained.faults if not bound.covers(fault.path)]
    explained.broken |= broken_paths(bound.places)
    if not bound.faults:
        _add_safety_net(explained, root, lines=False)
    return _refused(explained, tuple(bound.faults), bound.enveloped, _no_lines)


def _accepted(root: etree._Element, declaration: etree._Element, size: int) -> Tree | None:
    """The tree of a document that the schema accepts, or accepts once its values are trimmed; None for any other."""
    if not is_valid(root, size) and not (trim(root) and is_valid(root, size)):
        return None
    try:
        return tree_of(declaration)
    except BlankValue:
        trim(root)  # now the schema sees it as well
        return None


def _valid(root: etree._Element, tree: Tree, enveloped: bool, line_of: Callable[[Path], int | None]) -> Reading:
    header = header_of(root) if enveloped else {}
    return Reading(Declaration(tree, header), (), enveloped, frozenset(), line_of)


def _refused(
    explained: Explained, first: tuple[Fault, ...], enveloped: bool, line_of: Callable[[Path], int | None]
) -> Reading:
    declaration = Declaration(explained.tree, explained.header)
    return Reading(declaration, (*first, *explained.faults), enveloped, frozenset(explained.broken), line_of)


def _refuse_other_documents(root: etree._Element) -> None:
    """A MetaData with nothing in it yet is a declaration that lacks its body; anything else is another document."""
    names = {etree.QName(child).localname for child in root}
    if root.tag == ENVELOPE_TAG and not names & {"Declaration", "Response"}:
        return
    raise other_document(root)


def _add_safety_net(explained: Explained, root: etree._Element, *, lines: bool = True) -> None:
    """What the schema refuses and the walk did not find is still a fault, in the schema's own words."""
    if explained.faults:
        return
    advice = f"Compare {'the element at this line' if lines else 'the message'} with the schema."
    for line, words in schema_complaints(root):
        at = (Step("Declaration"),)
        place = line if lines else None
        explained.faults.append(Fault("SCHEMA", "SCHEMA_INVALID", Severity.HARD, words[:200], advice, at, place))
    explained.broken.add("Declaration")


def _no_lines(_path: Path) -> int | None:
    return None


def lines_in(declaration: etree._Element) -> Callable[[Path], int | None]:
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
