"""Parties: by identifier, or by name and address, and who speaks for whom."""

from __future__ import annotations

from collections.abc import Callable

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]


def test_a_party_told_twice_is_refused_only_where_the_country_is_strict(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["Exporter"]["ID"] = "GB111222333000"
    assert breaches(goods_import) == ["hard WCO-PARTY-IDENTIFIED-ONCE Exporter/Name"]
    assert breaches(goods_import, country="NO") == ["warning WCO-PARTY-IDENTIFIED-ONCE Exporter/Name"]


def test_an_address_without_a_postcode_is_accepted_elsewhere(goods_import: Tree, breaches: Breaches) -> None:
    del goods_import["Exporter"]["Address"]["PostcodeID"]
    assert breaches(goods_import, country="NO") == []


def test_a_representative_needs_a_known_function(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["Agent"]["FunctionCode"] = "1"
    assert breaches(goods_import) == ["hard GB-REPRESENTATIVE Agent/FunctionCode"]


def test_an_importer_who_declares_for_himself_says_so(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    goods_import["Declarant"]["ID"] = "GB111222333000"
    item["AdditionalInformation"].append({"StatementCode": "00500", "StatementDescription": "IMPORTER"})
    del goods_import["Agent"]
    assert breaches(goods_import) == []


def test_exports_need_no_word_on_representation(goods_export: Tree, breaches: Breaches) -> None:
    del goods_export["Agent"]
    assert breaches(goods_export) == []
