"""How one fact is read from the tree: cleaned text, exact lists, numbers, and the schema paths they come from.

Codes and identifiers are trimmed and upper-cased, free text is read in its word form, so that a declaration cannot
slip past a condition by its spelling. Masses are in kilograms and amounts in the home currency; one that cannot be
converted is `Unmeasurable`. An absent value reads as "", [], 0.0, 0 or false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal

from singlewindow.declarations.masses import KILOGRAM, kilograms_of, unit_of
from singlewindow.declarations.model import Tree, text_of
from singlewindow.declarations.values import trimmed
from singlewindow.risk.terms import Terms
from singlewindow.risk.word_form import word_form

Value = str | float | int | bool | list[str]
Kind = Literal["text", "texts", "number", "count", "flag"]
Clean = Callable[[str], str]

EMPTY: Final[dict[Kind, Value]] = {"text": "", "texts": [], "number": 0.0, "count": 0, "flag": False}
_LETTERS_FOR_DIGITS = str.maketrans("OQIL", "0011", " .-/")
_HALF_A_LAST_PLACE = Decimal("0.000005")
"""How much rounding can change a declared exchange rate, which has five decimals."""


class Unmeasurable(Exception):  # noqa: N818 - named for what was found
    """A mass without a unit of mass, or an amount in a currency without a rate; with words for officer and trader."""

    def __init__(self, officer: str, trader: str) -> None:
        super().__init__(officer)
        self.officer, self.trader = officer, trader


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind, how it is read, and the schema `paths` it is computed from.

    With `alternatives` an entitlement to one of the paths is enough, otherwise all are needed; the unit or currency of
    a value is always needed with it. Text that has a `case` is in that case only, so a condition must compare it with
    such text. A fact that is `rated` rests on the rates of the day.
    """

    kind: Kind
    paths: tuple[str, ...]
    read: Callable[[Tree, Terms], Value]
    alternatives: bool = False
    case: Literal["upper", "lower", ""] = ""
    rated: bool = False

    def is_covered(self, entitled: frozenset[str]) -> bool:
        """Whether a holder of `entitled` (schema paths) may learn this fact."""
        needed = [path for path in self.paths if not self.alternatives or path.partition("/@")[0] in entitled]
        return bool(needed) and entitled.issuperset(needed)


def normal_code(text: str) -> str:
    """A code or identifier as compared: trimmed, in upper case."""
    return trimmed(text).upper()


def code_digits(text: str) -> str:
    """The digits of a classification code, without the dots and spaces of its printed form; "" if it has letters.

    Letters that look like digits count as those digits.
    """
    plain = text if text.isdecimal() else normal_code(text).translate(_LETTERS_FOR_DIGITS)
    return plain if plain.isdecimal() else ""


def nodes_at(tree: Tree, path: str) -> list[Any]:
    """Every node at `path` below `tree`, in document order."""
    return _descend(tree, _split_path(path))


def text_fact(*paths: str, clean: Clean = normal_code) -> Fact:
    """The first leaf that has a value, trying `paths` in order."""
    routes = _split_paths(paths)

    def read(tree: Tree, _: Terms) -> str:
        return next((clean(value) for route in routes for value in _texts_at(tree, route)), "")

    return Fact("text", paths, read, alternatives=len(paths) > 1, case=_letter_case(clean))


def texts_fact(*paths: str, clean: Clean = normal_code) -> Fact:
    """All distinct values at `paths`, in document order."""
    routes = _split_paths(paths)

    def read(tree: Tree, _: Terms) -> list[str]:
        return list(dict.fromkeys(clean(value) for route in routes for value in _texts_at(tree, route)))

    return Fact("texts", paths, read, alternatives=len(paths) > 1, case=_letter_case(clean))


def number_fact(path: str) -> Fact:
    """The first decimal at `path`, 0.0 if absent."""
    route = _split_path(path)

    def read(tree: Tree, _: Terms) -> float:
        return next((float(value) for value in _texts_at(tree, route)), 0.0)

    return Fact("number", (path,), read)


def total_fact(*paths: str) -> Fact:
    """The sum of the decimals at the first of `paths` that has any."""
    routes = _split_paths(paths)

    def read(tree: Tree, _: Terms) -> float:
        for route in routes:
            if values := _texts_at(tree, route):
                return float(sum(map(float, values)))
        return 0.0

    return Fact("number", paths, read, alternatives=len(paths) > 1)


def mass_fact(*paths: str, otherwise: str = "") -> Fact:
    """Like `total_fact`, in kilograms, whatever the unit of each leaf.

    If there is none, the one at `otherwise` is used, if visible: leaving a mass out must not make it small.
    """
    routes = _split_paths((*paths, otherwise) if otherwise else paths)

    def read(tree: Tree, _: Terms) -> float:
        for route in routes:
            if found := _descend(tree, route):
                return float(sum(map(_declared_kilograms, found)))
        return 0.0

    measured = tuple(each for path in paths for each in (path, f"{path}/@unitCode"))
    return Fact("number", measured, read, alternatives=len(paths) > 1)


def amount_fact(path: str, otherwise: str = "") -> Fact:
    """The first amount at `path` in the home currency, 0.0 if absent.

    If it is absent or zero, the one at `otherwise` is used, if visible.
    """
    routes = _split_paths((path, otherwise) if otherwise else (path,))

    def read(tree: Tree, terms: Terms) -> float:
        found = (_at_home(node, text, terms) for route in routes for node in _descend(tree, route)
                 if (text := text_of(node)))  # fmt: skip
        return next((value for value in found if value), 0.0)

    return Fact("number", (path, f"{path}/@currencyID"), read, rated=True)


def derived_fact(
    kind: Kind,
    paths: tuple[str, ...],
    read: Callable[[Tree, Terms], Value],
    alternatives: bool = False,
    rated: bool = False,
) -> Fact:
    """A fact with a reader of its own."""
    return Fact(kind, paths, read, alternatives, rated=rated)


def units_of(currency: str, terms: Terms) -> Decimal:
    """How many units of a currency one unit of the home currency buys; raises `Unmeasurable`."""
    units = Decimal(1) if currency == terms.currency else terms.rates.get(currency)
    if units is not None:
        return units
    why = f"is in {currency!r}, for which there is no rate on {terms.day}" if currency else "has no currency"
    raise Unmeasurable(f"An amount {why}.", f"Please provide the invoice, with the amount in {terms.currency}.")


def rate_deviation(declared: Decimal, units: Decimal) -> float:
    """The relative difference between a declared rate and the known one, in whichever direction it was quoted."""
    known = (units, 1 / units)
    return float(min(max(abs(declared - rate) - _HALF_A_LAST_PLACE, Decimal(0)) / rate for rate in known))


def with_prefix(prefix: str, facts: dict[str, Fact]) -> dict[str, Fact]:
    """The same facts with absolute paths, to compare them with an entitlement's."""
    return {name: replace(fact, paths=tuple(f"{prefix}/{path}" for path in fact.paths)) for name, fact in facts.items()}


def _letter_case(clean: Clean) -> Literal["upper", "lower"]:
    return "lower" if clean is word_form else "upper"


@cache
def _split_path(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _split_paths(paths: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(_split_path(path) for path in paths)


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


def _texts_at(tree: Tree, route: tuple[str, ...]) -> list[str]:
    if route[-1].startswith("@"):
        return [value for value in _descend(tree, route) if isinstance(value, str)]
    return [value for node in _descend(tree, route) if (value := text_of(node))]


def _declared_kilograms(node: object) -> float:
    value = text_of(node) or "0"
    if (unit := unit_of(node)) == KILOGRAM or not float(value):
        return float(value)
    kilograms = kilograms_of(node)
    if kilograms is None:
        trader = "Please provide the packing list, with the mass in kilograms."
        raise Unmeasurable(f"A mass has the unit {unit!r}, which is not a unit of mass.", trader)
    return float(kilograms)


def _at_home(node: object, value: str, terms: Terms) -> float:
    currency = str(node.get("@currencyID", "")) if isinstance(node, dict) else ""
    if currency == terms.currency or not float(value):
        return float(value)
    return float(Decimal(value) / units_of(currency, terms))
