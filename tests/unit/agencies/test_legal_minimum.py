from __future__ import annotations

import copy
from typing import Any

import pytest

from singlewindow.agencies.legal_minimum import missing_elements
from singlewindow.declarations.faults import Severity, Step
from tests.integration.documents import tree
from tests.judgement import configuration


def _with_items(*items: dict[str, Any]) -> dict[str, Any]:
    declaration = copy.deepcopy(tree())
    (item,) = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [item | changes for changes in items]
    return declaration


def _texts(declaration: dict[str, Any]) -> list[str]:
    return [fault.text for fault in missing_elements(configuration()[1], declaration)]


def test_a_declaration_with_everything_lacks_nothing() -> None:
    assert _texts(tree()) == []


def test_a_missing_element_of_the_header_is_told_with_those_who_need_it() -> None:
    (fault,) = missing_elements(configuration()[1], tree(Declarant={"Name": "N"}))
    assert fault.text == "The declaration has no Declarant/ID. It is in the legal minimum of every agency."
    assert (fault.severity, fault.code, fault.path) == (Severity.WARNING, "MINIMUM_MISSING", (Step("Declaration"),))


def test_an_element_that_only_some_need_is_told_with_their_names() -> None:
    (text,) = _texts(_with_items({"Commodity": {"Classification": [{"ID": "1", "IdentificationTypeCode": "TSP"}]}}))
    assert text.startswith("Item 1 has no Commodity/Description. It is in the legal minimum of ")
    assert configuration()[1]["firearms"].name in text
    assert configuration()[1]["customs"].name not in text


def test_many_items_that_lack_the_same_are_one_warning_at_the_first() -> None:
    bare: dict[str, Any] = {"Commodity": {"Classification": [{"ID": "1", "IdentificationTypeCode": "TSP"}]}}
    (fault,) = missing_elements(configuration()[1], _with_items({}, bare, bare, bare))
    assert fault.text.startswith("Item 2 has no Commodity/Description, nor do 2 other items. ")
    assert fault.path[-1] == Step("GovernmentAgencyGoodsItem", 2)


@pytest.mark.parametrize("empty", ["", None, {}, {"#text": ""}, []])
def test_an_element_without_a_value_is_missing(empty: Any) -> None:
    assert len(_texts(tree(TypeCode=empty))) == 1


def test_what_is_told_does_not_depend_on_who_would_be_asked() -> None:
    bare: dict[str, Any] = {"Commodity": {"Description": "Things"}}
    told = {commodity: _texts(_with_items(bare | {"SequenceNumeric": commodity})) for commodity in ("1", "2")}
    assert told["1"] == told["2"] != []


def test_a_declaration_without_shipment_lacks_only_the_header_s() -> None:
    assert (
        _texts({"FunctionCode": "9", "FunctionalReferenceID": "L", "TypeCode": "IMA", "Declarant": {"ID": "1"}}) == []
    )
