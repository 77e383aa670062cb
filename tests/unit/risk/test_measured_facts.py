"""Masses are kilograms, amounts are in the home currency; what cannot be measured is asked about, and never green."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.loading import load_agencies
from singlewindow.agencies.routing import route
from singlewindow.decisions.assessment import Assessment, Control, Finding, Lane
from singlewindow.declarations.masses import FACTORS
from singlewindow.declarations.model import Tree
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.risk.assess import assess
from singlewindow.risk.compiled_conditions import Scope
from singlewindow.risk.conditions import ConditionError, ConditionSet, Scenes, compile_condition
from singlewindow.risk.fact_readers import Unmeasurable
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS, Facts
from singlewindow.risk.terms import Terms
from singlewindow.risk.toml_source import ConfigError
from tests.agency_folders import AGENCY, ELEMENTS, ITEM, entitlement, one, profile, write
from tests.documents import examples
from tests.generator import Generator
from tests.judgement import configuration
from tests.terms import DAY, RATES, TERMS

VALUE = '"item.value > 1000.0"'
HOLDING = '"item.value > 1000.0 || item.net_mass_kg > 500.0"'


def goods(amount: Any = None, net: Any = None, description: str = "kettles") -> Tree:
    """One goods item."""
    commodity: Tree = {"Description": description}
    if net is not None:
        commodity["GoodsMeasure"] = {"NetNetWeightMeasure": net}
    if amount is not None:
        commodity["InvoiceLine"] = {"ItemChargeAmount": amount}
    return {"SequenceNumeric": "1", "Commodity": commodity}


def priced(text: str, currency: str) -> Tree:
    return {"@currencyID": currency, "#text": text}


def weighed(text: str, unit: str) -> Tree:
    return {"@unitCode": unit, "#text": text}


def declared(*items: Tree, **more: Any) -> Tree:
    numbered = [{**each, "SequenceNumeric": str(number)} for number, each in enumerate(items, start=1)]
    return {"TypeCode": "IMA", "GoodsShipment": {"GovernmentAgencyGoodsItem": numbered}, **more}


def item(name: str, tree: Tree, terms: Terms = TERMS) -> Any:
    return Facts(ITEM_FACTS, tree, terms)[name]


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        (priced("590", "GBP"), 590.0),
        (priced("19765000", "VND"), 590.0),
        (priced("737.50", "USD"), 590.0),
        (priced("118000", "JPY"), 590.0),
        (priced("678.5", "EUR"), 590.0),
        (priced("0", "XTS"), 0.0),
        ("0.00", 0.0),
        (None, 0.0),
    ],
)
def test_an_amount_is_in_the_home_currency(amount: Any, value: float) -> None:
    assert item("value", goods(amount)) == value


def test_every_fact_about_an_amount_is_in_the_home_currency() -> None:
    tree = goods(priced("1250", "USD"), weighed("0.5", "TNE")) | {"StatisticalValueAmount": priced("250", "USD")}
    assert [item(name, tree) for name in ("value", "value_per_kg", "statistical_value")] == [1000.0, 2.0, 200.0]
    facts = Facts(DECLARATION_FACTS, {"InvoiceAmount": priced("2000", "JPY")}, TERMS)
    assert (facts["invoice_amount"], facts["invoice_currency"]) == (10.0, "JPY")


@pytest.mark.parametrize("currency", ["XTS", "KRW", "gbp", " GBP", "GB"])
def test_an_amount_without_a_rate_is_unmeasurable_and_says_currency_and_day(currency: str) -> None:
    with pytest.raises(Unmeasurable) as unknown:
        item("value", goods(priced("590", currency)))
    assert repr(currency) in unknown.value.officer
    assert DAY.isoformat() in unknown.value.officer
    assert unknown.value.trader == "Please provide the invoice, with the amount in GBP."


@pytest.mark.parametrize("amount", ["590", {"#text": "590"}, {"@currencyID": "", "#text": "590"}])
def test_an_amount_without_a_currency_is_unmeasurable(amount: Any) -> None:
    with pytest.raises(Unmeasurable, match="has no currency"):
        item("value", goods(amount))


@pytest.mark.parametrize("unit", ["tne", "BOX", "KGM#Z", "LTR", "KG"])
@pytest.mark.parametrize("fact", ["net_mass_kg", "value_per_kg"])
def test_a_mass_in_no_unit_of_mass_is_unmeasurable(unit: str, fact: str) -> None:
    with pytest.raises(Unmeasurable, match="not a unit of mass"):
        item(fact, goods(priced("1", "GBP"), weighed("24", unit)))


def test_the_masses_of_several_items_are_added_up_in_kilograms() -> None:
    units = [("1", "TNE"), ("2", "DTN#G"), ("3", "KGM"), ("4", "LBR")]
    trees = [{"Commodity": {"GoodsMeasure": {"GrossMassMeasure": weighed(*each)}}} for each in units]
    facts = Facts(DECLARATION_FACTS, declared(*trees), TERMS)
    assert facts["gross_mass_kg"] == pytest.approx(1204.81436948)


@given(
    st.decimals(min_value="0.000001", max_value=10**9, places=6),
    st.sampled_from(sorted(FACTORS)),
)
def test_a_mass_is_the_same_fact_in_any_unit(kilograms: Decimal, unit: str) -> None:
    written = f"{kilograms / FACTORS[unit]:f}"
    assert item("net_mass_kg", goods(net=weighed(written, unit))) == pytest.approx(float(kilograms))


@pytest.mark.parametrize(
    ("rate", "currency", "deviation"),
    [
        ("0.8", "USD", 0.0),  # pounds for a dollar, as the element is defined
        ("1.25", "USD", 0.0),  # dollars for a pound, as it is quoted
        ("1.3", "USD", 0.04),
        ("0.88", "USD", 0.1),
        ("1", "USD", 0.2),
        ("0.00003", "VND", 0.0),  # 0.0000298..., in five decimals
        ("33500", "VND", 0.0),
        ("0.00006", "VND", 0.8425),
        ("1", "GBP", 0.0),
        ("1.5", "GBP", 0.5),
        ("0", "EUR", 1.0),
    ],
)
def test_a_declared_rate_is_compared_both_ways_round(rate: str, currency: str, deviation: float) -> None:
    tree = {"CurrencyExchange": [{"CurrencyTypeCode": currency, "RateNumeric": rate}]}
    found = Facts(DECLARATION_FACTS, tree, TERMS)["exchange_rate_deviation"]
    assert found == pytest.approx(deviation, abs=2e-4)


def test_the_rate_that_is_farthest_off_counts_and_one_without_figures_does_not() -> None:
    rates = [{"CurrencyTypeCode": "USD", "RateNumeric": "0.8"}, {"CurrencyTypeCode": "EUR", "RateNumeric": "2.3"}]
    facts = Facts(DECLARATION_FACTS, {"CurrencyExchange": [*rates, {"CurrencyTypeCode": "XTS"}]}, TERMS)
    assert facts["exchange_rate_deviation"] == pytest.approx(1.0, abs=1e-4)


def test_a_declared_rate_decides_nothing() -> None:
    tree = declared(goods(priced("1250", "USD")), CurrencyExchange=[{"CurrencyTypeCode": "USD", "RateNumeric": "9"}])
    (first,) = tree["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    assert item("value", first) == 1000.0


UNKNOWN = goods(priced("590", "XTS"), weighed("100", "KGM"))


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("item.value > 1000.0 && item.description == 'tea'", False),
        ("item.description == 'tea' && item.value > 1000.0", False),
        ("item.value > 1000.0 || item.description == 'kettles'", True),
        ("item.description == 'kettles' || item.value > 1000.0", True),
        ("!(item.value > 1000.0) && item.net_mass_kg > 100.0", False),
        ("item.value_per_kg < 1.0 && (item.value > 1.0 || item.description == 'x') && size(item.marks) > 0", False),
        ("item.value > 1000.0 && item.description == 'kettles'", None),
        ("item.value > 1000.0 || item.description == 'tea'", None),
        ("!(item.value > 1000.0)", None),
        ("item.statistical_value > 1.0 || item.value_per_kg > 1.0", None),
        ("['kettles'].exists(word, item.description == word && item.value > 1.0)", None),
        ("['tea'].exists(word, item.description == word && item.value > 1.0)", False),
        ("item.value / 2.0 > 1000.0 && item.description == 'tea'", False),
        ("item.value / 2.0 > 1000.0", None),
        ("declaration.type == 'IMA' ? item.value > 1.0 : false", None),
        ("declaration.type == 'EXA' ? item.value > 1.0 : false", False),
    ],
)
def test_a_condition_that_is_decided_without_the_amount_needs_no_rate(source: str, known: bool | None) -> None:
    condition = compile_condition("C-1", source, "item")
    scene = {"item": Facts(ITEM_FACTS, UNKNOWN, TERMS), "declaration": Facts(DECLARATION_FACTS, declared(), TERMS)}
    for answer in (condition.holds, condition.evaluate_cel):
        if known is None:
            with pytest.raises(Unmeasurable):
                answer(scene)
        else:
            assert answer(scene) is known


def test_conditions_over_all_items_say_which_cannot_be_told() -> None:
    condition = compile_condition("C-1", "items.exists(one, one.value > 1000.0)", "declaration")
    (fired,) = ConditionSet([condition]).find_fired(Scenes(declared(UNKNOWN), TERMS))
    assert (fired.item, fired.unmeasurable is None) == (None, False)
    dear = goods(priced("2000", "GBP"))
    for order in ((dear, UNKNOWN), (UNKNOWN, dear), (UNKNOWN, dear, UNKNOWN)):
        (holds,) = ConditionSet([condition]).find_fired(Scenes(declared(*order), TERMS))
        assert holds.unmeasurable is None


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        ("has(item.value)", "item"),
        ("'value' in item", "item"),
        ("size(item) > 1", "item"),
        ("declaration != {}", "item"),
        ("items.exists(one, has(one.value))", "declaration"),
        ("has(declaration.invoice_amount) && size(items) > 0", "declaration"),
    ],
)
def test_a_condition_cannot_look_past_a_fact_that_is_missing(source: str, scope: Scope) -> None:
    with pytest.raises(ConditionError):
        compile_condition("C-1", source, scope)


def only(assessment: Assessment) -> Finding:
    (finding,) = assessment.findings
    return finding


def test_an_amount_without_a_rate_asks_for_documents(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(when=VALUE, control='"physical"', weight="70", title='"Dear goods"'))
    assessment = assess(agency.method, declared(UNKNOWN), TERMS)
    finding = only(assessment)
    assert (assessment.lane, assessment.score, assessment.controls) == (Lane.YELLOW, 0, (Control.DOCUMENTS,))
    assert (finding.profile, finding.item, finding.weight) == ("FA-001", "1", 0)
    assert finding.officer == (
        "An amount is in 'XTS', for which there is no rate on 2026-06-01. "
        "Check in the documents whether this applies: Dear goods."
    )
    assert finding.trader == "Please provide the invoice, with the amount in GBP."


def test_a_mass_in_an_unknown_unit_asks_for_documents(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(when='"item.net_mass_kg > 1.0"'))
    assessment = assess(agency.method, declared(goods(net=weighed("24", "tne"))), TERMS)
    assert (assessment.lane, assessment.controls) == (Lane.YELLOW, (Control.DOCUMENTS,))
    assert only(assessment).trader == "Please provide the packing list, with the mass in kilograms."


def test_on_a_day_without_rates_every_other_currency_asks_for_documents(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(when=VALUE))
    bare = Terms(country="GB", day=DAY, currency="GBP")
    assert assess(agency.method, declared(goods(priced("1", "USD"))), bare).lane is Lane.YELLOW
    assert assess(agency.method, declared(goods(priced("1", "GBP"))), bare).lane is Lane.GREEN


def test_each_profile_says_it_once_for_each_item_and_keeps_what_it_found_elsewhere(tmp_path: Path) -> None:
    agency = one(tmp_path, profile("A", when=HOLDING, weight="45"), profile("B", when=VALUE, weight="10"))
    heavy = goods(priced("2000", "GBP"))
    assessment = assess(agency.method, declared(UNKNOWN, heavy, UNKNOWN), TERMS)
    assert [(each.profile, each.item, each.weight) for each in assessment.findings] == [
        ("A", "2", 45), ("B", "2", 10), ("A", "1", 0), ("A", "3", 0), ("B", "1", 0), ("B", "3", 0),
    ]  # fmt: skip
    assert (assessment.score, assessment.lane) == (55, Lane.ORANGE)


def test_what_decides_without_the_amount_decides_as_ever(tmp_path: Path) -> None:
    agency = one(tmp_path, profile(when=HOLDING, weight="70"))
    assessment = assess(agency.method, declared(goods(priced("1", "XTS"), weighed("1", "TNE"))), TERMS)
    assert (assessment.lane, only(assessment).weight) == (Lane.RED, 70)


def test_a_routing_rule_that_cannot_be_measured_asks_the_agency(tmp_path: Path) -> None:
    rule = AGENCY.replace("item.commodity_code.startsWith('93')", "item.value > 1000.0")
    routing = route(load_agencies(write(tmp_path, agency=rule)), declared(goods(priced("1", "GBP")), UNKNOWN), TERMS)[0]
    assert (routing.asked, routing.items) == (True, ("2",))
    assert routing.reason.startswith("the goods are arms (asked to be on the safe side: An amount is in 'XTS'")


@pytest.mark.parametrize(
    ("missing", "when"),
    [
        (f"{ITEM}/Commodity/InvoiceLine/ItemChargeAmount/@currencyID", VALUE),
        (f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure/@unitCode", '"item.net_mass_kg > 1.0"'),
        (f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure/@unitCode", '"item.value_per_kg > 1.0"'),
        ("GrossMassMeasure", '"declaration.gross_mass_kg > 1.0"'),
    ],
)
def test_an_agency_that_may_not_see_the_unit_may_not_use_the_value(tmp_path: Path, missing: str, when: str) -> None:
    extra = {f"{ITEM}/Commodity/GoodsMeasure/GrossMassMeasure": "maximum"} if missing == "GrossMassMeasure" else {}
    elements = entitlement({path: need for path, need in (ELEMENTS | extra).items() if path != missing})
    with pytest.raises(ConfigError, match="outside the entitlement"):
        load_agencies(write(tmp_path, elements=elements, profiles=profile(when=when)))


def test_an_assessment_names_the_rates_only_where_they_count(tmp_path: Path) -> None:
    rated, plain = one(tmp_path / "a", profile(when=VALUE)), one(tmp_path / "b")
    newer = Terms(country="GB", day=DAY, currency="GBP", rates=RATES, rates_digest="f" * 16)
    assert assess(plain.method, {}, TERMS).profiles == assess(plain.method, {}, newer).profiles == plain.fingerprint
    assert assess(rated.method, {}, TERMS).profiles == f"{rated.fingerprint}+{TERMS.rates_digest}"
    assert assess(rated.method, {}, newer).profiles == f"{rated.fingerprint}+{'f' * 16}"


def shipped() -> dict[str, Agency]:
    return configuration()[1]


@cache
def declarations() -> list[Tree]:
    kinds = {".xml": Media.XML, ".json": Media.JSON}
    ours = [read_message(path.read_bytes(), kinds[path.suffix]).declaration.tree for path in examples()]
    generator = Generator(11)
    return ours + [generator.declaration(f"MEASURED-{number}").tree for number in range(20)]


def changed(node: Any, amounts: Decimal | None = None, currency: str = "", unit: str = "") -> Any:
    """The tree with its amounts in another currency, and its masses in another unit."""
    if isinstance(node, list):
        return [changed(each, amounts, currency, unit) for each in node]
    if not isinstance(node, dict):
        return node
    if amounts is not None and node.get("@currencyID") == "GBP":
        return priced(f"{Decimal(node['#text']) * amounts:.3f}", currency)
    masses = ("NetNetWeightMeasure", "GrossMassMeasure", "TotalGrossMassMeasure")
    return {
        name: _heavy(value, unit) if unit and name in masses else changed(value, amounts, currency, unit)
        for name, value in node.items()
    }


def _heavy(leaf: Any, unit: str) -> Tree:
    text = leaf["#text"] if isinstance(leaf, dict) else leaf
    return weighed(f"{Decimal(text) / FACTORS[unit]:f}", unit)


def judged(tree: Tree) -> list[Assessment]:
    """What every agency says of it, by whatever rates."""
    found = [assess(agency.method, tree, TERMS) for agency in shipped().values()]
    return [msgspec.structs.replace(each, profiles="") for each in found]


@settings(deadline=None)
@given(st.data())
def test_the_same_facts_in_another_currency_and_unit_are_judged_alike(data: st.DataObject) -> None:
    tree = data.draw(st.sampled_from(declarations()))
    currency = data.draw(st.sampled_from(sorted(RATES)))
    unit = data.draw(st.sampled_from(["", "TNE", "GRM", "DTN", "LBR", "ONZ", "STN", "KGM#G", "TNE#I"]))
    assert judged(changed(tree, RATES[currency], currency, unit)) == judged(tree)


@settings(deadline=None)
@given(st.data())
def test_what_cannot_be_measured_is_never_judged_milder(data: st.DataObject) -> None:
    tree = data.draw(st.sampled_from(declarations()))
    unknown = changed(tree, Decimal(1), "XTS", "")
    lanes = list(Lane)
    for before, after in zip(judged(tree), judged(unknown), strict=True):
        milder = lanes.index(after.lane) < min(lanes.index(before.lane), lanes.index(Lane.YELLOW))
        assert not milder, (before, after)
