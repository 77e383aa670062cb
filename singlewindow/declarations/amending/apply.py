"""Applies changes to a declaration, and takes back nothing silently: each value of the request is named or refused.

All changes of a request speak of the declaration as it stands, so their order is of no importance. The work is linear
in the changes, the skeleton and the elements beside those that change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from singlewindow.declarations.amending.changes import (
    NUMBER,
    Change,
    RequestRule,
    broken,
    child_of,
    has_number,
    is_value,
    numbered,
)
from singlewindow.declarations.amending.pointing import DECLARATION
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.faults import FAULTS_SHOWN, Fault, Path, Severity, Step
from singlewindow.declarations.model import ROOT, Tree
from singlewindow.declarations.pointers import pointer_text
from singlewindow.declarations.reading.message import no_lines

FIXED = {
    "FunctionCode": "It says what the message is.",
    "FunctionalReferenceID": "It is the reference under which the declaration was lodged.",
    "ID": "It is the number under which the declaration is known.",
    "TypeCode": "Another type is another declaration: cancel this one and lodge that.",
    "Amendment": "Only requests have it.",
}
"""The elements of `Declaration` that stay as they were lodged, and why."""


@dataclass(frozen=True, slots=True)
class Amended:
    """What became of changes: the new `tree`, None if `faults` forbid them; they may be warnings only."""

    tree: Tree | None
    faults: tuple[Fault, ...] = ()


def apply(
    tree: Tree, changes: Iterable[Change], values: Tree, line_of: Callable[[Path], int | None] = no_lines
) -> Amended:
    """The declaration after the changes, or why they cannot be made: at most `FAULTS_SHOWN` faults of each severity.

    `tree` is the declaration as it stands and `values` the skeleton with the new values, both in canonical form. An
    element that a change names takes the value of the skeleton, with its attributes; if the skeleton has none, it is
    removed. What the skeleton holds besides must be as it stands already, or be empty: it only keeps a place. Within
    entries that are known by their place another value is a warning, since published amendments have such, unless a
    change of the same entries finds nothing in the skeleton. Neither tree is changed; the result shares their parts.
    `line_of` gives the lines of the request's message.
    """
    root, refusals = _planted(changes)
    if refusals:
        return Amended(None, _placed(refusals[:FAULTS_SHOWN], line_of))
    merging = _Merge()
    amended = merging.merge_class(DECLARATION, tree, values, root, (ROOT,))
    faults = _placed([*merging.faults, *merging.warnings], line_of)
    return Amended(None if merging.faults else amended, faults)


def _placed(faults: list[Fault], line_of: Callable[[Path], int | None]) -> tuple[Fault, ...]:
    return tuple(replace(fault, line=line_of(fault.path)) for fault in faults)


@dataclass(slots=True)
class Branch:
    """What the changes say about one element: a change of it, or changes below it, by name and number."""

    change: Change | None = None
    below: dict[str, dict[int | None, Branch]] = field(default_factory=dict)

    def first(self) -> Change:
        """Some change here or below."""
        return self.change or next(branch for marks in self.below.values() for branch in marks.values()).first()


def planted(changes: Iterable[Change]) -> Branch:
    """The changes as a tree of elements; raises ValueError if two concern the same element."""
    root, faults = _planted(changes)
    if faults:
        raise ValueError(faults[0].text)
    return root


def _planted(changes: Iterable[Change]) -> tuple[Branch, list[Fault]]:
    root, faults = Branch(), []
    for change in changes:
        fixed = FIXED.get(change.path[1].name)
        fault = _fixed(change, fixed) if fixed else _plant(root, change)
        if fault:
            faults.append(fault)
    return root, faults


def _fixed(change: Change, why: str) -> Fault:
    text = f"{change.path[1].name} cannot be changed. {why}"
    return broken(RequestRule.FIXED, change.at, text, "Remove this change.")


def _plant(root: Branch, change: Change) -> Fault | None:
    branch = root
    for step in change.path[1:]:
        if branch.change:
            return _within(change, f"{_name(change)} lies within {_name(branch.change)}, which changes as a whole.")
        branch = branch.below.setdefault(step.name, {}).setdefault(step.index, Branch())
    if branch.change:
        advice = "Name each element once in a request."
        return broken(RequestRule.TWICE, change.at, f"{_name(change)} is changed twice in this request.", advice)
    if branch.below:
        return _within(change, f"{_name(change)} changes as a whole, but {_name(branch.first())} lies within it.")
    branch.change = change
    return None


def _name(change: Change) -> str:
    return pointer_text(change.pointer)


def _within(change: Change, text: str) -> Fault:
    return broken(RequestRule.WITHIN, change.at, text, "Change either the whole class or elements in it.")


class _Merge:
    """One walk over the declaration, the skeleton and the changes together; paths are places in the skeleton."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []

    def merge_class(self, element: Element, held: Tree | None, given: Tree, branch: Branch, path: Path) -> Tree:
        """The class after the changes below it; `held` is None if it is new."""
        merged = dict(held or {})
        for name, marks in branch.below.items():
            child = child_of(element, name)
            before, after = merged.get(name), given.get(name)
            if child.repeatable:
                node: Any = self._merge_list(child, before or [], after or [], marks, path)
            else:
                node = self._merge_node(child, before, after, marks[None], (*path, Step(name)))
            if node is None:
                merged.pop(name, None)
            else:
                merged[name] = node
        for name, node in given.items():
            if held is None and name == NUMBER:
                merged[name] = node
            elif name not in branch.below:
                self._keep_child(child_of(element, name), (held or {}).get(name), node, path)
        return _in_schema_order(element, merged, held)

    def _merge_node(self, element: Element, held: Any, given: Any, branch: Branch, path: Path) -> Any:
        """The element after its changes, None if it is removed."""
        if branch.change is None:
            return self.merge_class(element, held, given or {}, branch, path)
        if held is None and given is None:
            self._absent(element, branch.change)
        elif element.minimum and given is None:
            self._required(element, branch.change)
        return None if given == {} and held is not None else given

    def _merge_list(
        self, element: Element, held: list[Any], given: list[Any], marks: dict[int | None, Branch], path: Path
    ) -> list[Any] | None:
        before, after = numbered(element, held), numbered(element, given)
        place = {number: at for at, number in enumerate(after, start=1)}
        merged, warned = dict(before), len(self.warnings)
        for number, branch in marks.items():
            assert number is not None
            here = (*path, Step(element.name, place.get(number, 1)))
            node = self._merge_node(element, before.get(number), after.get(number), branch, here)
            if node is None:
                merged.pop(number, None)
            else:
                merged[number] = node
        for number, entry in after.items():
            if number not in marks:
                self._keep(element, before.get(number), entry, (*path, Step(element.name, place[number])))
        self._check_count(element, before, merged, marks)
        if not has_number(element):
            self._check_places(element, after, marks, warned)
        return [merged[number] for number in sorted(merged)] or None

    def _check_count(
        self, element: Element, before: dict[int, Any], merged: dict[int, Any], marks: dict[int | None, Branch]
    ) -> None:
        new = sorted(merged.keys() - before.keys())
        if not new:
            return
        asking = marks[new[-1]].first()
        if element.maximum is not None and len(merged) > element.maximum:
            text = f"There would be {len(merged)} {element.name} elements; at most {element.maximum} are allowed."
            self._add(broken(RequestRule.TOO_MANY, asking.at, text, "Remove some, or add fewer."))
        following = len(before) + len(new)
        if not has_number(element) and new[-1] != following:
            text = f"The declaration has {len(before)} {element.name} here, so {new[-1]} leaves a gap."
            advice = f"Number what you add from {len(before) + 1} on, without gaps."
            self._add(broken(RequestRule.GAP, asking.at, text, advice))

    def _check_places(
        self, element: Element, after: dict[int, Any], marks: dict[int | None, Branch], warned: int
    ) -> None:
        """A skeleton that does not keep the places would remove one value and lose another."""
        for number, branch in marks.items():
            if after and number not in after and branch.change is None:
                text = f"A change concerns {element.name} number {number}, but the skeleton has only {len(after)} here."
                advice = f"Put {element.name} elements before it, empty ones if they do not change, to keep its place."
                self._add(broken(RequestRule.PLACE, branch.first().at, text, advice))
        if any(not after.get(number or 0) for number in marks):
            for warning in self.warnings[warned:]:
                self._add(replace(warning, rule=RequestRule.UNNAMED.value, severity=Severity.HARD))
            del self.warnings[warned:]

    def _keep_child(self, element: Element, held: Any, given: Any, path: Path) -> None:
        if not element.repeatable:
            self._keep(element, held, given, (*path, Step(element.name)))
            return
        before = numbered(element, held or [])
        for place, (number, entry) in enumerate(numbered(element, given).items(), start=1):
            self._keep(element, before.get(number), entry, (*path, Step(element.name, place)))

    def _keep(self, element: Element, held: Any, given: Any, path: Path) -> None:
        """What no change names must be as it stands already."""
        if given == held:
            return
        if not is_value(element):
            for name, node in given.items():
                self._keep_child(child_of(element, name), (held or {}).get(name), node, path)
            return
        found = "has no such value" if held is None else "has another value"
        text = f"The request gives a value for {element.name}, where the declaration {found}, but no pointer names it."
        advice = "Add an Amendment that points at it, or remove the value."
        if held is not None and _known_by_place(path):
            self._add(broken(RequestRule.BESIDE, path, text, f"{advice} The declaration keeps its own."))
        else:
            self._add(broken(RequestRule.UNNAMED, path, text, advice))

    def _add(self, fault: Fault) -> None:
        found = self.faults if fault.severity is Severity.HARD else self.warnings
        if len(found) < FAULTS_SHOWN:
            found.append(fault)

    def _required(self, element: Element, change: Change) -> None:
        text = f"{_name(change)} ({element.name}) would be removed, but it is required."
        advice = "Give its new value in the skeleton, or point at the class around it to remove that."
        self._add(broken(RequestRule.REQUIRED, change.at, text, advice))

    def _absent(self, element: Element, change: Change) -> None:
        text = f"{_name(change)} ({element.name}) is not in the declaration, and the request gives no value."
        advice = "Correct the pointer; or give the value at the same place in the skeleton to add it."
        self._add(broken(RequestRule.ABSENT, change.at, text, advice))


def _known_by_place(path: Path) -> bool:
    """Whether an element is within an entry that is known by its place, so that values beside it only identify it."""
    schemas = accumulate((step.name for step in path), "{}/{}".format)
    return any(ELEMENTS[schema].repeatable and not has_number(ELEMENTS[schema]) for schema in schemas)


def _in_schema_order(element: Element, merged: Tree, held: Tree | None) -> Tree:
    if merged.keys() <= (held or {}).keys():
        return merged
    return dict(_ordered(element, merged))


def _ordered(element: Element, merged: Tree) -> Iterator[tuple[str, Any]]:
    return ((name, merged[name]) for name in element.children if name in merged)
