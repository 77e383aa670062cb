"""Masses are in units of mass, and are compared exactly whatever the unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.masses import FACTORS
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.rules.masses import MassUnit
from singlewindow.declarations.validation import validate
from singlewindow.declarations.writing.binding import to_json, to_xml

FaultsOf = Callable[..., list[Fault]]
MASSES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("9999999999"), places=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(net=MASSES, gross=MASSES)
def test_net_mass_is_judged_as_a_decimal(
    net: Decimal, gross: Decimal, goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"] = {"GrossMassMeasure": f"{gross:f}", "NetNetWeightMeasure": f"{net:f}"}
    rules = {fault.rule for fault in faults_of(goods_import)}
    assert ("WCO-NET-MASS-WITHIN-GROSS" in rules) == (net > gross)
    assert ("WCO-NET-MASS-BELOW-GROSS" in rules) == (net == gross)


def measured(value: str, unit: str) -> Tree | str:
    return {"@unitCode": unit, "#text": value} if unit else value


@pytest.mark.parametrize(
    ("net", "gross", "rules"),
    [
        (("900", "KGM"), ("1", "TNE"), []),
        (("3", "TNE"), ("10", "KGM"), ["WCO-NET-MASS-WITHIN-GROSS"]),
        (("900", "LBR"), ("900", ""), []),
        (("900", "LBR"), ("408.233132", "KGM"), ["WCO-NET-MASS-WITHIN-GROSS"]),
        (("100", "LBR"), ("45.359237", "KGM"), ["WCO-NET-MASS-BELOW-GROSS"]),
        (("24", "TNE#I"), ("240", "DTN"), ["WCO-NET-MASS-BELOW-GROSS"]),
        (("24", "TNE#I"), ("239", "DTN#G"), ["WCO-NET-MASS-WITHIN-GROSS"]),
        (("16", "ONZ"), ("1", "LBR"), ["WCO-NET-MASS-BELOW-GROSS"]),
        (("9999999999.999999", "DRI"), ("9999999999.999998", "DRI"), ["WCO-NET-MASS-WITHIN-GROSS"]),
        (("500", ""), ("1", "GRM"), ["WCO-NET-MASS-WITHIN-GROSS"]),
    ],
)
def test_masses_in_different_units_are_compared_exactly(
    net: tuple[str, str], gross: tuple[str, str], rules: list[str], goods_import: Tree, faults_of: FaultsOf
) -> None:
    item = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    item["Commodity"]["GoodsMeasure"] = {"GrossMassMeasure": measured(*gross), "NetNetWeightMeasure": measured(*net)}
    assert [fault.rule for fault in faults_of(goods_import)] == rules


def test_words_repeat_a_mass_with_its_own_unit(goods_import: Tree, item: Tree, faults_of: FaultsOf) -> None:
    item["Commodity"]["GoodsMeasure"] = {
        "GrossMassMeasure": "10",
        "NetNetWeightMeasure": {"@unitCode": "TNE", "#text": "3"},
    }
    (fault,) = faults_of(goods_import)
    assert fault.text == "Item 1 weighs 3 TNE net, but only 10 kg gross."


UNUSABLE = ["tne", "Kgm", "KG", "T", "LB", "NAR", "LTR", "GBP", "KNI", "TNE#", "KGM#Z", "KGM#i", "kgm#G", "#G", "KGMG"]


@pytest.mark.parametrize("form", [Media.XML, Media.JSON])
@pytest.mark.parametrize("leaf", ["NetNetWeightMeasure", "GrossMassMeasure", "TotalGrossMassMeasure"])
@pytest.mark.parametrize("unit", UNUSABLE)
def test_another_unit_on_a_mass_is_refused(
    unit: str, leaf: str, form: Media, goods_import: Tree, rulebooks: Rulebooks
) -> None:
    item = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    holder = goods_import if leaf == "TotalGrossMassMeasure" else item["Commodity"]["GoodsMeasure"]
    holder[leaf] = {"@unitCode": unit, "#text": "115"}
    ordered = dict(sorted(goods_import.items(), key=lambda pair: pair[0] != leaf))
    for country in ("GB", ""):
        header = {"ResponsibleCountryCode": country}
        content = (to_xml if form is Media.XML else to_json)(Declaration(ordered, header), enveloped=True)
        found = [fault for fault in validate(content, form, rulebooks).faults if fault.rule == "WCO-MASS-UNIT"]
        assert [(fault.severity, fault.path[-1].name) for fault in found] == [("hard", "@unitCode")]
        assert found[0].advice.startswith(("Write ", "Convert the mass to KGM"))


@pytest.mark.parametrize(("unit", "meant"), [("tne", "TNE"), ("Kgm", "KGM"), ("kgm#g", "KGM#G")])
def test_a_unit_in_small_letters_is_refused_with_its_right_spelling(
    unit: str, meant: str, goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = {"@unitCode": unit, "#text": "0.1"}
    assert [fault.text for fault in faults_of(goods_import)] == [
        f"NetNetWeightMeasure has the unit '{unit}', which is written {meant}."
    ]


@pytest.mark.parametrize("unit", sorted(FACTORS))
def test_every_unit_of_mass_may_be_used(unit: str, goods_import: Tree, item: Tree, faults_of: FaultsOf) -> None:
    item["Commodity"]["GoodsMeasure"] = {
        "GrossMassMeasure": {"@unitCode": unit, "#text": "2"},
        "NetNetWeightMeasure": {"@unitCode": unit, "#text": "1"},
    }
    assert faults_of(goods_import) == []


@pytest.mark.parametrize("unit", ["NAR", "LTR", "GBP", "ASV", "LPA"])
def test_a_quantity_that_is_no_mass_may_be_in_any_unit(
    unit: str, goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"]["TariffQuantity"] = {"@unitCode": unit, "#text": "5"}
    assert faults_of(goods_import) == []


def test_goods_in_bulk_may_weigh_the_same_net_and_gross_elsewhere(
    goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = "120.5"
    assert [fault.severity for fault in faults_of(goods_import, country="NO")] == ["warning"]


def test_a_mass_of_zero_is_out_of_range(goods_import: Tree, item: Tree, faults_of: FaultsOf) -> None:
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = "0.000"
    assert [fault.code for fault in faults_of(goods_import)] == ["VALUE_OUT_OF_RANGE"]


@pytest.mark.parametrize(
    ("unit", "advice"),
    [
        ("kgm", "Write KGM."), ("Tne", "Write TNE."), ("kgm#g", "Write KGM#G."),
        ("MTR", MassUnit.advice), ("KGX", MassUnit.advice),
    ],
)  # fmt: skip
def test_a_unit_near_a_listed_one_leads_to_it(
    unit: str, advice: str, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    goods_import["TotalGrossMassMeasure"] = {"@unitCode": unit, "#text": "10"}
    (fault,) = [fault for fault in faults_of(goods_import) if fault.rule == "WCO-MASS-UNIT"]
    assert (fault.advice, len(fault.advice) < 180) == (advice, True)
