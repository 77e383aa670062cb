"""An import says what it is worth, and how that was found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]
AT = "GoodsShipment/GovernmentAgencyGoodsItem[1]"
NO_VALUE = f"warning GB-VALUATION-GIVEN {AT}/Commodity/InvoiceLine/ItemChargeAmount"
NO_METHOD = f"warning GB-VALUATION-GIVEN {AT}/CustomsValuation/MethodCode"


@pytest.mark.parametrize("kind", ["IMA", "IMB", "IMC", "IMD", "IMF", "IMK", "IMZ", "COA"])
@pytest.mark.parametrize("price", [None, "0", "0.00", "-0"])
def test_an_import_without_any_value_is_noticed(
    kind: str, price: str | None, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = kind
    del item["CustomsValuation"]
    line = {} if price is None else {"ItemChargeAmount": {"@currencyID": "GBP", "#text": price}}
    item["Commodity"]["InvoiceLine"] = line
    assert NO_VALUE in breaches(goods_import)


@pytest.mark.parametrize("kind", ["IMA", "IMD", "IMY", "IMZ", "COA"])
def test_a_full_import_says_how_its_value_was_found(
    kind: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = kind
    del item["CustomsValuation"]
    assert NO_METHOD in breaches(goods_import)


@pytest.mark.parametrize("kind", ["IMB", "IMC", "IMF", "IMJ", "EXD"])
def test_a_simplified_import_and_an_export_need_not(
    kind: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    goods_import["TypeCode"] = kind
    del item["CustomsValuation"]
    assert not [breach for breach in breaches(goods_import) if "VALUATION" in breach]


@pytest.mark.parametrize("procedure", ["00", "71", "76", "77", "78"])
def test_procedures_under_which_nothing_is_due_need_no_value(
    procedure: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    del item["CustomsValuation"], item["Commodity"]["InvoiceLine"]
    item["GovernmentProcedure"][0]["CurrentCode"] = procedure
    assert breaches(goods_import) == []


@pytest.mark.parametrize(
    ("method", "procedure", "told"),
    [("4", "E01", False), ("4", "1SV", False), ("4", "E02", False), ("4", "000", True), ("1", "E01", True)],
)
def test_perishable_goods_may_have_a_published_unit_price(
    method: str, procedure: str, told: bool, goods_import: Tree, breaches: Breaches
) -> None:
    first = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    first["CustomsValuation"]["MethodCode"] = method
    first["GovernmentProcedure"][1]["CurrentCode"] = procedure
    del first["Commodity"]["InvoiceLine"]
    assert (NO_VALUE in breaches(goods_import)) is told


def test_a_statistical_value_is_a_value(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["CustomsValuation"]["MethodCode"] = "4"
    del item["Commodity"]["InvoiceLine"]
    item["StatisticalValueAmount"] = {"@currencyID": "GBP", "#text": "900"}
    assert breaches(goods_import) == []
