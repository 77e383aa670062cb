"""Countries and currencies are those of ISO, and what a country adds holds there only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]
UNKNOWN = ["hard WCO-COUNTRY-KNOWN GoodsShipment/ExportCountry/ID"]


@pytest.mark.parametrize("code", ["ZG", "ZN", "ZU", "QU", "QS"])
def test_a_code_that_one_country_adds_is_unknown_in_others(code: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["ExportCountry"]["ID"] = code
    assert breaches(goods_import) == []
    assert breaches(goods_import, country="NO") == UNKNOWN


@pytest.mark.parametrize("code", ["EU", "XI", "XK"])
def test_codes_in_customs_use_beyond_iso_are_known_everywhere(
    code: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Origin"][0]["CountryCode"] = code
    assert breaches(goods_import, country="NO") == []


@pytest.mark.parametrize("code", ["AA", "ZZ", "XX", "gb", "UK"])
def test_a_code_that_nobody_lists_is_unknown(code: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["ExportCountry"]["ID"] = code
    assert breaches(goods_import) == UNKNOWN


@pytest.mark.parametrize("code", ["GBP", "EUR", "USD", "JPY", "CAD", "CNY", "NOK"])
def test_currencies_in_use_are_known(code: str, goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["StatisticalValueAmount"] = {"@currencyID": code, "#text": "1"}
    assert breaches(goods_import, country="NO") == []
