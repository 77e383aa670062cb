"""An item has one tariff code at most, of pairs of digits; a length that is not the country's is accepted and told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.rules.book import Rulebook
from singlewindow.declarations.rules.profiles import Profile

Breaches = Callable[..., list[str]]
AT = "GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity"
DIGITS = f"hard WCO-COMMODITY-DIGITS {AT}/Classification[1]/ID"
ONCE = f"hard WCO-TARIFF-CODE-ONCE {AT}/Classification[3]/ID"
LENGTH = f"warning GB-COMMODITY-CODE {AT}/Classification[1]/ID"


@pytest.mark.parametrize(
    "code", ["8061010", "806101", "080610100", "73239", "1", "7323.93", "7323930O", "732393l0", "7323x"]
)
@pytest.mark.parametrize("country", ["GB", "FR"])
def test_letters_and_an_odd_number_of_digits_are_refused(
    code: str, country: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"][0]["ID"] = code
    refused = len(code) % 2 == 1 or not code.isdigit()
    assert (DIGITS in breaches(goods_import, country=country)) is refused


@pytest.mark.parametrize("scheme", ["HS", "SRZ", "hs"])
def test_other_schemes_of_the_harmonized_system_are_held_to_it_too(
    scheme: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"].append({"ID": "73239", "IdentificationTypeCode": scheme})
    assert f"hard WCO-COMMODITY-DIGITS {AT}/Classification[3]/ID" in breaches(goods_import)


@pytest.mark.parametrize("code", ["73", "7323", "732393", "7323930000"])
def test_an_unexpected_even_length_is_accepted_with_a_warning(
    code: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"][0]["ID"] = code
    assert breaches(goods_import) == [LENGTH]


@pytest.mark.parametrize("second", ["36036000", "73239300", "360360", "3603"])
@pytest.mark.parametrize("country", ["GB", "FR"])
def test_a_second_tariff_code_is_refused_in_every_country(
    second: str, country: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"].append({"ID": second, "IdentificationTypeCode": "TSP"})
    assert breaches(goods_import, country=country)[:1] == [ONCE]


def test_additions_and_other_schemes_stand_beside_the_tariff_code(
    goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"] += [
        {"ID": "VATZ", "IdentificationTypeCode": "GN"},
        {"ID": "2501", "IdentificationTypeCode": "TRA"},
        {"ID": "732393", "IdentificationTypeCode": "HS"},
    ]
    assert breaches(goods_import) == []


def test_which_scheme_is_the_tariff_is_the_countrys(goods_import: Tree, item: Tree) -> None:
    codes = [{"ID": "7323930", "IdentificationTypeCode": "CG"}, {"ID": "36036000", "IdentificationTypeCode": "CG"}]
    item["Commodity"]["Classification"] = codes
    book = Rulebook(Profile("", tariff_scheme="CG"), item_limit=9)
    found = {fault.rule for fault in book.check(Declaration(goods_import))}
    assert {"WCO-COMMODITY-DIGITS", "WCO-TARIFF-CODE-ONCE"} <= found
