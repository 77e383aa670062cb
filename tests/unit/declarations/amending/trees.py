"""Random declarations: trees that the schema allows, small, with odd numbers and empty classes now and then."""

from __future__ import annotations

import random
from typing import Any

from singlewindow.declarations.amending.apply import FIXED
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Declaration, Tree

ROOT = ELEMENTS["Declaration"]
PLAIN = {"@currencyID": "GBP", "@unitCode": "KGM", "@formatCode": "304"}


def random_tree(chance: random.Random) -> Tree:
    """A declaration in canonical form, without the elements that never change."""
    return in_canonical_form(_class(ROOT, chance, 0.25))


def varied(tree: Tree, chance: random.Random, rate: float = 0.1) -> Tree:
    """Another version of a declaration."""
    return in_canonical_form(_varied(ROOT, tree, chance, rate))


def in_canonical_form(tree: Tree) -> Tree:
    """The tree as it would be stored, apart from what never changes."""
    kept = {name: node for name, node in tree.items() if name not in FIXED}
    return decode_canonical(canonical_bytes(Declaration({"FunctionCode": "9", **kept})))


def _class(element: Element, chance: random.Random, rate: float) -> Tree:
    tree: Tree = {}
    for name in element.children:
        child = ELEMENTS[f"{element.path}/{name}"]
        if not child.minimum and chance.random() > rate:
            continue
        tree[name] = _entries(child, chance, rate) if child.repeatable else _node(child, chance, rate)
    return tree


def _entries(element: Element, chance: random.Random, rate: float) -> list[Any]:
    entries = [_node(element, chance, rate) for _ in range(chance.choice((1, 1, 2, 3)))]
    return _renumbered(entries, chance)


def _renumbered(entries: list[Any], chance: random.Random) -> list[Any]:
    """Mostly numbered from 1, sometimes with gaps, sometimes as they come."""
    how, number = chance.random(), 0
    for entry in entries:
        number += 1 if how < 0.6 else chance.choice((1, 2))
        if "SequenceNumeric" in entry and how < 0.9:
            entry["SequenceNumeric"] = str(number)
    return entries


def _node(element: Element, chance: random.Random, rate: float) -> Any:
    if element.kind == "class":
        return _class(element, chance, rate)
    text = chance.choice(("0", "1", "2")) if element.base == "decimal" else chance.choice(("A", "B"))
    names = [f"@{each.name}" for each in element.attributes if each.required or chance.random() < 0.5]
    return {**{name: PLAIN[name] for name in names}, "#text": text} if names else text


def _varied(element: Element, tree: Tree, chance: random.Random, rate: float) -> Tree:
    new: Tree = {}
    for name in element.children:
        child = ELEMENTS[f"{element.path}/{name}"]
        held = tree.get(name)
        if chance.random() < rate:
            if child.minimum or chance.random() < 0.5:
                new[name] = _entries(child, chance, 0.3) if child.repeatable else _node(child, chance, 0.3)
        elif isinstance(held, list):
            kept = [_varied(child, entry, chance, rate) for entry in held if chance.random() > rate]
            if kept:
                new[name] = kept
        elif held is not None:
            new[name] = _varied(child, held, chance, rate) if child.kind == "class" else held
    return new
