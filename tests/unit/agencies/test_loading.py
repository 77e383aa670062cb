from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from singlewindow.agencies.loading import load_agencies
from singlewindow.risk.toml_source import ConfigError, Problem
from tests.agency_folders import AGENCY, CUSTOMS, ELEMENTS, ITEM, entitlement, one, profile, remote, remote_toml, write
from tests.places import CONFIGURATION, REPOSITORY


def problems(directory: Path) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_agencies(directory)
    return list(caught.value.problems)


def only(directory: Path) -> Problem:
    found = problems(directory)
    assert len(found) == 1, found
    return found[0]


def test_a_sound_folder_becomes_an_agency(tmp_path: Path) -> None:
    agency = one(tmp_path)
    assert (agency.code, agency.deadline_seconds, agency.always, len(agency.method.profiles)) == (
        "firearms",
        20,
        False,
        1,
    )


def test_minimum_elements_are_within_the_maximum(tmp_path: Path) -> None:
    entitled = one(tmp_path).entitlement
    assert entitled.minimum < entitled.maximum == frozenset(ELEMENTS)


def test_any_change_of_a_file_changes_the_fingerprint(tmp_path: Path) -> None:
    first = one(tmp_path / "a")
    assert first.fingerprint != one(tmp_path / "b", profile(weight="51")).fingerprint


def test_the_same_files_have_the_same_fingerprint_anywhere(tmp_path: Path) -> None:
    assert one(tmp_path / "a").fingerprint == one(tmp_path / "b").fingerprint


def test_the_common_thresholds_are_used_where_the_agency_has_none(tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").write_text("yellow = 10\norange = 30\nred = 60\n")
    assert one(tmp_path).method.thresholds.red == 60


def test_an_agency_may_override_one_threshold(tmp_path: Path) -> None:
    directory = write(tmp_path, agency=AGENCY + "\n[thresholds]\nred = 50\n")
    thresholds = load_agencies(directory)["firearms"].method.thresholds
    assert (thresholds.orange, thresholds.red) == (40, 50)


def test_thresholds_that_do_not_ascend_are_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, agency=AGENCY + "\n[thresholds]\nred = 30\n"))
    assert ("ascend" in found.text, found.line) == (True, AGENCY.count("\n") + 2)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, profiles=profile("A-1", weight="101") + "\n" + profile("A-2", control='"teeth"'))
    directory = write(
        tmp_path,
        agency=AGENCY.replace("firearms", "police").replace("FA-R1", "PO-R1"),
        profiles=profile("B", when='"item."'),
    )
    assert [Path(found.file).parent.name for found in problems(directory)] == ["firearms", "firearms", "police"]


def test_a_fact_outside_the_entitlement_is_refused_at_its_condition(tmp_path: Path) -> None:
    found = only(write(tmp_path, profiles=profile(when='"item.statistical_value > 100.0"')))
    assert (f"{ITEM}/StatisticalValueAmount" in found.text, found.line) == (True, 8)


def test_routing_may_read_what_the_agency_may_not_see(tmp_path: Path) -> None:
    agency = AGENCY.replace("item.commodity_code.startsWith('93')", "item.value > 100.0")
    assert load_agencies(write(tmp_path, agency=agency))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Declaration/Weapon", "not an element"),
        ("Declaration/GoodsShipment", "is a class"),
        ("Declaration/TypeCode/@currencyID", "no such attribute"),
    ],
)
def test_an_element_that_cannot_be_entitled_is_refused(tmp_path: Path, path: str, words: str) -> None:
    assert words in only(write(tmp_path, elements=entitlement({**ELEMENTS, path: "maximum"}))).text


def test_an_attribute_can_be_entitled(tmp_path: Path) -> None:
    amount = {"Declaration/InvoiceAmount": "maximum", "Declaration/InvoiceAmount/@currencyID": "maximum"}
    assert load_agencies(write(tmp_path, elements=entitlement({**ELEMENTS, **amount})))


def test_an_attribute_without_its_value_is_refused(tmp_path: Path) -> None:
    elements = {**ELEMENTS, "Declaration/InvoiceAmount/@currencyID": "maximum"}
    assert "but its value is not" in only(write(tmp_path, elements=entitlement(elements))).text


def test_profiles_on_items_need_the_item_number(tmp_path: Path) -> None:
    elements = {path: need for path, need in ELEMENTS.items() if not path.endswith("SequenceNumeric")}
    assert "SequenceNumeric" in only(write(tmp_path, elements=entitlement(elements))).text


def test_an_element_listed_twice_is_refused(tmp_path: Path) -> None:
    again = entitlement() + '\n[[element]]\npath = "Declaration/TypeCode"\nneed = "minimum"\nbasis = "x"\n'
    assert "listed twice" in only(write(tmp_path, elements=again)).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weight": "101"}, "<= 100"),
        ({"weight": "-1"}, ">= 0"),
        ({"valid_from": '"soon"'}, "date"),
        ({"valid_until": "2025-12-31"}, "before valid_from"),
        ({"control": '"teeth"'}, "teeth"),
        ({"lane": '"blue"'}, "blue"),
        ({"mode": '"sometimes"'}, "sometimes"),
        ({"officer": '" "'}, "officer"),
        ({"trader": '"FA-001 hit"'}, "name the profile"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"when": "\"item.marks[0] == 'x'\""}, "guard against it"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    marks = {**ELEMENTS, f"{ITEM}/Packaging/MarksNumbersID": "maximum"}
    profiles = profile("FA-000") + "\n" + profile(**changes)
    assert words in only(write(tmp_path, elements=entitlement(marks), profiles=profiles)).text


def test_an_id_used_twice_is_refused_across_agencies(tmp_path: Path) -> None:
    write(tmp_path)
    directory = write(tmp_path, agency=AGENCY.replace("firearms", "police").replace("FA-R1", "PO-R1"))
    found = only(directory)
    assert ("already used by firearms" in found.text, found.line) == (True, 2)


def test_a_folder_is_named_by_the_agency_code(tmp_path: Path) -> None:
    directory = write(tmp_path)
    (directory / "firearms").rename(directory / "guns")
    assert "folder's name" in only(directory).text


def test_an_agency_that_would_never_be_asked_is_refused(tmp_path: Path) -> None:
    assert "never be asked" in only(write(tmp_path, agency=AGENCY.split("[[routing]]", maxsplit=1)[0])).text


def test_an_agency_without_a_live_profile_is_refused(tmp_path: Path) -> None:
    assert "no live profile" in only(write(tmp_path, profiles=profile(mode='"dry-run"'))).text


def test_a_sandbox_without_the_reference_is_refused(tmp_path: Path) -> None:
    elements = {path: need for path, need in ELEMENTS.items() if not path.endswith("FunctionalReferenceID")}
    directory = write(tmp_path, agency=AGENCY.replace('"profiles"', '"sandbox"'), elements=entitlement(elements))
    assert "FunctionalReferenceID" in only(directory).text


def test_an_unknown_kind_of_adapter_is_refused(tmp_path: Path) -> None:
    assert only(write(tmp_path, agency=AGENCY.replace('"profiles"', '"pigeon"'))).line == 5


def test_a_directory_without_agencies_is_refused(tmp_path: Path) -> None:
    assert "no agency" in only(tmp_path / "agencies").text


def test_an_unknown_entry_beside_the_profiles_is_refused(tmp_path: Path) -> None:
    assert "unknown entry" in only(write(tmp_path, profiles="colour = 1\n" + profile())).text


def test_an_agency_with_officers_needs_no_profiles_file(tmp_path: Path) -> None:
    directory = write(tmp_path, agency=AGENCY.replace('"profiles"', '"officer"'))
    (directory / "firearms" / "profiles.toml").unlink()
    agency = load_agencies(directory)["firearms"]
    assert (agency.by_officers, agency.remote, agency.method.profiles) == (True, None, ())


def test_profiles_that_no_officer_would_apply_are_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, agency=AGENCY.replace('"profiles"', '"officer"')))
    assert (Path(found.file).name, found.text) == (
        "profiles.toml",
        "the agency's officers assess: remove its profiles, nobody would apply them",
    )


def test_a_remote_agency_needs_no_profiles_file(tmp_path: Path) -> None:
    directory = write(tmp_path, agency=remote_toml("https://agency.example/questions"))
    (directory / "firearms" / "profiles.toml").unlink()
    remote_agency = load_agencies(directory)["firearms"].remote
    assert remote_agency is not None
    assert (remote_agency.timeout_seconds, remote_agency.connect_seconds, remote_agency.concurrency) == (10, 3, 4)


def test_plain_http_is_allowed_where_the_configuration_says_so(tmp_path: Path) -> None:
    assert remote(tmp_path, "http://10.0.0.7:8000/questions").remote is not None


@pytest.mark.parametrize(
    ("url", "changes", "said"),
    [
        ("http://agency.example/", {"allow_http": ""}, "must be https"),
        ("http://agency.example/", {"allow_http": "false"}, "must be https"),
        ("ftp://agency.example/", {}, "must be https"),
        ("https:///path", {}, "is not an address"),
        ("agency.example", {}, "is not an address"),
        ("https://agency.example:99999/", {}, "is not an address"),
        ("https://[::1/", {}, "is not an address"),
        ("https://me:secret@agency.example/", {}, "no user"),
        ("https://agency.example/?key=1", {}, "no user, query"),
        ("https://agency.example/", {"url": ""}, "url"),
        ("https://agency.example/", {"key_env": ""}, "key_env"),
        ("https://agency.example/", {"key_env": '"sw_live_secret"'}, "key_env"),
        ("https://agency.example/", {"key": '"secret"'}, "key"),
        ("https://agency.example/", {"timeout_seconds": "0"}, "timeout_seconds"),
        ("https://agency.example/", {"timeout_seconds": "31"}, "timeout_seconds"),
        ("https://agency.example/", {"concurrency": "0"}, "concurrency"),
    ],
)
def test_a_remote_table_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, url: str, changes: dict[str, str], said: str
) -> None:
    found = only(write(tmp_path, agency=remote_toml(url, **changes), profiles=""))
    assert said in found.text
    assert found.line >= AGENCY.count("\n")


def test_a_remote_agency_without_its_table_is_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, agency=AGENCY.replace('"profiles"', '"remote"'), profiles=""))
    assert "[remote] table" in found.text


def test_a_remote_table_of_an_agency_that_is_not_remote_is_refused(tmp_path: Path) -> None:
    agency = remote_toml("https://agency.example/").replace('adapter = "remote"', 'adapter = "profiles"')
    assert 'adapter = "remote" only' in only(write(tmp_path, agency=agency)).text


def test_profiles_that_nobody_would_apply_are_refused(tmp_path: Path) -> None:
    assert "remove its profiles" in only(write(tmp_path, agency=remote_toml("https://agency.example/"))).text


def problems_of_customs(directory: Path, customs: str = "customs") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_agencies(directory, customs)
    return [problem.text for problem in caught.value.problems]


def test_customs_is_the_agency_that_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    found = load_agencies(
        write(tmp_path, agency=CUSTOMS.replace("FA-R1", "CU-R1"), profiles=profile("CU-1")), "customs"
    )
    assert {code: agency.customs for code, agency in found.items()} == {"customs": True, "firearms": False}


def test_customs_may_have_another_name(tmp_path: Path) -> None:
    assert load_agencies(write(tmp_path, agency=CUSTOMS.replace("customs", "douane")), "douane")["douane"].customs


@pytest.mark.parametrize("name", ["customs", "Firearms", "", " firearms"])
def test_an_installation_without_customs_is_refused(tmp_path: Path, name: str) -> None:
    (text,) = problems_of_customs(write(tmp_path), name)
    assert ("SW_CUSTOMS" in text, repr(name) in text) == (True, True)


def test_customs_that_is_not_asked_about_everything_is_refused(tmp_path: Path) -> None:
    agency = AGENCY.replace("firearms", "customs")
    (problem,) = problems_of_customs(write(tmp_path, agency=agency))
    assert problem == "SW_CUSTOMS names customs: set always = true, or correct SW_CUSTOMS"


def test_customs_that_does_not_see_the_items_is_refused(tmp_path: Path) -> None:
    elements = {path: need for path, need in ELEMENTS.items() if not path.endswith("SequenceNumeric")}
    whole = profile(scope='"declaration"', when="\"declaration.type == 'IMA'\"")
    directory = write(tmp_path, agency=CUSTOMS, elements=entitlement(elements), profiles=whole)
    (text,) = problems_of_customs(directory)
    assert text.endswith(f"it must see {ITEM}/SequenceNumeric")


@pytest.mark.parametrize("acts", ["before", "after release", "never", ""])
def test_a_profile_acts_before_release_after_it_or_at_both(tmp_path: Path, acts: str) -> None:
    found = only(write(tmp_path, profiles=profile(acts=f'"{acts}"')))
    assert "acts" in found.text


@pytest.mark.parametrize("control", ["scan", "physical", "sample"])
def test_goods_that_have_gone_leave_only_documents_to_look_at(tmp_path: Path, control: str) -> None:
    after = profile("A", acts='"after-release"', control=f'"{control}"')
    found = only(write(tmp_path, profiles=f"{profile('B')}\n{after}"))
    assert f"cannot ask for {control}" in found.text


def test_an_agency_that_acts_after_release_only_would_release_everything(tmp_path: Path) -> None:
    found = only(write(tmp_path, profiles=profile(acts='"after-release"')))
    assert "no live profile" in found.text


@pytest.mark.parametrize("key", ["trader", "trader_after_release"])
def test_no_words_for_traders_name_the_profile(tmp_path: Path, key: str) -> None:
    assert "name the profile" in only(write(tmp_path, profiles=profile("X-9", **{key: '"see X-9"'}))).text


def test_the_agency_s_manual_makes_a_shipped_agency_remote(tmp_path: Path) -> None:
    manual = (REPOSITORY / "docs" / "agency.md").read_text(encoding="utf-8")
    section = manual.partition("## A system of your own")[2]
    (before, after) = re.findall(r"change the line `(.+?)` to `(.+?)`", section)[0]
    block = re.findall(r"```toml\n(.+?)```", section, re.DOTALL)[0]
    config = Path(shutil.copytree(CONFIGURATION, tmp_path / "config"))
    file = config / "agencies" / "firearms" / "agency.toml"
    shipped = file.read_text(encoding="utf-8")
    assert f"\n{before}\n" in shipped.partition("[[routing]]")[0]
    file.write_text(f"{shipped.replace(before, after, 1)}\n{block}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"profiles\.toml"):
        load_agencies(config / "agencies")
    assert "Remove `profiles.toml`" in section
    (config / "agencies" / "firearms" / "profiles.toml").unlink()
    agency = load_agencies(config / "agencies")["firearms"]
    assert agency.remote is not None
    assert agency.remote.url == "https://agency.example/questions"
