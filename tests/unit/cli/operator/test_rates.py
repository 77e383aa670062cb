"""`singlewindow rates`: what counts on a day, how newer rates come in, and when the doctor speaks up."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from singlewindow.cli import group
from singlewindow.cli.operator.doctor.check import Level
from singlewindow.cli.operator.doctor.rates import rates_last
from singlewindow.declarations.rates import rates_digest
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.settings import Settings
from singlewindow.shipped import CONFIG
from tests.places import CONFIGURATION

HEAD = "currency,units,valid_from,valid_until,source\n"
NEWER = HEAD + "USD,1.31,2026-12-01,2026-12-31,gazette 12\nXAF,760,2026-12-01,2026-12-31,gazette 12\n"
DECEMBER = date(2026, 12, 15)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of the test's own, as shipped."""
    monkeypatch.setenv("SW_CONFIG", str(tmp_path / "config"))
    return Path(shutil.copytree(CONFIGURATION, tmp_path / "config"))


@pytest.fixture
def file(config: Path) -> Path:
    """The table of the configuration."""
    return config / "countries" / "GB" / "rates.csv"


def rates(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["rates", *map(str, arguments)])


def newer(tmp_path: Path, text: str = NEWER) -> Path:
    path = tmp_path / "newer.csv"
    path.write_text(text)
    return path


def test_the_rates_of_a_day_are_listed_with_their_validity_and_digest(config: Path) -> None:
    table = load_rulebooks(config).rates
    listed = rates("--day", "2026-12-15")
    assert listed.exit_code == 0, listed.output
    assert "What one GBP buys on 2026-12-15" in listed.output
    assert f"+{rates_digest(table.units_on(DECEMBER))}" in listed.output
    (dollars,) = (line for line in listed.output.splitlines() if "USD" in line)
    assert [cell for cell in dollars.split() if cell[0].isdigit()] == ["1.322", "2026-01-01", "2027-12-31"]


def test_an_import_says_what_changes_and_keeps_the_table_as_it_was(config: Path, file: Path, tmp_path: Path) -> None:
    before, table = file.read_bytes(), load_rulebooks(config).rates
    imported = rates("import", newer(tmp_path))
    assert imported.exit_code == 0, imported.output
    assert "USD 2026-12-01 to 2026-12-31: 1.31 (1.322 before; gazette 12)" in imported.output
    assert "XAF 2026-12-01 to 2026-12-31: 760 (none before; gazette 12)" in imported.output
    assert "Restart" in imported.output
    (kept,) = file.parent.glob("rates-until-*.csv")
    assert kept.read_bytes() == before
    after = load_rulebooks(config).rates
    units = [
        {currency: str(each) for currency, each in after.units_on(day).items()}
        for day in (date(2026, 11, 30), DECEMBER)
    ]
    assert [each["USD"] for each in units] == ["1.322", "1.31"]
    listed = rates("--day", "2026-12-15").output
    assert f"+{rates_digest(after.units_on(DECEMBER))}" in listed
    assert f"By {kept.name}: +{rates_digest(table.units_on(DECEMBER))}" in listed


def test_the_same_import_again_changes_nothing(config: Path, file: Path, tmp_path: Path) -> None:
    rates("import", newer(tmp_path))
    content = file.read_bytes()
    again = rates("import", newer(tmp_path))
    assert (again.exit_code, "Nothing changes" in again.output) == (0, True)
    assert file.read_bytes() == content
    assert len([*file.parent.glob("rates-until-*.csv")]) == 1


def test_a_dry_run_writes_nothing(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    tried = rates("import", "--dry-run", newer(tmp_path))
    assert "2 rates would change" in tried.output
    assert (file.read_bytes(), [each.name for each in file.parent.iterdir()].count("rates.csv")) == (content, 1)


def test_a_file_with_mistakes_is_refused_and_the_table_stays(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = file.read_bytes()
    refused = rates(
        "import", newer(tmp_path, HEAD + "USD,1.31,2026-12-31,2026-12-01,x\nEUR,nil,2026-12-01,2026-12-31,x\n")
    )
    assert isinstance(refused.exception, ValueError)
    assert f"{tmp_path / 'newer.csv'}:2: valid_until" in str(refused.exception)
    assert ":3: units is 'nil'" in str(refused.exception)
    assert file.read_bytes() == content


def test_the_first_table_of_a_country_is_an_import_too(file: Path, config: Path, tmp_path: Path) -> None:
    file.unlink()
    assert rates("import", newer(tmp_path)).exit_code == 0
    assert {*load_rulebooks(config).rates.units_on(DECEMBER)} == {"USD", "XAF"}


@pytest.mark.parametrize(
    ("today", "level"),
    [
        (date(2026, 6, 1), Level.OK),
        (date(2027, 11, 30), Level.OK),
        (date(2027, 12, 1), Level.WARNING),
        (date(2027, 12, 31), Level.WARNING),
        (date(2028, 1, 1), Level.FAULT),
        (date(2025, 12, 31), Level.FAULT),
    ],
)
def test_the_doctor_says_beforehand_that_rates_run_out(
    config: Path, file: Path, monkeypatch: pytest.MonkeyPatch, today: date, level: Level
) -> None:
    file.write_text(file.read_text().replace("example rate", "gazette"))
    monkeypatch.setattr("singlewindow.cli.operator.doctor.rates.today", lambda: today)
    (check,) = rates_last(Settings(sw_config=str(config)))
    assert check.level is level
    assert level is Level.OK or "rates import" in check.advice


def test_the_doctor_warns_of_example_rates_until_they_are_replaced(config: Path) -> None:
    (check,) = rates_last(Settings(sw_config=str(config)))
    assert (check.level, "have example rates" in check.text) == (Level.WARNING, True)
    assert "rates import" in check.advice


def test_a_day_without_rates_is_said(config: Path) -> None:
    listed = rates("--day", "2031-01-01")
    assert (listed.exit_code, "There are no rates for 2031-01-01" in listed.output) == (1, True)


def test_one_rate_is_told_as_one(config: Path, tmp_path: Path) -> None:
    one = newer(tmp_path, HEAD + "USD,1.31,2026-12-01,2026-12-31,gazette 12\n")
    assert "1 rate would change." in rates("import", "--dry-run", one).output


def test_the_doctor_names_the_currencies_that_run_out(
    config: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("singlewindow.cli.operator.doctor.rates.today", lambda: DECEMBER)
    file.write_text(NEWER + "EUR,1.1,2026-01-01,2026-11-30,x\nJPY,200,2026-01-01,2027-12-31,x\n")
    gone, soon = rates_last(Settings(sw_config=str(config)))
    assert (gone.level, gone.text) == (Level.FAULT, "there is no rate for today for EUR")
    assert (soon.level, soon.text) == (Level.WARNING, "the rates for USD, XAF end within 31 days")


def test_a_country_without_a_table_is_warned_of(config: Path, file: Path) -> None:
    file.unlink()
    (check,) = rates_last(Settings(sw_config=str(config)))
    assert check.level is Level.WARNING


def test_a_broken_table_is_a_fault_of_the_configuration(config: Path, file: Path) -> None:
    from singlewindow.cli.operator.doctor.machine import configuration_loads

    file.write_text(HEAD + "USD,0,2026-01-01,2026-11-30,x\n")
    (check,) = configuration_loads(Settings(sw_config=str(config)))
    assert (check.level, f"{file}:2: units is '0'" in check.text) == (Level.FAULT, True)
    assert [*rates_last(Settings(sw_config=str(config)))] == []


@pytest.mark.parametrize("named", [None, CONFIG])
def test_an_import_into_the_shipped_configuration_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: Path | None
) -> None:
    monkeypatch.setenv("SW_CONFIG", str(named or ""))
    table = CONFIG / "countries" / "GB" / "rates.csv"
    before = table.read_bytes()
    try:
        refused = rates("import", newer(tmp_path))
        assert (refused.exit_code, table.read_bytes() == before) == (1, True)
    finally:
        table.write_bytes(before)
    assert "config init" in refused.output
    assert "SW_CONFIG=" in refused.output
    assert rates("import", newer(tmp_path), "--dry-run").exit_code == 0
