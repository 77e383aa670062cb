from __future__ import annotations

import pytest

from singlewindow.risk.fact_readers import (
    code_digits,
    mass_fact,
    normal_code,
    text_fact,
    texts_fact,
    total_fact,
    with_prefix,
)
from tests.terms import TERMS


def test_a_code_is_compared_in_upper_case_without_blanks() -> None:
    assert normal_code(" ir ") == "IR"


@pytest.mark.parametrize("written", ["9302.00 00", "93020000", "9302-00-00", "93o2OO00", " 93020000 "])
def test_a_classification_code_is_compared_by_its_digits(written: str) -> None:
    assert code_digits(written) == "93020000"


@pytest.mark.parametrize("written", ["VATZ", "X411", "9302A", "CV-203/A", ""])
def test_a_code_with_letters_is_not_compared_with_the_tariff(written: str) -> None:
    assert code_digits(written) == ""


def test_an_absent_text_reads_as_an_empty_one() -> None:
    assert text_fact("Exporter/Name").read({}, TERMS) == ""


def test_a_text_is_taken_from_the_first_place_that_has_one() -> None:
    fact = text_fact("Consignment/Consignor/ID", "GoodsShipment/Consignor/ID")
    assert fact.read({"GoodsShipment": {"Consignor": {"ID": "gb1"}}}, TERMS) == "GB1"


def test_repeated_values_are_listed_once() -> None:
    tree = {"Origin": [{"CountryCode": "IR"}, {"CountryCode": "ir"}, {"CountryCode": "KP"}]}
    assert texts_fact("Origin/CountryCode").read(tree, TERMS) == ["IR", "KP"]


def test_quantities_of_all_packages_are_added_up() -> None:
    tree = {"Packaging": [{"QuantityQuantity": "2"}, {"QuantityQuantity": "3"}]}
    assert total_fact("Packaging/QuantityQuantity").read(tree, TERMS) == 5.0


def test_a_mass_in_tonnes_is_given_in_kilograms() -> None:
    assert mass_fact("M").read({"M": {"@unitCode": "TNE", "#text": "1.5"}}, TERMS) == 1500.0


def test_a_mass_without_unit_is_kilograms() -> None:
    assert mass_fact("M").read({"M": "1.5"}, TERMS) == 1.5


def test_one_of_several_places_is_enough_to_be_entitled() -> None:
    fact = with_prefix("D", {"name": text_fact("A/ID", "B/ID")})["name"]
    assert fact.is_covered(frozenset({"D/B/ID"}))


def test_a_fact_that_needs_two_elements_is_not_covered_by_one() -> None:
    from singlewindow.risk.facts import ITEM_FACTS

    fact = ITEM_FACTS["document_codes"]
    assert not fact.is_covered(frozenset(fact.paths[:1]))
