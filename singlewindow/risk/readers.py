"""How one fact is read from the tree: cleaned text, exact lists, numbers, and the schema paths they come from.

Codes and identifiers are trimmed and upper-cased, free text is folded (NFKC, case, invisible characters), so that a
declaration cannot slip past a condition by its spelling. An absent value reads as "", [], 0.0, 0 or false.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal

from singlewindow.declarations.model import Tree, text_of
from singlewindow.declarations.values import trimmed
from singlewindow.risk.terms import Terms

Value = str | float | int | bool | list[str]
Kind = Literal["text", "texts", "number", "count", "flag"]
Clean = Callable[[str], str]

EMPTY: Final[dict[Kind, Value]] = {"text": "", "texts": [], "number": 0.0, "count": 0, "flag": False}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_KILOGRAMS = {"GRM": 0.001, "KGM": 1.0, "TNE": 1000.0}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind, how it is read, and the schema `paths` it is computed from.

    With `alternatives` an entitlement to one of the paths is enough, otherwise all are needed. Text that has a `case`
    is in that case only, so a condition must compare it with such text.
    """

    kind: Kind
    paths: tuple[str, ...]
    read: Callable[[Tree, Terms], Value]
    alternatives: bool = False
    case: Literal["upper", "lower", ""] = ""

    def covered(self, entitled: frozenset[str]) -> bool:
        """Whether a holder of `entitled` (schema paths) may learn this fact."""
        inside = [path in entitled for path in self.paths]
        return any(inside) if self.alternatives else all(inside)


def code(text: str) -> str:
    """A code or identifier as compared: trimmed, in upper case."""
    return trimmed(text).upper()


def tariff_code(text: str) -> str:
    """A classification code without the dots and blanks of its printed form."""
    return code(text).replace(".", "").replace(" ", "")


def fold(text: str) -> str:
    """Free text as compared: compatibility form, lower case, no invisible characters, single blanks."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.casefold().split())


def nodes(tree: Tree, path: str) -> list[Any]:
    """Every node at `path` below `tree`, in document order."""
    return _descend(tree, _route(path))


def text(*paths: str, clean: Clean = code) -> Fact:
    """The first leaf that has a value, looking through `paths` in their order."""
    routes = _routes(paths)

    def read(tree: Tree, _: Terms) -> str:
        return next((clean(value) for route in routes for value in _texts(tree, route)), "")

    return Fact("text", paths, read, alternatives=len(paths) > 1, case=_case(clean))


def texts(*paths: str, clean: Clean = code) -> Fact:
    """All distinct values at `paths`, in document order."""
    routes = _routes(paths)

    def read(tree: Tree, _: Terms) -> list[str]:
        return list(dict.fromkeys(clean(value) for route in routes for value in _texts(tree, route)))

    return Fact("texts", paths, read, alternatives=len(paths) > 1, case=_case(clean))


def number(path: str) -> Fact:
    """The first decimal at `path`, 0.0 where absent."""
    route = _route(path)

    def read(tree: Tree, _: Terms) -> float:
        return next((float(value) for value in _texts(tree, route)), 0.0)

    return Fact("number", (path,), read)


def total(*paths: str) -> Fact:
    """The sum of the decimals at the first of `paths` that has any."""
    routes = _routes(paths)

    def read(tree: Tree, _: Terms) -> float:
        for route in routes:
            if values := _texts(tree, route):
                return float(sum(map(float, values)))
        return 0.0

    return Fact("number", paths, read, alternatives=len(paths) > 1)


def mass(*paths: str) -> Fact:
    """Like `total`, in kilograms: the unit code of the leaf counts where it is seen, without one it is kilograms."""
    routes = _routes(paths)

    def read(tree: Tree, _: Terms) -> float:
        for route in routes:
            if found := _descend(tree, route):
                return float(sum(map(_kilograms, found)))
        return 0.0

    return Fact("number", paths, read, alternatives=len(paths) > 1)


def derived(
    kind: Kind, paths: tuple[str, ...], read: Callable[[Tree, Terms], Value], alternatives: bool = False
) -> Fact:
    """A fact with a reader of its own."""
    return Fact(kind, paths, read, alternatives)


def under(prefix: str, facts: dict[str, Fact]) -> dict[str, Fact]:
    """The same facts with their paths made absolute, so that they compare with an entitlement's."""
    return {name: replace(fact, paths=tuple(f"{prefix}/{path}" for path in fact.paths)) for name, fact in facts.items()}


def _case(clean: Clean) -> Literal["upper", "lower"]:
    return "lower" if clean is fold else "upper"


@cache
def _route(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _routes(paths: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(_route(path) for path in paths)


def _descend(tree: Tree, route: tuple[str, ...]) -> list[Any]:
    node: Any = tree
    for depth, name in enumerate(route, start=1):
        node = node.get(name) if type(node) is dict else None
        if node is None:
            return []
        if type(node) is list:
            if len(node) != 1:
                return [found for each in node for found in _descend(each, route[depth:])]
            node = node[0]
    return [node]


def _texts(tree: Tree, route: tuple[str, ...]) -> list[str]:
    if route[-1].startswith("@"):
        return [value for value in _descend(tree, route) if isinstance(value, str)]
    return [value for node in _descend(tree, route) if (value := text_of(node))]


def _kilograms(node: object) -> float:
    unit = node.get("@unitCode", "KGM") if isinstance(node, dict) else "KGM"
    return float(text_of(node) or 0) * _KILOGRAMS.get(unit, 1.0)
