"""Containers: what is numbered 0 is tolerated, an item may name the container, and its check digit is looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]


def test_an_equipment_line_numbered_0_is_tolerated(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["Consignment"]["TransportEquipment"][0]["SequenceNumeric"] = "0"
    assert breaches(goods_import) == []


def test_a_container_may_be_named_on_the_item_alone(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    equipment = goods_import["GoodsShipment"]["Consignment"].pop("TransportEquipment")
    item["Commodity"]["TransportEquipment"] = equipment
    assert breaches(goods_import) == []


def _name(tree: Tree, number: str, on_item: bool) -> None:
    equipment = tree["GoodsShipment"]["Consignment"]["TransportEquipment"]
    equipment[0]["ID"] = number
    if on_item:
        first = tree["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
        first["Commodity"]["TransportEquipment"] = tree["GoodsShipment"]["Consignment"].pop("TransportEquipment")


# The first is the standard's own example; the last leaves the remainder 10, for which 0 stands.
RIGHT = ["CSQU3054383", "TEXU3070079", "CSQZ3054387", "CSQJ3054386", "GVTU3000060"]


@pytest.mark.parametrize("on_item", [False, True])
@pytest.mark.parametrize("number", [*RIGHT, "CSQU 305438 3", "CSQU-305438/3", "AD12345", "Container123", "CSQR3054380",
                                    "CSQU30543830"])  # fmt: skip
def test_a_number_that_fits_or_has_another_form_is_left_alone(
    number: str, on_item: bool, goods_import: Tree, breaches: Breaches
) -> None:
    _name(goods_import, number, on_item)
    assert [breach for breach in breaches(goods_import) if "CHECK-DIGIT" in breach] == []


@pytest.mark.parametrize("on_item", [False, True])
@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("CSQU3054384", "CSQU3054383"),
        ("CSQU3054833", "CSQU3054830"),
        ("TEXU3070070", "TEXU3070079"),
        ("CSQU305438", "CSQU3054383"),
        ("csqu3054380", "CSQU3054383"),
        ("CSQU 305438-0", "CSQU3054383"),
    ],
)
def test_a_number_that_does_not_fit_is_answered_with_the_one_that_would(
    number: str, right: str, on_item: bool, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    _name(goods_import, number, on_item)
    found = [fault for fault in faults_of(goods_import) if fault.rule == "WCO-CONTAINER-CHECK-DIGIT"]
    assert [fault.severity for fault in found] == ["warning"]
    assert right in found[0].text
