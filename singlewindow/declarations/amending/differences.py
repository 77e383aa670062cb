"""What differs between two versions of a declaration, as changes, and the skeleton that gives their new values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from singlewindow.declarations.amending.apply import Branch, planted
from singlewindow.declarations.amending.changes import (
    NUMBER,
    Change,
    child_of,
    declared_numbers,
    has_number,
    is_value,
    numbered,
)
from singlewindow.declarations.amending.pointing import DECLARATION
from singlewindow.declarations.elements import Element
from singlewindow.declarations.faults import Path, Step
from singlewindow.declarations.model import ROOT, Tree


def changes_between(old: Tree, new: Tree) -> list[Change]:
    """The changes that turn `old` into `new`, in the order of the schema: `apply(old, changes, new)` gives `new`.

    Each concerns the smallest element there is: a value, or a class that only one of the two has. Both trees are in
    canonical form. `at` is the element itself, in `new` or, if it was removed, in `old`.
    """
    return list(_between(DECLARATION, old, new, (ROOT,), (ROOT,)))


def _between(element: Element, old: Tree, new: Tree, path: Path, at: Path) -> Iterator[Change]:
    for name in element.children:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        child = child_of(element, name)
        if child.repeatable:
            yield from _between_lists(child, before or [], after or [], path, at)
        else:
            yield from _between_nodes(child, before, after, (*path, Step(name)), (*at, Step(name)))


def _between_lists(element: Element, old: list[Any], new: list[Any], path: Path, at: Path) -> Iterator[Change]:
    before, after = numbered(element, old), numbered(element, new)
    old_places = {number: place for place, number in enumerate(before, start=1)}
    new_places = {number: place for place, number in enumerate(after, start=1)}
    for number in sorted(before.keys() | after.keys()):
        place = new_places[number] if number in new_places else old_places[number]
        here = (*path, Step(element.name, number)), (*at, Step(element.name, place))
        yield from _between_nodes(element, before.get(number), after.get(number), *here)


def _between_nodes(element: Element, old: Any, new: Any, path: Path, at: Path) -> Iterator[Change]:
    if old == new:
        return
    if old is None or new is None or is_value(element):
        yield Change(path, at)
    else:
        yield from _between(element, old, new, path, at)


def changed_values(new: Tree, changes: Iterable[Change]) -> Tree:
    """The skeleton of `new` with the elements that the changes name, so that it can stand for `new` in `apply`.

    Required values, such as a SequenceNumeric, stay; where entries are known by their place, empty ones keep it.
    Raises ValueError if two changes concern the same element.
    """
    return _extracted(DECLARATION, new, planted(changes))


def _extracted(element: Element, new: Tree, branch: Branch) -> Tree:
    skeleton = {}
    for name in element.children:
        marks = branch.below.get(name)
        child = child_of(element, name)
        if name not in new or not (marks or child.minimum):
            continue
        if not marks:
            skeleton[name] = new[name]
        elif child.repeatable:
            if entries := _entries(child, new[name], marks):
                skeleton[name] = entries
        elif (node := _part(child, new[name], marks[None])) or marks[None].change:
            skeleton[name] = node
    return skeleton


def _part(element: Element, node: Any, branch: Branch) -> Any:
    return node if branch.change else _extracted(element, node, branch)


def _entries(element: Element, new: list[Any], marks: dict[int | None, Branch]) -> list[Any]:
    entries = numbered(element, new)
    last = max((number for number in entries if number in marks), default=0)
    if has_number(element):
        last = max(entries) if last else 0
    named = has_number(element) and list(entries) == declared_numbers(new)
    return [
        _part(element, node, marks[number]) if number in marks else _placeholder(node)
        for number, node in entries.items()
        if number in marks or (number <= last and not named)
    ]


def _placeholder(node: Tree) -> Tree:
    return {NUMBER: node[NUMBER]} if NUMBER in node else {}
