"""The rulebook runs a rule only where the schema found nothing wrong with what the rule reads, and never fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree
from tests.properties import tries

Breaches = Callable[..., list[str]]
FaultsOf = Callable[..., list[Fault]]

JUNK = st.sampled_from(["", "x", "-", "1.5", [], ["x"], {}, {"#text": 5}, {"ID": ["x"]}, [{"ID": {}}]])


def test_a_rule_is_left_out_where_the_schema_found_its_element_broken(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsItemQuantity"] = "7"
    assert breaches(goods_import, broken=("Declaration/GoodsItemQuantity",)) == []


def test_a_rule_is_left_out_where_the_holder_of_its_element_is_broken(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"] = {}
    assert breaches(goods_import, broken=("Declaration/GoodsShipment",)) == []


def test_a_rule_runs_where_something_else_is_broken(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsItemQuantity"] = "7"
    assert breaches(goods_import, broken=("Declaration/InvoiceAmount",)) == ["hard WCO-ITEM-COUNT GoodsItemQuantity"]


def test_one_broken_leaf_does_not_silence_its_kind(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["ExportCountry"]["ID"] = "AA"
    item["Origin"][0]["CountryCode"] = "123"
    broken = ("Declaration/GoodsShipment/GovernmentAgencyGoodsItem/Origin/CountryCode",)
    assert breaches(goods_import, broken=broken) == ["hard WCO-COUNTRY-KNOWN GoodsShipment/ExportCountry/ID"]


def test_a_request_meets_no_rule_of_originals(breaches: Breaches) -> None:
    request = {"FunctionCode": "13", "FunctionalReferenceID": "K1", "ID": "26GBAB1234567890A1", "TypeCode": "INV"}
    assert breaches(request) == []


def test_a_message_of_unknown_function_meets_only_the_rules_for_all(breaches: Breaches) -> None:
    assert breaches({"FunctionCode": "14", "FunctionalReferenceID": "K1%"}) == [
        "hard WCO-LRN-CHARACTERS FunctionalReferenceID"
    ]


def nodes(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every node of a tree, by key and position."""
    if path:
        yield path
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in entries:
        yield from nodes(child, (*path, key))


@settings(max_examples=tries(3), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.data())
def test_no_broken_element_makes_a_rule_fail(choice: st.DataObject, goods_import: Tree, faults_of: FaultsOf) -> None:
    tree = copy.deepcopy(goods_import)
    path = choice.draw(st.sampled_from(list(nodes(tree))))
    parent: Any = tree
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = choice.draw(JUNK)
    broken = "/".join(("Declaration", *(step for step in path if isinstance(step, str) and step != "#text")))
    found = faults_of(tree, broken=(broken,))
    assert all(fault.text for fault in found)


def test_values_are_repeated_to_the_sender_escaped_and_cut(goods_import: Tree, faults_of: FaultsOf) -> None:
    goods_import["FunctionalReferenceID"] = "\u202e%" * 500
    assert all(len(fault.text) < 400 and fault.text.isascii() for fault in faults_of(goods_import, country="NO"))
