"""A table of rates is read strictly, says what counts on a day, and takes newer rates without losing a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.declarations.rates import Rate, RatesError, RateTable, rates_digest, read_rates
from singlewindow.declarations.rules import load_rulebooks
from tests.places import CONFIGURATION

HEAD = "currency,units,valid_from,valid_until,source\n"
KNOWN = frozenset(("GBP", "USD", "EUR", "JPY"))
JUNE = "USD,1.25,2026-06-01,2026-06-30,a gazette\n"


def table(tmp_path: Path, text: str) -> RateTable:
    file = tmp_path / "rates.csv"
    file.write_bytes(text.encode())
    return read_rates(file, "GBP", KNOWN)


def rate(currency: str, first: str, last: str, units: str) -> Rate:
    return Rate(currency, date.fromisoformat(first), date.fromisoformat(last), Decimal(units), "a gazette")


def test_a_rate_counts_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    read = table(tmp_path, HEAD + JUNE)
    days = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [read.units_on(day) for day in days] == [{}, {"USD": Decimal("1.25")}, {"USD": Decimal("1.25")}, {}]


def test_a_table_from_windows_is_read(tmp_path: Path) -> None:
    assert table(tmp_path, "\ufeff" + (HEAD + JUNE).replace("\n", "\r\n")) == table(tmp_path, HEAD + JUNE)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ("USD,1.25,2026-06-01,2026-06-30\n", ":2: the line has 4 columns, not 5"),
        (JUNE + "\n", ":3: the line has 0 columns"),
        ("XTS,1.25,2026-06-01,2026-06-30,x\n", ":2: 'XTS' is not a currency"),
        ("GBP,1.25,2026-06-01,2026-06-30,x\n", ":2: GBP is the home currency"),
        ("usd,1.25,2026-06-01,2026-06-30,x\n", "country profile: write USD"),
        ('USD,"1,25",2026-06-01,2026-06-30,x\n', ":2: units is '1,25'"),
        ("USD,0.00,2026-06-01,2026-06-30,x\n", ":2: units is '0.00'"),
        ("USD,-1.25,2026-06-01,2026-06-30,x\n", ":2: units is '-1.25'"),
        ("USD,1e3,2026-06-01,2026-06-30,x\n", ":2: units is '1e3'"),
        ("USD,NaN,2026-06-01,2026-06-30,x\n", ":2: units is 'NaN'"),
        ("USD,1.25,2026-06-31,2026-07-30,x\n", ":2: "),
        ("USD,1.25,20260601,2026-06-30,x\n", ":2: '20260601' is not a day"),
        ("USD,1.25,2026-06-30,2026-06-01,x\n", ":2: valid_until 2026-06-01 is before valid_from"),
        ("USD,1.25,2026-06-01,2026-06-30, \n", ":2: the source is missing"),
        (JUNE + "USD,1.30,2026-06-30,2026-07-31,x\n", ":3: USD already has a rate for 2026-06-30, in line 2"),
        (JUNE + JUNE, ":3: USD already has a rate for 2026-06-01, in line 2"),
        ("USD,1.30,2026-06-15,2026-06-15,x\n" + JUNE, "already has a rate"),
    ],
)
def test_a_mistake_is_refused_with_file_and_line(tmp_path: Path, lines: str, mistake: str) -> None:
    with pytest.raises(RatesError) as refused:
        table(tmp_path, HEAD + lines)
    assert str(refused.value).startswith(str(tmp_path / "rates.csv"))
    assert mistake in str(refused.value)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(RatesError) as refused:
        table(tmp_path, "currency,rate\nUSD,0,2026-06-01,2026-06-30,x\nEUR,1,2026-06-01,2026-06-30,\n")
    assert [line.split(":")[1] for line in str(refused.value).splitlines()] == ["1", "2", "3"]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(RatesError, match="UTF-16"):
        read_rates(tmp_path / "rates.csv", "GBP", KNOWN)


def test_newer_rates_replace_the_days_that_they_are_valid_and_no_other() -> None:
    old = RateTable(
        "GBP", (rate("EUR", "2026-01-01", "2026-12-31", "1.1"), rate("USD", "2026-01-01", "2026-12-31", "1.2"))
    )
    merged = old.merged_with([rate("USD", "2026-06-01", "2026-06-30", "1.3")])
    assert [(each.currency, str(each.first), str(each.last), str(each.units)) for each in merged.rates] == [
        ("EUR", "2026-01-01", "2026-12-31", "1.1"),
        ("USD", "2026-01-01", "2026-05-31", "1.2"),
        ("USD", "2026-06-01", "2026-06-30", "1.3"),
        ("USD", "2026-07-01", "2026-12-31", "1.2"),
    ]


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@st.composite
def periods(draw: st.DrawFn) -> Rate:
    first, last = sorted([draw(DAYS), draw(DAYS)])
    units = Decimal(draw(st.integers(1, 10**9))).scaleb(-5)
    return Rate(draw(st.sampled_from(["USD", "EUR"])), first, last, units, draw(st.sampled_from(["x", 'a "b", c'])))


@given(st.lists(periods(), max_size=4), st.lists(periods(), max_size=4), DAYS)
def test_on_every_day_the_newest_rate_counts(older: list[Rate], newer: list[Rate], day: date) -> None:
    merged = RateTable("GBP").merged_with(older).merged_with(newer)
    expected = {each.currency: each.units for each in (*older, *newer) if each.first <= day <= each.last}
    assert merged.units_on(day) == expected


@given(st.lists(periods(), max_size=6))
def test_a_table_that_was_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rates: list[Rate]) -> None:
    merged = RateTable("GBP").merged_with(rates)
    assert table(tmp_path_factory.mktemp("rates"), merged.to_csv()) == merged


def test_a_currency_lasts_until_its_first_day_without_a_rate() -> None:
    chain = RateTable(
        "GBP",
        (
            rate("EUR", "2026-01-01", "2026-01-31", "1"),
            rate("JPY", "2026-03-01", "2026-03-31", "1"),
            rate("USD", "2026-01-01", "2026-01-31", "1"),
            rate("USD", "2026-02-01", "2026-02-28", "1"),
            rate("USD", "2026-03-02", "2026-03-31", "1"),
        ),
    )
    assert chain.last_days(date(2026, 1, 15)) == {"EUR": date(2026, 1, 31), "JPY": None, "USD": date(2026, 2, 28)}
    assert chain.last_days(date(2026, 3, 1)) == {"EUR": None, "JPY": date(2026, 3, 31), "USD": None}


def test_the_digest_is_of_the_rates_and_of_nothing_else() -> None:
    rates = {"USD": Decimal("1.25"), "EUR": Decimal("1.10")}
    assert (
        rates_digest(rates)
        == rates_digest({"EUR": Decimal("1.1"), "USD": Decimal("1.250")})
        != rates_digest({"USD": Decimal("1.25")})
    )
    assert rates_digest({}) == ""


def test_the_table_that_ships_has_a_rate_for_every_day_of_its_two_years() -> None:
    shipped = load_rulebooks(CONFIGURATION).rates
    first, last = date(2026, 1, 1), date(2027, 12, 31)
    assert set(shipped.last_days(first).values()) == {last}
    assert {"EUR", "USD", "JPY", "CAD", "VND", "KRW", "IDR", "CNY", "GGP", "IMP", "JEP"} <= shipped.units_on(
        first
    ).keys()
    assert {shipped.units_on(first)[note] for note in ("GGP", "IMP", "JEP")} == {Decimal(1)}
    assert shipped.units_on(last + timedelta(days=1)) == {}


def test_a_home_country_without_a_table_has_no_rates(tmp_path: Path) -> None:
    folder = tmp_path / "countries" / "GB"
    folder.mkdir(parents=True)
    (folder / "profile.toml").write_bytes((CONFIGURATION / "countries" / "GB" / "profile.toml").read_bytes())
    assert load_rulebooks(tmp_path).rates == RateTable("GBP")
