"""The type of an original is of a list in every country, and says who needs no tariff code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]
UNKNOWN = "hard WCO-TYPE-KNOWN TypeCode"
NO_CODE = "hard WCO-TARIFF-CODE-GIVEN GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/Classification[{}]/ID"


@pytest.mark.parametrize("country", ["GB", "NO"])
@pytest.mark.parametrize("kind", ["YYY", "IM", "IMAA", "IM1", "A", "COÄ", "IM ", "INV", "IMG", "XMA"])
def test_a_type_that_is_not_listed_is_refused_in_every_country(
    kind: str, country: str, goods_import: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = kind
    assert UNKNOWN in breaches(goods_import, country=country)


@pytest.mark.parametrize("country", ["GB", "NO"])
def test_an_original_without_a_type_is_refused(country: str, goods_import: Tree, breaches: Breaches) -> None:
    del goods_import["TypeCode"]
    assert UNKNOWN in breaches(goods_import, country=country)


@pytest.mark.parametrize("country", ["GB", "NO"])
def test_an_original_without_a_declarant_is_refused(country: str, goods_import: Tree, breaches: Breaches) -> None:
    del goods_import["Declarant"]
    assert "hard WCO-DECLARANT-GIVEN Declarant/ID" in breaches(goods_import, country=country)


@pytest.mark.parametrize(
    ("commodity", "place"),
    [
        (None, 1),
        ({}, 1),
        ({"Classification": []}, 1),
        ({"Classification": [{}]}, 2),
        ({"Classification": [{"ID": "73239300"}]}, 2),
        ({"Classification": [{"IdentificationTypeCode": "TSP"}]}, 2),
        ({"Classification": [{"ID": "00", "IdentificationTypeCode": "TRC"}]}, 2),
        ({"Classification": [{"ID": "73239300", "IdentificationTypeCode": "XYZ"}]}, 2),
        ({"Description": "Steel kettles"}, 1),
    ],
)
def test_an_item_without_a_tariff_code_is_refused_in_every_country(
    commodity: Any, place: int, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    if commodity is None:
        del item["Commodity"]
    else:
        item["Commodity"] = commodity
    for country in ("GB", "NO"):
        assert NO_CODE.format(place) in breaches(goods_import, country=country)


def test_an_item_that_holds_only_its_number_is_refused(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [{"SequenceNumeric": "1"}]
    assert NO_CODE.format(1) in breaches(goods_import)


@pytest.mark.parametrize("kind", ["IMC", "IMF", "IMJ", "IMK", "IMQ", "COC"])
def test_types_that_the_profile_lists_need_no_tariff_code(
    kind: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = kind
    del item["Commodity"]["Classification"]
    assert breaches(goods_import) == []
    assert breaches(goods_import, country="NO") != []


@pytest.mark.parametrize("kind", ["IMA", "IMB", "IMD", "IMY", "IMZ", "COA"])
def test_other_types_need_one(kind: str, goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    goods_import["TypeCode"] = kind
    del item["Commodity"]["Classification"]
    assert NO_CODE.format(1) in breaches(goods_import)


@pytest.mark.parametrize(("procedure", "out"), [("40", False), ("53", False), ("10", True), ("31", True), ("22", True)])
def test_trade_with_special_territories_meets_the_rules_of_its_direction(
    procedure: str, out: bool, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = "COA"
    del goods_import["Agent"]
    item["GovernmentProcedure"][0]["CurrentCode"] = procedure
    found = breaches(goods_import)
    assert ("hard GB-EXIT-OFFICE ExitOffice/ID" in found) is out
    assert ("hard GB-REPRESENTATIVE Agent/FunctionCode" in found) is not out
