"""Items and packages are counted as real declarations count them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.rules.book import Rulebooks

Breaches = Callable[..., list[str]]


def test_an_item_above_the_limit_is_refused_at_its_place(goods_import: Tree) -> None:
    first = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [first, {**first, "SequenceNumeric": "2"}]
    goods_import["GoodsItemQuantity"] = "2"
    found = Rulebooks({}, item_limit=1, home="GB").for_country("").check(Declaration(goods_import))
    places = [fault.path for fault in found if (fault.rule, fault.code) == ("WCO-ITEM-LIMIT", "TOO_MANY_ITEMS")]
    assert [place[-1].index for place in places] == [2]


def test_as_many_items_as_the_limit_are_accepted(goods_import: Tree) -> None:
    found = Rulebooks({}, item_limit=1, home="GB").for_country("").check(Declaration(goods_import))
    assert found == []


def test_an_original_without_items_is_refused_where_the_country_is_strict(
    goods_import: Tree, breaches: Breaches
) -> None:
    del goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    place = "WCO-ITEMS-PRESENT GoodsShipment/GovernmentAgencyGoodsItem"
    assert f"hard {place}" in breaches(goods_import)
    assert f"warning {place}" in breaches(goods_import, country="NO")


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
