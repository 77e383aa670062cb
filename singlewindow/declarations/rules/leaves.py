"""Leaves of one kind wherever they stand: every country code, every amount, every date.

A rule about such leaves first takes all their texts in one descent, which is cheap, and walks again for the exact
places only where one of the texts is at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import Path
from singlewindow.declarations.model import ROOT, Tree, find, text_of

Plan = dict[str, "Plan | None"]

_COUNTRIES = ("CountryCode", "RoutingCountryCode", "RegistrationNationalityCode")
_FREE_IDENTIFIERS = ("MarksNumbersID", "PostcodeID")


def _selected(choose: Callable[[str, str], bool]) -> tuple[str, ...]:
    leaves = (path for path, element in ELEMENTS.items() if element.kind == "leaf")
    return tuple(path for path in leaves if choose(path, path.rsplit("/", 1)[1]))


COUNTRIES = _selected(lambda path, name: name in _COUNTRIES or path.endswith("ExportCountry/ID"))
DATES = tuple(path for path, element in ELEMENTS.items() if element.base == "date")
DECIMALS = tuple(path for path, element in ELEMENTS.items() if element.base == "decimal")
AMOUNTS = _selected(lambda path, name: name.endswith("Amount"))
CURRENCIES = (*(f"{path}/@currencyID" for path in AMOUNTS), "Declaration/CurrencyExchange/CurrencyTypeCode")
MASSES = _selected(lambda path, name: name in ("GrossMassMeasure", "NetNetWeightMeasure", "TotalGrossMassMeasure"))
IDENTIFIERS = _selected(
    lambda path, name: (
        name.endswith(("ID", "Code"))
        and name not in _FREE_IDENTIFIERS
        and not path.endswith(("Means/ID", "AdditionalDocument/ID", "Declaration/FunctionalReferenceID"))
    )
)


class Leaves:
    """A fixed set of schema paths, compiled for quick reading."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self._relative = tuple(path.removeprefix("Declaration/") for path in paths)
        self._plan: Plan = {}
        for path in self._relative:
            *parents, leaf = path.split("/")
            plan = self._plan
            for name in parents:
                plan = _inner(plan, name)
            plan[leaf] = None

    def texts(self, tree: Tree) -> list[str]:
        """The texts of all these leaves, in no useful order."""
        found: list[str] = []
        _collect(tree, self._plan, found)
        return found

    def places(self, tree: Tree) -> Iterator[tuple[Path, str]]:
        """The same texts, each with its place."""
        for path in self._relative:
            for steps, node in find(tree, path):
                text = text_of(node)
                if text is not None:
                    yield (ROOT, *steps), text


def _inner(plan: Plan, name: str) -> Plan:
    inner = plan.setdefault(name, {})
    if inner is None:
        raise ValueError(f"{name} is named both as a leaf and as the holder of one.")
    return inner


def _collect(node: Tree, plan: Plan, found: list[str]) -> None:
    for name, inner in plan.items():
        child = node.get(name)
        if child is None:
            continue
        if inner is None:
            text = child if type(child) is str else text_of(child)
            if text is not None:
                found.append(text)
        elif type(child) is dict:
            _collect(child, inner, found)
        elif type(child) is list:
            for entry in child:
                if type(entry) is dict:
                    _collect(entry, inner, found)
