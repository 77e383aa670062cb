"""What a release time study groups declarations by, as it stood when they were lodged (WCO Time Release Study guide).

It goes into the event of the lodgement, so that a study needs nothing but the trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from singlewindow.declarations.model import Tree
from singlewindow.risk.fact_readers import nodes_at
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS
from singlewindow.risk.terms import Terms

_OF_DECLARATION: Final = {
    "type": "type",
    "mode": "transport_mode_border",
    "lodgement_office": "lodgement_office",
    "presentation_office": "presentation_office",
    "exit_office": "exit_office",
    "items": "item_count",
    "trusted": "trusted_party_roles",
    "authorisations": "authorisation_types",
}
_ITEM: Final = "GoodsShipment/GovernmentAgencyGoodsItem"
_CHAPTER: Final = 2
"""How many digits of a classification code name its chapter (Harmonized System)."""


def study_dimensions(tree: Tree, terms: Terms) -> dict[str, Any]:
    """What a study groups by; a dimension that the declaration does not name is left out."""
    found = {name: DECLARATION_FACTS[fact].read(tree, terms) for name, fact in _OF_DECLARATION.items()}
    items = nodes_at(tree, _ITEM)
    codes = (code for item in items for code in _texts(ITEM_FACTS["commodity_codes"].read(item, terms)))
    procedures = (str(ITEM_FACTS["procedure"].read(item, terms)) for item in items)
    found |= {"chapters": _distinct(code[:_CHAPTER] for code in codes), "procedures": _distinct(procedures)}
    return {name: value for name, value in found.items() if value}


def _texts(value: Any) -> list[str]:
    return list(value)


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
