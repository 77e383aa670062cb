"""Items and packages are counted as real declarations count them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.rules import Profile, Rulebook

Breaches = Callable[..., list[str]]


def test_an_item_above_the_limit_is_refused_at_its_place(goods_import: Tree) -> None:
    first = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [first, {**first, "SequenceNumeric": "2"}]
    goods_import["GoodsItemQuantity"] = "2"
    found = Rulebook(Profile("GB"), item_limit=1).check(Declaration(goods_import))
    places = [fault.path for fault in found if (fault.rule, fault.code) == ("WCO-ITEM-LIMIT", "TOO_MANY_ITEMS")]
    assert [place[-1].index for place in places] == [2]


def test_as_many_items_as_the_limit_are_accepted(goods_import: Tree) -> None:
    found = Rulebook(Profile("GB"), item_limit=1).check(Declaration(goods_import))
    assert found == []


@pytest.mark.parametrize("country", ["GB", "NO"])
@pytest.mark.parametrize("gone", ["GovernmentAgencyGoodsItem", "GoodsShipment"])
def test_an_original_without_items_is_refused_in_every_country(
    country: str, gone: str, goods_import: Tree, breaches: Breaches
) -> None:
    del (goods_import if gone == "GoodsShipment" else goods_import["GoodsShipment"])[gone]
    place = "WCO-ITEMS-PRESENT GoodsShipment/GovernmentAgencyGoodsItem"
    assert f"hard {place}" in breaches(goods_import, country=country)


@pytest.mark.parametrize("kind", ["NE", "NF", "NG", "VQ", "VL", "VY"])
def test_what_is_not_packed_has_no_packages_to_count(
    kind: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Packaging"] = [{"SequenceNumeric": "1", "QuantityQuantity": "0", "TypeCode": kind}]
    goods_import["TotalPackageQuantity"] = "0"
    assert breaches(goods_import) == []


@pytest.mark.parametrize("kind", ["CT", "PK", "BX", "PX", ""])
def test_packages_of_other_types_are_counted(kind: str, goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["Packaging"] = [{"SequenceNumeric": "1", "QuantityQuantity": "0", "TypeCode": kind}]
    goods_import["TotalPackageQuantity"] = "0"
    place = "GoodsShipment/GovernmentAgencyGoodsItem[1]/Packaging[1]/QuantityQuantity"
    assert breaches(goods_import) == ["warning WCO-PACKAGES-COUNTED " + place]


def test_an_amendment_may_hold_one_changed_item_with_its_own_number(item: Tree, breaches: Breaches) -> None:
    amendment = {
        "FunctionCode": "13",
        "FunctionalReferenceID": "KETTLES-2026-0001",
        "ID": "26GBAB1234567890A1",
        "TypeCode": "COR",
        "GoodsShipment": {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "3", "Commodity": item["Commodity"]}]},
    }
    assert breaches(amendment) == []


@pytest.mark.parametrize("written", ["01", "1", "001"])
def test_a_number_may_have_leading_zeros(written: str, goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["SequenceNumeric"] = written
    goods_import["GoodsItemQuantity"] = written
    assert breaches(goods_import) == []
