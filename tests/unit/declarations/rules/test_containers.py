"""Containers: what is numbered 0 is tolerated, and an item may name the container."""

from __future__ import annotations

from collections.abc import Callable

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]


def test_an_equipment_line_numbered_0_is_tolerated(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["Consignment"]["TransportEquipment"][0]["SequenceNumeric"] = "0"
    assert breaches(goods_import) == []


def test_a_container_may_be_named_on_the_item_alone(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    equipment = goods_import["GoodsShipment"]["Consignment"].pop("TransportEquipment")
    item["Commodity"]["TransportEquipment"] = equipment
    assert breaches(goods_import) == []
