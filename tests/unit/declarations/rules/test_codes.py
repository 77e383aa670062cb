"""Codes are in capitals; countries and currencies are those of ISO, and what a country adds holds there only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.leaves import CAPITALS
from tests.unit.declarations.rules.test_catalogue import put

Breaches = Callable[..., list[str]]
UNKNOWN = ["hard WCO-COUNTRY-KNOWN GoodsShipment/ExportCountry/ID"]


@pytest.mark.parametrize("code", ["ZF", "ZL", "ZG", "ZN", "ZU", "QU", "QS"])
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


@pytest.mark.parametrize("code", ["AA", "ZZ", "XX", "ZX", "UK"])
def test_a_code_that_nobody_lists_is_unknown(code: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["ExportCountry"]["ID"] = code
    assert breaches(goods_import) == UNKNOWN


@pytest.mark.parametrize("code", ["GBP", "EUR", "USD", "JPY", "CAD", "CNY", "NOK"])
def test_currencies_in_use_are_known(code: str, goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["StatisticalValueAmount"] = {"@currencyID": code, "#text": "1"}
    assert breaches(goods_import, country="NO") == []


ITEM = "GoodsShipment/GovernmentAgencyGoodsItem/0"
SMALL: dict[str, tuple[str, Any, str]] = {
    "declaration type": ("TypeCode", "imA", "'IMA'"),
    "country": ("GoodsShipment/Destination/CountryCode", "gb", "'GB'"),
    "country of export": ("GoodsShipment/ExportCountry/ID", "cN", "'CN'"),
    "origin": (f"{ITEM}/Origin/0/CountryCode", "cn", "'CN'"),
    "payment method": (f"{ITEM}/Commodity/DutyTaxFee/0/Payment/MethodCode", "e", "'E'"),
    "tax": (f"{ITEM}/Commodity/DutyTaxFee/1/TypeCode", "b00", "'B00'"),
    "authorisation": ("AuthorisationHolder/0/CategoryCode", "cgu", "'CGU'"),
    "category of a document": (f"{ITEM}/AdditionalDocument/0/CategoryCode", "n", "'N'"),
    "account": ("AdditionalDocument/0/TypeCode", "dan", "'DAN'"),
    "status of a document": (f"{ITEM}/AdditionalDocument/0/LPCOExemptionCode", "ac", "'AC'"),
    "previous document": ("GoodsShipment/PreviousDocument/0/TypeCode", "dcr", "'DCR'"),
    "category of a previous document": ("GoodsShipment/PreviousDocument/0/CategoryCode", "z", "'Z'"),
    "statement": (f"{ITEM}/AdditionalInformation/0/StatementCode", "niimp", "'NIIMP'"),
    "additional procedure": (f"{ITEM}/GovernmentProcedure/1/CurrentCode", "1cs", "'1CS'"),
    "scheme": (f"{ITEM}/Commodity/Classification/0/IdentificationTypeCode", "tsp", "'TSP'"),
    "package": (f"{ITEM}/Packaging/0/TypeCode", "ct", "'CT'"),
    "delivery terms": ("GoodsShipment/TradeTerms/ConditionCode", "cif", "'CIF'"),
    "place": ("GoodsShipment/TradeTerms/LocationID", "gbfxt", "'GBFXT'"),
    "kind of location": ("GoodsShipment/Consignment/GoodsLocation/TypeCode", "a", "'A'"),
    "office": ("ExitOffice", {"ID": "gb000060"}, "'GB000060'"),
    "unit": (f"{ITEM}/Commodity/GoodsMeasure/TariffQuantity", {"@unitCode": "ltr", "#text": "5"}, "'LTR'"),
    "transport charges": ("Consignment/Freight", {"PaymentMethodCode": "a"}, "'A'"),
    "currency exchange": ("CurrencyExchange", [{"CurrencyTypeCode": "gbp", "RateNumeric": "1"}], "'GBP'"),
}


@pytest.mark.parametrize("country", ["GB", "NO"])
@pytest.mark.parametrize("kind", SMALL)
def test_a_code_in_small_letters_is_refused_everywhere_with_its_right_spelling(
    kind: str, country: str, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    path, value, right = SMALL[kind]
    put(goods_import, path, value)
    (fault,) = faults_of(goods_import, country=country)
    assert (fault.rule, fault.severity) == ("WCO-CODE-CAPITALS", "hard")
    assert right in fault.text


def test_a_code_that_is_in_no_list_in_capitals_either_is_told_as_unknown_too(
    goods_import: Tree, breaches: Breaches
) -> None:
    goods_import["GoodsShipment"]["ExportCountry"]["ID"] = "uk"
    assert UNKNOWN[0] in breaches(goods_import)


def test_a_national_rule_is_not_escaped_by_a_small_letter(goods_import: Tree, breaches: Breaches) -> None:
    del goods_import["AdditionalDocument"]
    for tax in goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]["Commodity"]["DutyTaxFee"]:
        tax["Payment"]["MethodCode"] = "e"
    assert "hard GB-DEFERMENT-ACCOUNT AdditionalDocument[1]/ID" in breaches(goods_import)


def test_a_request_with_a_code_in_small_letters_is_refused(breaches: Breaches) -> None:
    request = {"FunctionCode": "13", "ID": "26GB00000000000001", "FunctionalReferenceID": "R1", "TypeCode": "cor"}
    assert breaches(request) == ["hard WCO-CODE-CAPITALS TypeCode"]


def test_the_access_code_of_a_guarantee_is_kept_as_it_was_agreed(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["ObligationGuarantee"][0]["AccessCode"] = "aB1z"
    assert breaches(goods_import) == []


def test_every_code_that_may_hold_letters_is_one_of_capitals_or_a_named_exception() -> None:
    codes = {path for path, element in ELEMENTS.items() if element.base == "code" and element.format[0] == "a"}
    assert codes - {*CAPITALS.paths} == {"Declaration/ObligationGuarantee/AccessCode"}
