"""What every adapter must keep to, whatever agency and way of answering is behind it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

from adapters.contract import Adapter, AdapterError, GivenDocuments, NotRetryable, Retryable, View, assess_each
from adapters.profile import ProfileAdapter
from adapters.registry import KeyMissing, SandboxForbidden, build_adapters
from adapters.remote import RemoteAdapter
from adapters.sandbox import OUTCOMES, SandboxAdapter
from singlewindow.agencies.loading import load_agencies
from singlewindow.decisions.assessment import Answer, Assessment, Control, Lane
from tests.agency_folders import AGENCY, one, profile, remote, remote_toml, write
from tests.agency_server import agency_server
from tests.judgement import configuration
from tests.places import AGENCIES
from tests.terms import TERMS

ITEMS = [
    {"SequenceNumeric": "1", "Commodity": {"Classification": [{"ID": "93020000", "IdentificationTypeCode": "TSP"}]}},
    {"SequenceNumeric": "2", "Commodity": {"Description": "bread"}},
]
SHIPPED = AGENCIES


def view(reference: str = "LRN-SANDBOX-PHYSICAL-1", **changes: object) -> View:
    tree = {"FunctionalReferenceID": reference, "GoodsShipment": {"GovernmentAgencyGoodsItem": ITEMS}, **changes}
    return View(reference="26GB0000000000000A", version=1, tree=copy.deepcopy(tree), terms=TERMS)


def green_view() -> View:
    return View("26GB0000000000000A", 1, {"FunctionalReferenceID": "SANDBOX-RELEASE"}, TERMS)


def profiles_adapter(root: Path) -> Adapter:
    return ProfileAdapter(one(root, profile(weight="80", control='"physical"')))


def sandbox_adapter(root: Path) -> Adapter:
    agency = load_agencies(write(root, agency=AGENCY.replace('"profiles"', '"sandbox"')))["firearms"]
    return SandboxAdapter(agency)


def remote_adapter(root: Path, url: str) -> Adapter:
    agency = remote(root, url)
    return build_adapters({agency.code: agency}, secrets={"FIREARMS_KEY": "key"}.get)[agency.code]


@cache
def shipped_adapters() -> dict[str, Adapter]:
    return build_adapters(configuration()[1])


def shipped_adapter(code: str) -> Callable[[Path], Adapter]:
    return lambda _: shipped_adapters()[code]


KINDS: dict[str, Callable[[Path], Adapter]] = {"profiles": profiles_adapter, "sandbox": sandbox_adapter} | {
    f"shipped {folder.name}": shipped_adapter(folder.name) for folder in sorted(SHIPPED.iterdir()) if folder.is_dir()
}


@pytest.fixture(params=[*KINDS, "remote"])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Adapter]:
    if request.param != "remote":
        yield KINDS[request.param](tmp_path)
        return
    with agency_server("by_goods") as server:
        yield remote_adapter(tmp_path, server.url)


def test_an_adapter_answers_for_its_own_agency(adapter: Adapter) -> None:
    assert adapter.assess(view()).agency == adapter.agency


def test_the_same_view_gets_the_same_answer(adapter: Adapter) -> None:
    first = adapter.assess(view())
    assert [adapter.assess(view()), adapter.assess(green_view()), adapter.assess(view())][::2] == [first, first]


def test_the_version_and_reference_do_not_change_the_answer(adapter: Adapter) -> None:
    renamed = View("26GB9999999999999Z", 7, view().tree, TERMS)
    assert adapter.assess(renamed) == adapter.assess(view())


def test_the_view_is_not_changed(adapter: Adapter) -> None:
    seen = view()
    before = copy.deepcopy(seen)
    adapter.assess(seen)
    assert seen == before


@pytest.mark.parametrize("seen", [view(), green_view()], ids=["held", "green"])
def test_lane_score_and_controls_agree_with_each_other(adapter: Adapter, seen: View) -> None:
    answer = adapter.assess(seen)
    assert 0 <= answer.score <= 100
    assert (answer.lane is Lane.GREEN) == (answer.controls == ())
    assert answer.controls == tuple(sorted(set(answer.controls)))


def test_every_control_of_a_finding_that_counts_is_asked(adapter: Adapter) -> None:
    answer = adapter.assess(view())
    wanted = {finding.control for finding in answer.findings if finding.control}
    assert answer.lane is Lane.GREEN or set(answer.controls) >= wanted


def test_an_answer_had_is_an_assessment(adapter: Adapter) -> None:
    assert adapter.assess(view()).answer is Answer.ASSESSED


def test_findings_name_items_of_the_view_only(adapter: Adapter) -> None:
    assert {finding.item for finding in adapter.assess(view()).findings} <= {None, "1", "2"}


def test_an_answer_travels_as_json_without_loss(adapter: Adapter) -> None:
    answer = adapter.assess(view())
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Assessment) == answer


def test_an_answer_holds_nothing_beyond_the_contract(adapter: Adapter) -> None:
    assert type(adapter.assess(view())) is Assessment


def test_an_empty_view_gets_an_answer_or_a_named_failure(adapter: Adapter) -> None:
    [outcome] = assess_each(adapter, [View("26GB0000000000000A", 1, {}, TERMS)])
    assert isinstance(outcome, Assessment | NotRetryable)


def test_a_view_that_fails_does_not_keep_its_neighbours_from_their_answers(adapter: Adapter) -> None:
    broken = View("26GB0000000000000A", 1, {"GoodsShipment": {"GovernmentAgencyGoodsItem": [{"Packaging": 7}]}}, TERMS)
    outcomes = assess_each(adapter, [view(), broken, view()])
    assert (outcomes[0], len(outcomes)) == (outcomes[2], 3)


def test_profiles_ask_for_the_documents_of_goods_that_have_gone(tmp_path: Path) -> None:
    answer = profiles_adapter(tmp_path).assess(replace(view(), after_release=True))
    assert (answer.lane, answer.controls) == (Lane.YELLOW, (Control.DOCUMENTS,))


def test_profiles_answer_by_what_they_find(tmp_path: Path) -> None:
    answer = profiles_adapter(tmp_path).assess(view())
    assert (answer.lane, answer.controls, answer.findings[0].item) == (Lane.RED, (Control.PHYSICAL,), "1")


def test_profiles_that_cannot_be_answered_are_not_asked_again(tmp_path: Path) -> None:
    when = "\"item.commodity_code == '' || int(item.commodity_code) > 5\""
    adapter = ProfileAdapter(one(tmp_path, profile(when=when)))
    code = [{"ID": "9" * 30, "IdentificationTypeCode": "TSP"}]
    goods = {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "1", "Commodity": {"Classification": code}}]}
    with pytest.raises(NotRetryable):
        adapter.assess(view(GoodsShipment=goods))


@pytest.mark.parametrize("word", OUTCOMES)
def test_the_reference_chooses_the_sandbox_outcome(tmp_path: Path, word: str) -> None:
    assert sandbox_adapter(tmp_path).assess(view(f"{word}-0001")).lane is OUTCOMES[word][0]


def test_documents_that_are_given_satisfy_the_sandbox(tmp_path: Path) -> None:
    asked = view("SANDBOX-DOCUMENTS-0001")
    given = replace(asked, given=GivenDocuments(words="As asked."))
    adapter = sandbox_adapter(tmp_path)
    assert [adapter.assess(each).lane for each in (asked, given)] == [Lane.YELLOW, Lane.GREEN]


@pytest.mark.parametrize(
    ("word", "error"), [("SANDBOX-ERROR", Retryable), ("SANDBOX-SILENT", NotRetryable), ("LRN-1", NotRetryable)]
)
def test_the_sandbox_can_fail_and_an_ordinary_reference_never_releases(
    tmp_path: Path, word: str, error: type[AdapterError]
) -> None:
    with pytest.raises(error):
        sandbox_adapter(tmp_path).assess(view(word))


def test_the_strictest_of_several_words_counts(tmp_path: Path) -> None:
    answer = sandbox_adapter(tmp_path).assess(view("SANDBOX-RELEASE SANDBOX-SCAN"))
    assert answer.controls == (Control.SCAN,)


def test_a_sandbox_agency_is_refused_where_goods_are_really_released(tmp_path: Path) -> None:
    agencies = load_agencies(write(tmp_path, agency=AGENCY.replace('"profiles"', '"sandbox"')))
    with pytest.raises(SandboxForbidden, match="firearms"):
        build_adapters(agencies)


def test_a_sandbox_agency_is_built_where_it_is_allowed(tmp_path: Path) -> None:
    agencies = load_agencies(write(tmp_path, agency=AGENCY.replace('"profiles"', '"sandbox"')))
    assert isinstance(build_adapters(agencies, sandbox_allowed=True)["firearms"], SandboxAdapter)


def test_an_adapter_is_built_for_every_agency(tmp_path: Path) -> None:
    agencies = load_agencies(write(tmp_path))
    assert set(build_adapters(agencies)) == {"firearms"}


def test_a_remote_agency_is_built_with_the_key_from_the_environment(tmp_path: Path) -> None:
    assert isinstance(remote_adapter(tmp_path, "http://127.0.0.1:9/"), RemoteAdapter)


@pytest.mark.parametrize("key", [None, "", " ", "two words", "k\u00e9y", "line\nbreak"])
def test_without_a_key_that_can_be_sent_nothing_starts_and_the_variable_is_named(
    tmp_path: Path, key: str | None
) -> None:
    agencies = load_agencies(write(tmp_path, agency=remote_toml("https://agency.example/"), profiles=""))
    with pytest.raises(KeyMissing, match="firearms is asked over HTTP, but FIREARMS_KEY") as caught:
        build_adapters(agencies, secrets=lambda _: key)
    assert key is None or len(key) < 3 or key not in str(caught.value)
