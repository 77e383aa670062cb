"""The exchange rates that convert amounts to the home currency: a table of periods, each with its source.

A table is the file `rates.csv` in the folder of the home country's profile. A rate says how many units of a currency
one unit of the home currency buys, as customs authorities publish it. A file with mistakes is refused as a whole, and
each mistake is reported with its line; two periods of one currency that share a day are a mistake.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from singlewindow.text_files import without_mark

FILE = "rates.csv"
COLUMNS = ("currency", "units", "valid_from", "valid_until", "source")
_UNITS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?")
_DAY = timedelta(days=1)


class RatesError(ValueError):
    """A table of rates cannot be used: one line of text for each mistake, with file and line."""


class Rate(NamedTuple):
    """How much of `currency` one unit of the home currency buys, from the first day to the last, both included."""

    currency: str
    first: date
    last: date
    units: Decimal
    source: str


@dataclass(frozen=True)
class RateTable:
    """All known rates, sorted by currency and day; `home` is the home currency."""

    home: str
    rates: tuple[Rate, ...] = ()

    def units_on(self, day: date) -> dict[str, Decimal]:
        """The units of each currency on that day, without currencies that have no rate then."""
        return {rate.currency: rate.units for rate in self.rates if rate.first <= day <= rate.last}

    def last_days(self, day: date) -> dict[str, date | None]:
        """For each currency, the last day of unbroken rates from `day` on; None if `day` itself has none."""
        found: dict[str, date | None] = {}
        for rate in self.rates:
            reached = found.setdefault(rate.currency, None)
            if rate.first <= (day if reached is None else reached + _DAY) <= rate.last:
                found[rate.currency] = rate.last
        return found

    def merged_with(self, newer: Iterable[Rate]) -> RateTable:
        """The table with newer rates added; on days with two rates, the newer one counts."""
        kept = list(self.rates)
        for new in newer:
            kept = [part for old in kept for part in _days_beside(old, new)] + [new]
        return RateTable(self.home, tuple(sorted(kept)))

    def to_csv(self) -> str:
        """The table as its file."""
        lines = (
            f"{rate.currency},{rate.units:f},{rate.first},{rate.last},{_csv_cell(rate.source)}" for rate in self.rates
        )
        return "\n".join([",".join(COLUMNS), *lines, ""])


NO_RATES = RateTable("")


def read_rates(file: Path, home: str, known: Collection[str]) -> RateTable:
    """The table of a file; raises `RatesError`. `known` are all existing currencies."""
    try:
        text = without_mark(file.read_bytes(), "the table").decode("utf-8")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RatesError(f"{file}:1: not readable as CSV in UTF-8: {error}") from error
    except ValueError as error:
        raise RatesError(f"{file}:1: {error}") from error
    mistakes = [] if rows and tuple(rows[0][1]) == COLUMNS else [(1, f"the first line must be {','.join(COLUMNS)}")]
    found: list[tuple[Rate, int]] = []
    for line, row in rows[1:]:
        try:
            found.append((_read_rate(row, home, known), line))
        except ValueError as error:
            mistakes.append((line, str(error)))
    mistakes += _shared_days(sorted(found))
    if mistakes:
        raise RatesError("\n".join(f"{file}:{line}: {text}" for line, text in sorted(mistakes)))
    return RateTable(home, tuple(rate for rate, _ in sorted(found)))


def rates_digest(rates: Mapping[str, Decimal]) -> str:
    """A digest of the rates of one day (16 hexadecimal digits), "" if there are none."""
    told = ";".join(f"{currency}={units.normalize():f}" for currency, units in sorted(rates.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""


def _read_rate(row: list[str], home: str, known: Collection[str]) -> Rate:
    """A row as a rate; raises ValueError saying what is wrong with it."""
    if len(row) != len(COLUMNS):
        raise ValueError(f"the line has {len(row)} columns, not {len(COLUMNS)}")
    currency, units, first, last, source = row
    if currency == home:
        raise ValueError(f"{home} is the home currency, which needs no rate: remove the line")
    if currency not in known:
        near = currency.strip().upper()
        advice = f"write {near}" if near in known else "write its three-letter code of ISO 4217, such as USD"
        raise ValueError(f"{currency!r} is not a currency of ISO 4217 or of the country profile: {advice}")
    if not _UNITS.fullmatch(units) or not Decimal(units):
        raise ValueError(f"units is {units!r}: write how many {currency} one {home} buys, such as 1.2345")
    if _read_day(last) < _read_day(first):
        raise ValueError(f"valid_until {last} is before valid_from {first}")
    if not source.strip() or not source.isprintable():
        raise ValueError("the source is missing or is not plain text")
    return Rate(currency, _read_day(first), _read_day(last), Decimal(units), source)


def _read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError(f"{text!r} is not a day; write it like 2026-01-01")
    return day


def _shared_days(found: Iterable[tuple[Rate, int]]) -> Iterator[tuple[int, str]]:
    for (one, line), (other, later) in pairwise(found):
        if one.currency == other.currency and other.first <= one.last:
            yield later, f"{other.currency} already has a rate for {other.first}, in line {line}"


def _days_beside(old: Rate, new: Rate) -> Iterator[Rate]:
    """What remains of a rate's days next to those of a newer one."""
    if old.currency != new.currency or old.last < new.first or new.last < old.first:
        yield old
        return
    if old.first < new.first:
        yield old._replace(last=new.first - _DAY)
    if new.last < old.last:
        yield old._replace(first=new.last + _DAY)


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text
