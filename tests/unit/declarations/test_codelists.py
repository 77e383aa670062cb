"""The code lists are whole and clean."""

from __future__ import annotations

import re

import pytest

from singlewindow.declarations.codelists import COUNTRIES, CURRENCIES, read_codes


def test_there_are_249_countries() -> None:
    assert len(COUNTRIES) == 249


def test_countries_are_two_capital_letters() -> None:
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES)


def test_currencies_are_three_capital_letters() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)


@pytest.mark.parametrize("code", ["GBP", "EUR", "USD", "JPY", "CNY", "XCG", "ZWG"])
def test_a_currency_in_use_is_listed(code: str) -> None:
    assert code in CURRENCIES


@pytest.mark.parametrize("code", ["DEM", "HRK", "ANG", "BGN"])
def test_a_withdrawn_currency_is_not_listed(code: str) -> None:
    assert code not in CURRENCIES


def test_an_unknown_list_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_codes("planets")
