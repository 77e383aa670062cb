"""`singlewindow validate`: every fault with its place and what to do, no server, an exit status that says it all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from singlewindow.cli import group
from tests.documents import DECLARANT, EXAMPLES, PLAIN, example, examples, original
from tests.places import CONFIGURATION


def validate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["validate", *map(str, arguments)])


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A declaration with one rule broken and one value too long."""
    content = original("R" * 36).replace(b"<GoodsItemQuantity>1<", b"<GoodsItemQuantity>2<")
    path = tmp_path / "broken.xml"
    path.write_bytes(content)
    return path


def test_all_examples_are_valid_to_both_schema_engines() -> None:
    result = validate("--second-opinion", *examples())
    assert result.exit_code == 0, result.output
    assert result.output.count(": valid") == len(examples())


def test_faults_are_listed_with_line_pointers_and_advice(broken: Path) -> None:
    result = validate(broken)
    assert result.exit_code == 1
    assert "2 faults" in result.output
    assert "SCHEMA-LENGTH" in result.output
    assert "at line 10, /md:MetaData/dec:Declaration/dec:FunctionalReferenceID" in result.output
    assert "WCO 42A#D026" in result.output


def test_a_document_that_cannot_be_read_is_said_and_the_others_are_still_checked(tmp_path: Path) -> None:
    unreadable = tmp_path / "unreadable.xml"
    unreadable.write_text("<a><b></a>", encoding="utf-8")
    result = validate(unreadable, EXAMPLES / "01-running-shoes.xml")
    assert result.exit_code == 1
    assert "unreadable.xml: refused, XML_NOT_WELL_FORMED" in result.output
    assert "01-running-shoes.xml: valid" in result.output


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = validate(tmp_path / "nowhere.xml")
    assert result.exit_code == 2
    assert "nowhere.xml" in result.output


@pytest.mark.parametrize("name", ["01-running-shoes.xml", "03-machine-parts.json"])
def test_the_form_of_a_file_with_another_name_is_seen_in_its_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / "declaration.txt"
    path.write_bytes(b"\n " * name.endswith("json") + example(name))
    result = validate(path)
    assert (result.exit_code, ": valid" in result.output) == (0, True)


def test_a_country_that_is_not_served_is_said_and_one_served_besides_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.xml"
    path.write_bytes(example("01-running-shoes.xml").replace(b">GB</md:Resp", b">NO</md:Resp"))
    result = validate(path)
    assert result.exit_code == 1
    assert "refused, COUNTRY_NOT_SERVED: ResponsibleCountryCode is 'NO'; this service accepts declarations for GB." in (
        result.output
    )
    shutil.copytree(CONFIGURATION, tmp_path / "config")
    profile = tmp_path / "config" / "countries" / "NO" / "profile.toml"
    profile.parent.mkdir()
    profile.write_text('country = "NO"\ntitle = "Norway"\ncurrency = "NOK"\ntariff_scheme = "TSP"\n', encoding="utf-8")
    monkeypatch.setenv("SW_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("SW_SERVES", "NO")
    assert validate(path).exit_code == 0


REFUSED = {
    "LODGE-REQUEST": (b"<FunctionCode>9<", b"<FunctionCode>14<"),
    "REQUEST-TYPE": (b"<FunctionCode>9<", b"<FunctionCode>13<"),
    "LODGE-REFERENCE": (b"<FunctionalReferenceID>R1</FunctionalReferenceID>", b""),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_lodging_would_refuse_is_not_valid(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "declaration.xml"
    path.write_bytes(original("R1").replace(*REFUSED[rule]))
    result = validate(path)
    assert (result.exit_code, rule in result.output, ": valid" in result.output) == (1, True, False)


@pytest.mark.parametrize("party", [DECLARANT, DECLARANT.lower(), "GB204815930012"])
def test_a_declaration_for_one_of_its_parties_is_valid(party: str) -> None:
    result = validate("--for", party, EXAMPLES / PLAIN)
    assert (result.exit_code, "Not checked" in result.output) == (0, False)


@pytest.mark.parametrize("name", [PLAIN, "03-machine-parts.json", "17-export-ceramic-tiles.xml"])
def test_a_declaration_for_somebody_else_is_not_valid(name: str) -> None:
    result = validate("--for", "GB999999999000", EXAMPLES / name)
    assert (result.exit_code, "LODGE-PARTY" in result.output) == (1, True)
    assert "is lodged for GB999999999000, but it names" in result.output


@pytest.mark.parametrize("party", ["a b", "", "GB1,GB2"])
def test_a_party_that_no_declaration_could_name_is_refused_where_it_is_typed(party: str) -> None:
    result = validate("--for", party, EXAMPLES / PLAIN)
    assert isinstance(result.exception, ValueError)
    assert "is not a party's identifier" in str(result.exception)


def test_without_a_party_it_is_said_what_was_not_checked() -> None:
    assert "Not checked" in validate(EXAMPLES / PLAIN).output
