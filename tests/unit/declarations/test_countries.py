"""Exactly one country's rules judge a message: the one it names if that is served, home's if it names none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import ProfileError, Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, validate
from tests.places import CONFIGURATION
from tests.unit.declarations.samples import DEC, MD

PROFILE = """country = "{0}"
title = "{0}land"
currency = "NOK"
tariff_scheme = "TSP"
also_written = ["{0}X"]
[rules.{0}-LRN-LENGTH]
longest = 3
"""


def config(folder: Path, *countries: str) -> Path:
    for country in countries:
        profile = folder / "countries" / country / "profile.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(PROFILE.format(country), encoding="utf-8")
    return folder


@pytest.fixture
def books(tmp_path: Path) -> Rulebooks:
    """Home is NO, and SE is served as well; there is a profile of FI, which is not served."""
    return load_rulebooks(config(tmp_path, "NO", "SE", "FI"), home="NO", others=("SE",))


def judged(books: Rulebooks, media: Media, country: str | None, function: str = "9") -> Validated:
    """A message that names `country`: None for a header without it."""
    body = {"FunctionCode": function, "FunctionalReferenceID": "LONG-1"}
    if media is Media.JSON:
        head = {"WCOTypeName": "DEC"} | ({} if country is None else {"ResponsibleCountryCode": country})
        return validate(json.dumps({"MetaData": {**head, "Declaration": body}}).encode(), media, books)
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in body.items())
    named = "" if country is None else f"<ResponsibleCountryCode>{country}</ResponsibleCountryCode>"
    text = f'<MetaData xmlns="{MD}">{named}<Declaration xmlns="{DEC}">{inner}</Declaration></MetaData>'
    return validate(text.encode(), media, books)


@pytest.mark.parametrize("media", Media)
@pytest.mark.parametrize(
    ("named", "country"), [("NO", "NO"), ("SE", "SE"), (" SE ", "SE"), (None, "NO"), ("", "NO"), (" ", "NO")]
)
def test_one_country_judges(media: Media, named: str | None, country: str, books: Rulebooks) -> None:
    validated = judged(books, media, named)
    assert validated.country == country
    rules = {fault.rule for fault in validated.faults}
    assert f"{country}-LRN-LENGTH" in rules
    assert {rule.partition("-")[0] for rule in rules} <= {"WCO", country}


@pytest.mark.parametrize("media", Media)
def test_a_message_without_an_envelope_is_judged_by_home(media: Media, books: Rulebooks) -> None:
    body = {"FunctionCode": "9", "FunctionalReferenceID": "LONG-1"}
    xml = (
        f'<Declaration xmlns="{DEC}">{"".join(f"<{name}>{text}</{name}>" for name, text in body.items())}</Declaration>'
    )
    content = xml if media is Media.XML else json.dumps({"Declaration": body})
    validated = validate(content.encode(), media, books)
    assert (validated.country, "NO-LRN-LENGTH" in {fault.rule for fault in validated.faults}) == ("NO", True)


@pytest.mark.parametrize("media", Media)
@pytest.mark.parametrize("function", ["9", "13", "14"])
@pytest.mark.parametrize("named", ["FI", "FR", "ZZ", "XI", "47", "N", "NOR", "N O", "EU", "N\u00a0O"])
def test_another_country_is_refused_and_told_who_is_served(
    media: Media, function: str, named: str, books: Rulebooks
) -> None:
    with pytest.raises(Refused) as refused:
        judged(books, media, named, function)
    assert refused.value.code == "COUNTRY_NOT_SERVED"
    assert "accepts declarations for NO and SE." in refused.value.text


@pytest.mark.parametrize("media", Media)
@pytest.mark.parametrize(
    ("named", "meant"), [("no", "NO"), ("No", "NO"), ("NOX", "NO"), ("nox", "NO"), ("se", "SE"), ("SEX", "SE")]
)
def test_who_means_a_country_that_is_served_is_told_what_to_write(
    media: Media, named: str, meant: str, books: Rulebooks
) -> None:
    with pytest.raises(Refused, match=f"Write {meant}\\."):
        judged(books, media, named)


@pytest.mark.parametrize("named", ["UK", "XI", "GBR", "gb", "826", "uk", "United Kingdom"])
def test_the_united_kingdom_is_written_gb(named: str) -> None:
    shipped = load_rulebooks(CONFIGURATION)
    with pytest.raises(Refused, match=r"Write GB\."):
        judged(shipped, Media.JSON, named)


@pytest.mark.parametrize(("home", "words"), [("gb", "Write GB."), ("UK", "Write GB."), ("FR", "there are GB")])
def test_a_home_without_a_profile_leads_to_the_one_that_is_meant(home: str, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load_rulebooks(CONFIGURATION, home=home)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("home", "others", "words"),
    [
        ("GB", (), "SW_COUNTRY names 'GB'"),
        ("no", (), "SW_COUNTRY names 'no'"),
        ("NO", ("DE",), "SW_SERVES names 'DE'"),
        ("NO", ("SE", "se"), "SW_SERVES names 'se'"),
        ("NO", ("*",), "SW_SERVES names '\\*'"),
    ],
)
def test_a_country_without_a_profile_is_refused_at_the_start(
    home: str, others: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match=words):
        load_rulebooks(config(tmp_path, "NO", "SE"), home=home, others=others)


def test_a_country_is_two_capital_letters(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="two capital letters"):
        load_rulebooks(config(tmp_path, "NOR"), home="NOR")
