"""Previous documents: on the shipment or on the item, and what stands for the consignment's reference."""

from __future__ import annotations

from collections.abc import Callable

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]


def test_a_previous_document_may_stand_on_the_item(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["PreviousDocument"] = goods_import["GoodsShipment"].pop("PreviousDocument")
    assert breaches(goods_import) == []


def test_the_consignment_reference_of_an_export_may_be_its_ucr(goods_export: Tree, breaches: Breaches) -> None:
    goods_export["GoodsShipment"]["PreviousDocument"][0]["TypeCode"] = "CLE"
    goods_export["GoodsShipment"]["UCR"] = {"TraderAssignedReferenceID": "6GB111222333000-KETTLES1"}
    assert breaches(goods_export) == []
