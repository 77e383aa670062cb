"""Every fault of a document that the XSD has refused, with its place, in plain words.

libxml2 stops inside an element after the first misplaced child, so its log never names all faults. This module compares
the tree with the table of data elements instead, collects all faults, and keeps what is clean, so that rules can still
run if nothing they read is broken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from singlewindow.declarations.elements import (
    DECLARATION_DATE_NAMESPACE,
    DECLARATION_NAMESPACE,
    ELEMENTS,
    ENVELOPE_NAMESPACE,
    HEADER,
    HEADER_LENGTH,
    INSTANCE_NAMESPACE,
    Attribute,
    Element,
    leaf_paths,
)
from singlewindow.declarations.faults import Fault, Path, Severity, Step
from singlewindow.declarations.markup import DECLARATION_TAG, ENVELOPE_TAG, tag_of
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.message import Reading
from singlewindow.declarations.reading.schema import schema_complaints
from singlewindow.declarations.values import (
    XML_SPACE,
    ValueFault,
    check_attribute,
    check_value,
    clean_value,
    collapse,
    shown,
)

FAULTS_KEPT = 1_000
_KNOWN = frozenset((*ELEMENTS, *leaf_paths()))
_NAMESPACES = (ENVELOPE_NAMESPACE, DECLARATION_NAMESPACE, DECLARATION_DATE_NAMESPACE)
_IGNORED_ATTRIBUTES = (
    f"{{{INSTANCE_NAMESPACE}}}schemaLocation",
    f"{{{INSTANCE_NAMESPACE}}}noNamespaceSchemaLocation",
)


@dataclass
class Explained:
    """What was found: the clean parts as `tree` and `header`, `faults` in document order, `broken` schema paths."""

    tree: Tree = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def as_reading(
        self, enveloped: bool, line_of: Callable[[Path], int | None], first: Iterable[Fault] = ()
    ) -> Reading:
        """The findings so far, with these faults first."""
        declaration = Declaration(self.tree, self.header)
        return Reading(declaration, (*first, *self.faults), enveloped, frozenset(self.broken), line_of)


def explain_whole(root: etree._Element, lines: bool = True) -> Explained:
    """The same as `explain`; if that finds nothing, the fault is in the schema's own words."""
    explained = explain(root, lines)
    if explained.faults:
        return explained
    advice = f"Compare {'the element at this line' if lines else 'the message'} with the schema."
    for line, words in schema_complaints(root):
        at = (Step("Declaration"),)
        place = line if lines else None
        explained.faults.append(Fault("SCHEMA", "SCHEMA_INVALID", Severity.HARD, words[:200], advice, at, place))
    explained.broken.add("Declaration")
    return explained


def explain(root: etree._Element, lines: bool = True) -> Explained:
    """All faults of a document whose root is a Declaration or the MetaData envelope.

    `lines` is False if the document was not written by its sender, so that line numbers would mean nothing.
    """
    walk = _Walk(lines)
    try:
        if root.tag == ENVELOPE_TAG:
            envelope = walk.read_class(root, _ENVELOPE, (Step("MetaData"),))
            walk.found.tree = envelope.pop("Declaration", {})
            walk.found.header = envelope
        else:
            walk.found.tree = walk.read_class(root, ELEMENTS["Declaration"], (Step("Declaration"),))
    except _Enough:  # nothing more is read, and no rule runs
        walk.found.broken.add("Declaration")
    return walk.found


def broken_paths(places: Iterable[Path]) -> set[str]:
    """The schema paths of these places, without indexes; unknown names are left out, since no rule can read them."""
    return set(_KNOWN.intersection("/".join(step.name for step in path) for path in places))


def _header_element(name: str) -> Element:
    return Element(
        path=f"MetaData/{name}",
        name=name,
        kind="leaf",
        minimum=0,
        maximum=1,
        base="code",
        format=f"an..{HEADER_LENGTH}",
        length=HEADER_LENGTH,
        digits=None,
        pattern=None,
        enum=(),
        non_blank=False,
        attributes=(),
        wco_id="",
        meaning="Header of the envelope.",
        children=(),
    )


_ENVELOPE = replace(
    _header_element("MetaData"), path="MetaData", kind="class", minimum=1, base="class", format="", length=None,
    meaning="The envelope.", children=(*HEADER, "Declaration"),
)  # fmt: skip


def _children_by_tag(element: Element) -> dict[str, Element]:
    children = (ELEMENTS[f"{element.path}/{name}"] for name in element.children)
    return {tag_of(child): child for child in children}


_CHILDREN: Mapping[str, Mapping[str, Element]] = {
    "MetaData": {f"{{{ENVELOPE_NAMESPACE}}}{name}": _header_element(name) for name in HEADER}
    | {DECLARATION_TAG: ELEMENTS["Declaration"]},
    **{path: _children_by_tag(element) for path, element in ELEMENTS.items() if element.kind == "class"},
}


_MAY_BE_EMPTY = frozenset(
    path for path, children in _CHILDREN.items() if not any(child.minimum for child in children.values())
)


class _Enough(Exception):  # noqa: N818 - no error
    """There are more faults than anybody would read: a flood must not cost time."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A known child: where the sequence wants it, and its step."""

    order: int
    element: Element
    node: etree._Element
    step: Step


class _Walk:
    """One walk over one document."""

    def __init__(self, lines: bool) -> None:
        self.found = Explained()
        self._lines = lines

    def read_class(self, node: etree._Element, element: Element, path: Path) -> Tree:
        """The clean part of a class; its faults are added to `found`."""
        if element.path in _MAY_BE_EMPTY and not (len(node) or node.text or node.attrib):
            return {}
        self._check_bare(node, element, path)
        placed = list(self._place_children(node, element, path))
        self._check_order(placed, path)
        counts = Counter(entry.element.name for entry in placed)
        for name, child in _named_children(element):
            if counts[name] < child.minimum:
                self._report_missing(node, element, child, path)
        tree: Tree = {}
        for entry in sorted(placed, key=lambda entry: entry.order):
            self._read_child(entry, path, tree)
        return tree

    def _place_children(self, node: etree._Element, element: Element, path: Path) -> Iterator[_Placed]:
        known = _CHILDREN[element.path]
        order = {name: position for position, name in enumerate(element.children)}
        seen: Counter[str] = Counter()
        for child in node:
            name = etree.QName(child).localname
            seen[name] += 1
            spec = known.get(str(child.tag))
            repeats = spec is not None and spec.repeatable
            step = Step(name, seen[name] if repeats or seen[name] > 1 else None)
            if spec is None:
                self._report_unknown(child, element, (*path, step))
            else:
                yield _Placed(order[name], spec, child, step)

    def _read_child(self, entry: _Placed, path: Path, tree: Tree) -> None:
        child = entry.element
        below: Path = (Step("Declaration"),) if child.path == "Declaration" else (*path, entry.step)
        # An element too many is one fault; nothing under it is read or checked.
        if child.maximum is not None and (entry.step.index or 1) > child.maximum:
            self._report_repeated(entry.node, child, below)
            return
        value: Any
        if child.kind == "class":
            value = self.read_class(entry.node, child, below)
        else:
            value = self._read_leaf(entry.node, child, below)
        if value is None:
            return
        if child.repeatable:
            tree.setdefault(child.name, []).append(value)
        else:
            tree[child.name] = value

    def _read_leaf(self, node: etree._Element, element: Element, path: Path) -> dict[str, str] | str | None:
        attributes = self._read_attributes(node, element, path)
        if len(node):
            text = f"{element.name} contains elements; it must contain a value."
            self._add_fault(ValueFault("SCHEMA-CONTENT", "SCHEMA_INVALID", text, "Give the value itself."), path, node)
            return None
        value = clean_value(element, node.text or "")
        finding = check_value(element, value)
        if finding:
            self._add_fault(finding, path, node)
            return None
        return {**attributes, "#text": value} if attributes else value

    def _read_attributes(self, node: etree._Element, element: Element, path: Path) -> dict[str, str]:
        found: dict[str, str] = {}
        allowed = {attribute.name: attribute for attribute in element.attributes}
        for name, raw in node.attrib.items():
            attribute = allowed.get(str(name))
            if attribute:
                value = collapse(str(raw))
                finding = check_attribute(element, attribute, value)
                if finding:
                    self._add_fault(finding, (*path, Step(f"@{attribute.name}")), node)
                else:
                    found[f"@{attribute.name}"] = value
            elif name not in _IGNORED_ATTRIBUTES:
                self._unknown_attribute(node, element, str(name), path)
        for attribute in element.attributes:
            if attribute.required and node.get(attribute.name) is None:
                self._missing_attribute(node, element, attribute, path)
        return {f"@{name}": found[f"@{name}"] for name in allowed if f"@{name}" in found}

    def _check_bare(self, node: etree._Element, element: Element, path: Path) -> None:
        """Check that a class has neither attributes nor text."""
        self._read_attributes(node, element, path)
        texts = [node.text or "", *(child.tail or "" for child in node)]
        stray = next((text for text in texts if text.strip(XML_SPACE)), None)
        if stray is not None:
            text = f"{element.name} contains the text {shown(stray.strip(XML_SPACE))} between its elements."
            self._add_fault(ValueFault("SCHEMA-TEXT", "SCHEMA_INVALID", text, "Remove the text."), path, node)

    def _check_order(self, placed: list[_Placed], path: Path) -> None:
        kept = _longest_rising([entry.order for entry in placed])
        if len(kept) == len(placed):
            return
        staying = [placed[index] for index in sorted(kept)]
        orders = [entry.order for entry in staying]
        for index, entry in enumerate(placed):
            if index not in kept:
                at = bisect_right(orders, entry.order)
                where = (
                    f"before {staying[at].element.name}" if at < len(staying) else f"after {staying[-1].element.name}"
                )
                self._report_misplaced(entry, where, (*path, entry.step))

    def _report_misplaced(self, entry: _Placed, where: str, path: Path) -> None:
        text = f"{entry.element.name} is out of order; it belongs {where}."
        advice = "Put the elements into the order of the schema, and keep those with the same name together."
        # Its value is still usable, so that the rules can check it at once.
        self._keep_fault(ValueFault("SCHEMA-ORDER", "SCHEMA_INVALID", text, advice), path, entry.node)

    def _report_missing(self, node: etree._Element, element: Element, child: Element, path: Path) -> None:
        below: Path = (Step("Declaration"),) if child.path == "Declaration" else (*path, Step(child.name))
        text = f"{element.name} has no {child.name}, which is required. {child.meaning}"
        self._add_fault(ValueFault("SCHEMA-MISSING", "SCHEMA_INVALID", text, f"Add {child.name}."), below, node)

    def _report_repeated(self, node: etree._Element, child: Element, path: Path) -> None:
        most = "only once" if child.maximum == 1 else f"at most {child.maximum} times"
        text = f"{child.name} may appear {most} here."
        self._add_fault(ValueFault("SCHEMA-REPEATED", "SCHEMA_INVALID", text, "Remove the extra ones."), path, node)

    def _report_unknown(self, node: etree._Element, element: Element, path: Path) -> None:
        name = etree.QName(node)
        code = "UNKNOWN_FIELD" if name.namespace in _NAMESPACES else "SCHEMA_INVALID"
        if any(name.localname == etree.QName(tag).localname for tag in _CHILDREN[element.path]):
            code = "SCHEMA_INVALID"
            text = f"{name.localname} is in the namespace {shown(name.namespace or '')}, which is not the right one."
            advice = "Use the namespaces of the schema."
        else:
            text = f"{element.name} has no element {shown(name.localname)}."
            advice = f"Remove it, or check its spelling. Allowed here: {_first_names(element.children)}."
        self._add_fault(ValueFault("SCHEMA-UNKNOWN", code, text, advice), path, node)

    def _unknown_attribute(self, node: etree._Element, element: Element, name: str, path: Path) -> None:
        local = etree.QName(name).localname
        text = f"{element.name} has no attribute {shown(local)}."
        finding = ValueFault("SCHEMA-ATTRIBUTE", "UNKNOWN_FIELD", text, "Remove it.")
        self._add_fault(finding, (*path, Step(f"@{local}")), node)

    def _missing_attribute(self, node: etree._Element, element: Element, attribute: Attribute, path: Path) -> None:
        text = f"{element.name} has no attribute {attribute.name}, which is required."
        finding = ValueFault("SCHEMA-ATTRIBUTE-MISSING", "SCHEMA_INVALID", text, f"Add {attribute.name}.")
        self._add_fault(finding, (*path, Step(f"@{attribute.name}")), node)

    def _add_fault(self, finding: ValueFault, path: Path, node: etree._Element) -> None:
        self.found.broken |= broken_paths((path,))
        self._keep_fault(finding, path, node)

    def _keep_fault(self, finding: ValueFault, path: Path, node: etree._Element) -> None:
        line = node.sourceline if self._lines else None
        self.found.faults.append(
            Fault(finding.rule, finding.code, Severity.HARD, finding.text, finding.advice, path, line)
        )
        if len(self.found.faults) >= FAULTS_KEPT:
            raise _Enough


def _named_children(element: Element) -> Iterator[tuple[str, Element]]:
    return ((child.name, child) for child in _CHILDREN[element.path].values())


def _first_names(names: tuple[str, ...]) -> str:
    return ", ".join(names[:12]) + (" and others" if len(names) > 12 else "")


def _longest_rising(orders: list[int]) -> set[int]:
    """The indexes of a longest non-falling subsequence: what may stay in place while the rest is moved."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, order in enumerate(orders):
        at = bisect_right(tails, order)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(order)
            ends.append(index)
        else:
            tails[at], ends[at] = order, index
    kept: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return kept
