"""Reduces a declaration to what one agency may see: only what its entitlement names is shown.

Entitlements name values (leaf paths, attributes included), never whole classes, so that an element added to the model
later stays hidden until a law names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from singlewindow.declarations.elements import ELEMENTS, leaf_paths
from singlewindow.declarations.model import Tree, text_of

_LEAVES = frozenset(leaf_paths())

Cut = dict[str, Any]


@dataclass(frozen=True)
class Entitlement:
    """What an agency may see: `minimum` is what it needs to work, `maximum` the most the law allows; schema paths.

    Raises ValueError if a path names no value of the model, or if the minimum goes beyond the maximum.
    """

    minimum: frozenset[str]
    maximum: frozenset[str]

    def __post_init__(self) -> None:
        unknown = sorted((self.minimum | self.maximum) - _LEAVES)
        if unknown:
            raise ValueError(
                f"These paths name no value of a declaration: {', '.join(unknown)}. Correct or remove them."
            )
        beyond = sorted(self.minimum - self.maximum)
        if beyond:
            raise ValueError(f"These paths are in the minimum and not in the maximum: {', '.join(beyond)}.")

    @cached_property
    def nested_maximum(self) -> Cut:
        """The maximum as nested names: a class holds a dict, a value the tuple of the attributes shown with it."""
        cut: Cut = {}
        for path in self.maximum:
            if "/@" not in path:
                _enter_path(cut, path, tuple(self._visible_attributes(path)))
        return cut

    def _visible_attributes(self, path: str) -> list[str]:
        names = (attribute.name for attribute in ELEMENTS[path].attributes)
        return [f"@{name}" for name in names if f"{path}/@{name}" in self.maximum]


def _enter_path(cut: Cut, path: str, attributes: tuple[str, ...]) -> None:
    *classes, name = path.split("/")[1:]
    for step in classes:
        cut = cut.setdefault(step, {})
    cut[name] = attributes


def project(tree: Tree, entitlement: Entitlement, items: tuple[str, ...] = ()) -> Tree:
    """The part of `tree` that the entitlement's maximum shows; classes appear only around a value that is shown.

    `items` are the SequenceNumeric values of the goods items to keep; empty keeps all. `tree` is not changed.
    """
    return _visible_class(_with_items(tree, items) if items else tree, entitlement.nested_maximum)


def _with_items(tree: Tree, items: tuple[str, ...]) -> Tree:
    shipment = tree.get("GoodsShipment")
    if not shipment or "GovernmentAgencyGoodsItem" not in shipment:
        return tree
    kept = [item for item in shipment["GovernmentAgencyGoodsItem"] if text_of(item.get("SequenceNumeric")) in items]
    return {**tree, "GoodsShipment": {**shipment, "GovernmentAgencyGoodsItem": kept}}


def _visible_class(tree: Tree, cut: Cut) -> Tree:
    shown: Tree = {}
    for name, value in tree.items():
        below = cut.get(name)
        if below is None:
            continue
        if type(value) is str and type(below) is tuple:  # by far the most
            if value:
                shown[name] = value
            continue
        show: Callable[[Any, Any], Any] = _visible_class if isinstance(below, dict) else _visible_leaf
        if isinstance(value, list):
            entries = [entry for held in value if (entry := show(held, below))]
            if entries:
                shown[name] = entries
        elif entry := show(value, below):
            shown[name] = entry
    return shown


def _visible_leaf(value: object, attributes: tuple[str, ...]) -> object:
    if not isinstance(value, dict):
        return value
    found = {name: value[name] for name in attributes if name in value}
    return {**found, "#text": value["#text"]} if found else value["#text"]
