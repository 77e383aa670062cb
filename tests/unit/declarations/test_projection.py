"""An agency sees what its entitlement names, and nothing else."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.declarations.elements import ELEMENTS, leaf_paths
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import Entitlement, project
from tests.unit.declarations.samples import full_class

LEAVES = list(leaf_paths())
FULL = full_class("Declaration", times=2)
ITEM = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"


def entitled(*paths: str) -> Entitlement:
    return Entitlement(frozenset(), frozenset(paths))


def visible(tree: Tree) -> set[str]:
    """The schema paths of all values and attributes in a tree."""
    return set(_visible(tree, "Declaration"))


def _visible(node: object, path: str) -> list[str]:
    if isinstance(node, list):
        return [found for entry in node for found in _visible(entry, path)]
    if isinstance(node, dict):
        parts = [_visible(value, path if name == "#text" else f"{path}/{name}") for name, value in node.items()]
        return [found for part in parts for found in part]
    return [path]


def test_nothing_is_shown_to_who_is_entitled_to_nothing() -> None:
    assert project(FULL, entitled()) == {}


def test_all_is_shown_to_who_is_entitled_to_all() -> None:
    assert project(FULL, entitled(*LEAVES)) == FULL


@pytest.mark.parametrize("path", [path for path in LEAVES if "/@" not in path])
def test_one_value_is_shown_and_nothing_beside_it(path: str) -> None:
    assert visible(project(FULL, entitled(path))) == {path}


@settings(deadline=None)
@given(st.sets(st.sampled_from(LEAVES)))
def test_exactly_what_is_entitled_is_shown(paths: set[str]) -> None:
    shown = {path for path in paths if "/@" not in path or path.rpartition("/@")[0] in paths}
    assert visible(project(FULL, entitled(*paths))) == shown


def test_an_attribute_without_its_value_is_not_shown() -> None:
    assert project(FULL, entitled("Declaration/InvoiceAmount/@currencyID")) == {}


def test_a_value_without_its_attribute_is_plain() -> None:
    assert project(FULL, entitled("Declaration/InvoiceAmount")) == {"InvoiceAmount": "1"}


def test_a_class_without_a_value_to_show_is_absent() -> None:
    tree = {"FunctionCode": "9", "Agent": {}, "GoodsShipment": {"Importer": {"Name": "A"}}}
    assert project(tree, entitled("Declaration/Agent/ID", "Declaration/GoodsShipment/Importer/ID")) == {}


def test_only_the_listed_items_are_shown() -> None:
    items = [{"SequenceNumeric": str(n), "Commodity": {"Description": f"goods {n}"}} for n in (1, 2, 3)]
    tree = {"GoodsShipment": {"GovernmentAgencyGoodsItem": items}}
    shown = project(tree, entitled(f"{ITEM}/Commodity/Description"), ("1", "3"))
    kept = [item["Commodity"]["Description"] for item in shown["GoodsShipment"]["GovernmentAgencyGoodsItem"]]
    assert kept == ["goods 1", "goods 3"]


def test_no_listed_item_present_shows_no_item() -> None:
    tree = {"GoodsShipment": {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "1"}]}}
    assert project(tree, entitled(f"{ITEM}/SequenceNumeric"), ("9",)) == {}


def test_the_declaration_itself_is_left_as_it_is() -> None:
    before = copy.deepcopy(FULL)
    project(FULL, entitled(*LEAVES[::3]), ("1",))
    assert before == FULL


@pytest.mark.parametrize("path", ["Declaration/Colour", "Declaration/Agent", "Declaration/TypeCode/@unitCode"])
def test_an_entitlement_to_what_is_no_value_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=path):
        entitled(path)


def test_a_minimum_beyond_the_maximum_is_refused() -> None:
    with pytest.raises(ValueError, match="Declaration/TypeCode"):
        Entitlement(frozenset({"Declaration/TypeCode"}), frozenset())


def test_every_value_of_the_model_is_in_the_synthetic_declaration() -> None:
    assert visible(FULL) == set(LEAVES)
    assert len([path for path in LEAVES if "/@" not in path]) == sum(e.kind == "leaf" for e in ELEMENTS.values())


def test_an_element_that_the_model_learns_tomorrow_is_shown_to_nobody() -> None:
    everything = Entitlement(minimum=frozenset(), maximum=frozenset(leaf_paths()))
    tomorrow: Tree = {"TypeCode": "IMA", "Tomorrow": "secret", "Declarant": {"ID": "1", "Tomorrow": {"Name": "secret"}}}
    assert project(tomorrow, everything) == {"TypeCode": "IMA", "Declarant": {"ID": "1"}}
