"""All leaves of one kind: every country code, every amount, every date.

One walk of the declaration collects the texts of all kinds, which is cheap. A rule about such leaves looks for the
exact places only if one of the texts is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from singlewindow.declarations.elements import ELEMENTS, Element, leaf_paths
from singlewindow.declarations.faults import Path
from singlewindow.declarations.model import ROOT, Tree, find_nodes, text_of

_COUNTRIES = ("CountryCode", "RoutingCountryCode", "RegistrationNationalityCode")
_SECRETS = ("AccessCode",)  # of a guarantee: a word agreed with its holder, in which small letters differ from capitals
_PARTIES, _OFFICES = "R", "G"
"""How the WCO ids of their identifiers begin."""
_PLACES = ("065", "D012", "L002", "L010", "381")
"""Office of lodgement, places by UN/LOCODE, and the WCO ids that pointers give."""
_WITHOUT_SPACE = ("009", "016", "065", "145", "159", "165")
"""UCR, office of lodgement, classification, container, seal."""
_FREE_IDENTIFIERS = ("MarksNumbersID", "PostcodeID")
_MASSES = ("GrossMassMeasure", "NetNetWeightMeasure", "TotalGrossMassMeasure")

Texts = dict["Leaves", list[str]]
Plan = dict[str, tuple[tuple["Leaves", ...], "Plan"]]
"""By name: the kinds of an element, and the elements below it."""


class Leaves:
    """The leaves of one kind: a fixed set of schema paths."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.relative = tuple(path.removeprefix("Declaration/") for path in paths)

    def located_texts(self, tree: Tree) -> Iterator[tuple[Path, str]]:
        """The texts of these leaves, each with its place."""
        for path in self.relative:
            for steps, node in find_nodes(tree, path):
                text = text_of(node)
                if text is not None:
                    yield (ROOT, *steps), text


def _selected_paths(choose: Callable[[str, str], bool]) -> tuple[str, ...]:
    leaves = (path for path, element in ELEMENTS.items() if element.kind == "leaf")
    return tuple(path for path in leaves if choose(path, path.rsplit("/", 1)[1]))


def _is_code_of_letters(element: Element) -> bool:
    return element.base == "code" and element.format.startswith("a")


COUNTRIES = Leaves(*_selected_paths(lambda path, name: name in _COUNTRIES or path.endswith("ExportCountry/ID")))
DATES = Leaves(*(path for path, element in ELEMENTS.items() if element.base == "date"))
MOMENTS = Leaves("Declaration/AcceptanceDateTime/DateTimeString", "Declaration/IssueDateTime/DateTimeString")
EVENTS = Leaves(*(path for path in DATES.paths if "EffectiveDateTime" not in path))
"""Things that have happened or will happen soon; a document may be valid for decades."""
DATE_FORMATS = Leaves(*(f"{path}/@formatCode" for path in DATES.paths))
DECIMALS = Leaves(*(path for path, element in ELEMENTS.items() if element.base == "decimal"))
MASSES = Leaves(*_selected_paths(lambda path, name: name in _MASSES))
MASS_UNITS = Leaves(*(f"{path}/@unitCode" for path in MASSES.paths))
AMOUNTS = Leaves(*_selected_paths(lambda path, name: name.endswith("Amount")))
AMOUNT_CURRENCIES = Leaves(*(f"{path}/@currencyID" for path in AMOUNTS.paths))
CURRENCIES = Leaves(*AMOUNT_CURRENCIES.paths, "Declaration/CurrencyExchange/CurrencyTypeCode")
CAPITALS = Leaves(
    *(path for path in _selected_paths(lambda _, name: name not in _SECRETS) if _is_code_of_letters(ELEMENTS[path])),
    *_selected_paths(lambda path, _: ELEMENTS[path].wco_id[:1] == _OFFICES or ELEMENTS[path].wco_id in _PLACES),
    *(path for path in leaf_paths() if path.endswith("/@unitCode") and path not in MASS_UNITS.paths),
)
"""Codes whose lists have capital letters and digits; units of mass have a rule of their own."""
UNBROKEN = Leaves(
    *_selected_paths(lambda path, name: name == "ID" and ELEMENTS[path].wco_id[:1] in (_PARTIES, _OFFICES)),
    *_selected_paths(lambda path, _: ELEMENTS[path].wco_id in _WITHOUT_SPACE),
    "Declaration/ID",
)
"""Identifiers of one word: parties, offices, containers, seals, MRN, UCR, commodity codes."""
CONTAINERS = Leaves(*_selected_paths(lambda path, name: path.endswith("TransportEquipment/ID")))
IDENTIFIERS = Leaves(
    *_selected_paths(
        lambda path, name: (
            name.endswith(("ID", "Code"))
            and name not in _FREE_IDENTIFIERS
            and not path.endswith(("Means/ID", "AdditionalDocument/ID", "Declaration/FunctionalReferenceID"))
        )
    )
)


class Walk:
    """Kinds of leaves whose texts are collected together."""

    def __init__(self, *kinds: Leaves) -> None:
        self._kinds = kinds
        self._plan: Plan = {}
        for kind in kinds:
            for path in kind.relative:
                self._add_path(kind, path.split("/"))

    def texts(self, tree: Tree) -> Texts:
        """The texts of all leaves by kind; those of a leaf and of its attribute come in the same order."""
        found: Texts = {kind: [] for kind in self._kinds}
        _collect_texts(tree, self._plan, found)
        return found

    def _add_path(self, kind: Leaves, names: list[str]) -> None:
        plan = self._plan
        for name in names[:-1]:
            plan = plan.setdefault(name, ((), {}))[1]
        kinds, below = plan.get(names[-1], ((), {}))
        plan[names[-1]] = ((*kinds, kind), below)


def _collect_texts(node: Tree, plan: Plan, found: Texts) -> None:
    for name, child in node.items():
        entry = plan.get(name)
        if entry is None:
            continue
        if type(child) is list:
            for each in child:
                _take_texts(each, entry, found)
        else:
            _take_texts(child, entry, found)


def _take_texts(node: Any, entry: tuple[tuple[Leaves, ...], Plan], found: Texts) -> None:
    kinds, below = entry
    if kinds:
        text = node if type(node) is str else text_of(node)
        if text is not None:
            for kind in kinds:
                found[kind].append(text)
    if below and type(node) is dict:
        _collect_texts(node, below, found)


COMMON = Walk(
    AMOUNT_CURRENCIES, AMOUNTS, CAPITALS, CONTAINERS, COUNTRIES, CURRENCIES, DATE_FORMATS, DATES, DECIMALS, EVENTS,
    MASS_UNITS, MASSES, MOMENTS, UNBROKEN,
)  # fmt: skip
"""The kinds that are collected from every declaration."""
