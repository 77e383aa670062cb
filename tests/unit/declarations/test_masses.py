"""The units of mass say how many kilograms they are, exactly, each by its own definition."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from singlewindow.declarations.codelists import MASS_QUALIFIERS, MASS_UNITS
from singlewindow.declarations.masses import FACTORS, kilograms_of, mass_in_words

POUND, GRAIN = Fraction("0.45359237"), Fraction("0.45359237") / 7000
GRAM = Fraction(1, 1000)
DEFINITIONS = {
    "KGM": 1000 * GRAM,
    "GRM": GRAM,
    "TNE": 1_000_000 * GRAM,
    "2U": 1_000_000 * GRAM,
    "KTN": 10**9 * GRAM,
    "DTN": 10**5 * GRAM,
    "DTH": 10**5 * GRAM,
    "HGM": 100 * GRAM,
    "DJ": 10 * GRAM,
    "DG": GRAM / 10,
    "CGM": GRAM / 100,
    "MGM": GRAM / 1000,
    "MC": GRAM / 10**6,
    "CTM": GRAM / 5,
    "M86": 500 * GRAM,
    "LBR": POUND,
    "ONZ": POUND / 16,
    "DRI": POUND / 256,
    "STI": 14 * POUND,
    "CWA": 100 * POUND,
    "CWI": 112 * POUND,
    "STN": 2000 * POUND,
    "LTN": 2240 * POUND,
    "GRN": GRAIN,
    "DWT": 24 * GRAIN,
    "DRA": 60 * GRAIN,
    "APZ": 480 * GRAIN,
    "LBT": 5760 * GRAIN,
}


def test_every_unit_weighs_what_its_definition_says() -> None:
    assert {unit: Fraction(factor) for unit, factor in MASS_UNITS.items()} == DEFINITIONS


def test_a_qualifier_leaves_the_unit_what_it_is() -> None:
    assert len(FACTORS) == len(MASS_UNITS) * (1 + len(MASS_QUALIFIERS))
    assert {FACTORS[f"TNE#{qualifier}"] for qualifier in MASS_QUALIFIERS} == {Decimal(1000)}


@pytest.mark.parametrize(
    ("leaf", "kilograms"),
    [
        ("1.5", "1.5"),
        ({"#text": "1.5"}, "1.5"),
        ({"@unitCode": "KGM", "#text": "1.5"}, "1.5"),
        ({"@unitCode": "DTN", "#text": "240"}, "24000"),
        ({"@unitCode": "TNE#I", "#text": "24"}, "24000"),
        ({"@unitCode": "LBR", "#text": "900"}, "408.233133"),
        ({"@unitCode": "DRI", "#text": "9999999999.999999"}, "17718451.9531249982281548046875"),
    ],
)
def test_a_mass_is_turned_into_kilograms_without_rounding(leaf: object, kilograms: str) -> None:
    assert kilograms_of(leaf) == Decimal(kilograms)


@pytest.mark.parametrize("leaf", [None, {}, {"@unitCode": "tne", "#text": "1"}, {"@unitCode": "KGM#Z", "#text": "1"}])
def test_what_is_no_mass_has_no_kilograms(leaf: object) -> None:
    assert kilograms_of(leaf) is None


def test_a_mass_is_spelled_in_its_own_unit() -> None:
    assert [mass_in_words("10"), mass_in_words({"@unitCode": "TNE#I", "#text": "24"})] == ["10 kg", "24 TNE#I"]
