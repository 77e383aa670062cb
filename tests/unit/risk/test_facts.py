from __future__ import annotations

from dataclasses import replace

import pytest

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.model import Tree
from singlewindow.risk.fact_readers import EMPTY
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS, Facts
from tests.terms import TERMS

ALL_FACTS = {f"item.{name}": fact for name, fact in ITEM_FACTS.items()} | {
    f"declaration.{name}": fact for name, fact in DECLARATION_FACTS.items()
}


def item(name: str, tree: Tree) -> object:
    return Facts(ITEM_FACTS, tree, TERMS)[name]


def declared(name: str, tree: Tree) -> object:
    return Facts(DECLARATION_FACTS, tree, TERMS)[name]


@pytest.mark.parametrize("name", ALL_FACTS)
def test_a_fact_is_computed_from_leaves_that_exist(name: str) -> None:
    leaves = {path for path, element in ELEMENTS.items() if element.kind == "leaf"}
    attributes = {f"{path}/@{each.name}" for path, element in ELEMENTS.items() for each in element.attributes}
    assert set(ALL_FACTS[name].paths) <= leaves | attributes


@pytest.mark.parametrize("name", ALL_FACTS)
def test_a_fact_of_an_empty_tree_is_the_empty_value_of_its_kind(name: str) -> None:
    fact = ALL_FACTS[name]
    value = fact.read({}, TERMS)
    assert (value, type(value)) == (EMPTY[fact.kind], type(EMPTY[fact.kind]))


def test_the_commodity_code_is_the_tariff_one_in_digits() -> None:
    codes = [{"ID": "1234", "IdentificationTypeCode": "TRA"}, {"ID": "9302.00.00", "IdentificationTypeCode": "TSP"}]
    assert item("commodity_code", {"Commodity": {"Classification": codes}}) == "93020000"


def classified(*codes: str) -> Tree:
    """An item with classifications written as "TSP 93020000"."""
    entries = [dict(zip(("IdentificationTypeCode", "ID"), code.split(" ", 1), strict=False)) for code in codes]
    return {"Commodity": {"Classification": entries}}


def test_which_classification_is_the_tariff_code_is_the_countrys() -> None:
    tree = classified("TSP 93020000", "CG 64041100")
    assert Facts(ITEM_FACTS, tree, replace(TERMS, tariff_scheme="CG"))["commodity_code"] == "64041100"


@pytest.mark.parametrize("codes", [[], ["GN 36036000"], ["TSP 64041100", "TSP 36036000"], ["HS 640411"]])
def test_the_tariff_code_is_never_guessed(codes: list[str]) -> None:
    assert item("commodity_code", classified(*codes)) == ""


@pytest.mark.parametrize(
    "code",
    ["TSP 36036000", "HS 360360", "HS 3603", "SRZ 3603.60", "GN 36036000", "TRA 3603 6000", "X 36036000", "TRC 360360"],
)
def test_every_code_that_classifies_the_goods_is_seen(code: str) -> None:
    found = item("commodity_codes", classified("TSP 64041100", code))
    assert isinstance(found, list)
    assert any(number.startswith("3603") for number in found)


@pytest.mark.parametrize("addition", ["TRC 93", "TRA 9301", "GN 9301", "GN X411", "TRA C490", "TSP"])
def test_an_addition_to_the_tariff_code_is_no_code_of_goods(addition: str) -> None:
    assert item("commodity_codes", classified("TSP 64041100", addition)) == ["64041100"]


@pytest.mark.parametrize(
    ("code", "irregular"), [("93020000", False), ("930200", True), ("9302000090", True), ("", False)]
)
def test_a_tariff_code_of_another_length_than_the_tariffs_is_irregular(code: str, irregular: bool) -> None:
    terms = replace(TERMS, tariff_length=8)
    assert Facts(ITEM_FACTS, classified(f"TSP {code}"), terms)["commodity_code_irregular"] is irregular


def test_a_disguised_word_is_told_wherever_the_goods_are_described() -> None:
    tree = {
        "Commodity": {"Description": "P\u0456stols"},
        "AdditionalInformation": [{"StatementDescription": "gu\u200bns"}],
    }
    assert item("disguised_words", tree) == ["pistols", "guns"]


def test_a_disguised_name_is_told_of_every_party() -> None:
    tree = {"Exporter": {"Name": "Acm\u0435 Ltd"}, "GoodsShipment": {"Importer": {"Name": "Bo\xadlt"}}}
    assert declared("disguised_names", tree) == ["acme", "bolt"]


def test_the_procedure_has_four_characters_and_skips_additional_ones() -> None:
    procedures = [{"CurrentCode": "1CS"}, {"CurrentCode": "40", "PreviousCode": "71"}]
    assert item("procedure", {"GovernmentProcedure": procedures}) == "4071"


def test_additional_procedures_are_those_without_a_previous_one() -> None:
    procedures = [{"CurrentCode": "40", "PreviousCode": "00"}, {"CurrentCode": "1cs"}]
    assert item("additional_procedures", {"GovernmentProcedure": procedures}) == ["1CS"]


def test_a_document_code_joins_category_and_type() -> None:
    documents = [{"CategoryCode": "N", "TypeCode": "935"}, {"ID": "no code"}]
    assert item("document_codes", {"AdditionalDocument": documents}) == ["N935"]


def test_the_price_per_kilogram_of_goods_without_mass_is_zero() -> None:
    assert item("value_per_kg", {"Commodity": {"InvoiceLine": {"ItemChargeAmount": "10"}}}) == 0.0


def test_the_price_per_kilogram_is_price_by_net_mass() -> None:
    commodity = {
        "InvoiceLine": {"ItemChargeAmount": {"@currencyID": "GBP", "#text": "10"}},
        "GoodsMeasure": {"NetNetWeightMeasure": "4"},
    }
    assert item("value_per_kg", {"Commodity": commodity}) == 2.5


def test_the_currency_is_read_from_the_amount() -> None:
    amount = {"@currencyID": "GBP", "#text": "10"}
    assert item("currency", {"Commodity": {"InvoiceLine": {"ItemChargeAmount": amount}}}) == "GBP"


@pytest.mark.parametrize(("kind", "direction"), [("IMA", "import"), ("EXD", "export"), ("COA", "other")])
def test_the_direction_follows_from_the_declaration_type(kind: str, direction: str) -> None:
    assert declared("direction", {"TypeCode": kind}) == direction


def test_goods_with_a_container_number_are_containerised_whatever_the_flag_says() -> None:
    consignment = {"ContainerCode": "0", "TransportEquipment": [{"SequenceNumeric": "1", "ID": "MSCU1234566"}]}
    assert declared("containerised", {"GoodsShipment": {"Consignment": consignment}}) is True


def test_a_destination_given_for_an_item_only_is_still_the_destination() -> None:
    goods = [{"SequenceNumeric": "1", "Destination": {"CountryCode": "KP"}}]
    assert declared("destination_countries", {"GoodsShipment": {"GovernmentAgencyGoodsItem": goods}}) == ["KP"]


def test_the_gross_mass_is_the_sum_of_the_items_where_no_total_is_given() -> None:
    goods = [{"Commodity": {"GoodsMeasure": {"GrossMassMeasure": mass}}} for mass in ("1.5", "2.5")]
    assert declared("gross_mass_kg", {"GoodsShipment": {"GovernmentAgencyGoodsItem": goods}}) == 4.0


def test_items_are_counted_even_where_fewer_are_declared() -> None:
    tree = {"GoodsItemQuantity": "1", "GoodsShipment": {"GovernmentAgencyGoodsItem": [{}, {}]}}
    assert declared("item_count", tree) == 2
