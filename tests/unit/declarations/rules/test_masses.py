"""Masses are compared exactly, and only where both are in one unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree

FaultsOf = Callable[..., list[Fault]]
MASSES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("9999999999"), places=6)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(net=MASSES, gross=MASSES)
def test_net_mass_is_judged_as_a_decimal(
    net: Decimal, gross: Decimal, goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"] = {"GrossMassMeasure": f"{gross:f}", "NetNetWeightMeasure": f"{net:f}"}
    rules = {fault.rule for fault in faults_of(goods_import)}
    assert ("WCO-NET-MASS-WITHIN-GROSS" in rules) == (net > gross)
    assert ("WCO-NET-MASS-BELOW-GROSS" in rules) == (net == gross)


def test_masses_in_different_units_are_not_compared(goods_import: Tree, item: Tree, faults_of: FaultsOf) -> None:
    item["Commodity"]["GoodsMeasure"] = {
        "GrossMassMeasure": {"@unitCode": "TNE", "#text": "1"},
        "NetNetWeightMeasure": {"@unitCode": "KGM", "#text": "900"},
    }
    assert faults_of(goods_import) == []


def test_goods_in_bulk_may_weigh_the_same_net_and_gross_elsewhere(
    goods_import: Tree, item: Tree, faults_of: FaultsOf
) -> None:
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = "120.5"
    assert [fault.severity for fault in faults_of(goods_import, country="NO")] == ["warning"]


def test_a_mass_of_zero_is_out_of_range(goods_import: Tree, item: Tree, faults_of: FaultsOf) -> None:
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = "0.000"
    assert [fault.code for fault in faults_of(goods_import)] == ["VALUE_OUT_OF_RANGE"]
