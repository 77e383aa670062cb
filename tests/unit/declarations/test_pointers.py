"""One place, named in three ways."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from lxml import etree

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import Path, Step
from singlewindow.declarations.pointers import PREFIXES, WcoStep, json_pointer, wco_pointer, wco_steps, xpath
from tests.unit.declarations.samples import full_class, full_xml

ITEM = (Step("Declaration"), Step("GoodsShipment"), Step("GovernmentAgencyGoodsItem", 2))
NET_MASS = (*ITEM, Step("Commodity"), Step("GoodsMeasure"), Step("NetNetWeightMeasure"))
ITEMS = {"GoodsShipment": {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "1"}, {"SequenceNumeric": "7"}]}}


def test_an_xpath_names_each_step_with_its_prefix() -> None:
    expected = "/md:MetaData/dec:Declaration/dec:GoodsShipment/dec:GovernmentAgencyGoodsItem[2]"
    assert xpath(ITEM, enveloped=True) == expected


def test_an_xpath_into_a_bare_declaration_starts_there() -> None:
    assert xpath((Step("Declaration"), Step("TypeCode")), enveloped=False) == "/dec:Declaration/dec:TypeCode"


def test_an_xpath_into_the_header_stays_in_the_envelope() -> None:
    path = (Step("MetaData"), Step("WCOTypeName"))
    assert (xpath(path, enveloped=True), json_pointer(path, enveloped=True)) == (
        "/md:MetaData/md:WCOTypeName",
        "/MetaData/WCOTypeName",
    )


def test_a_json_pointer_counts_from_nought() -> None:
    assert json_pointer(ITEM, enveloped=False) == "/Declaration/GoodsShipment/GovernmentAgencyGoodsItem/1"


def test_a_json_pointer_escapes_what_an_unknown_key_may_hold() -> None:
    assert json_pointer((Step("Declaration"), Step("a/b~c")), enveloped=False) == "/Declaration/a~1b~0c"


def all_places() -> list[Path]:
    """A path to every element of the model."""
    return [tuple(_steps(path)) for path in ELEMENTS]


def _steps(path: str) -> list[Step]:
    names = path.split("/")
    paths = ["/".join(names[: length + 1]) for length in range(len(names))]
    return [Step(ELEMENTS[p].name, 1 if ELEMENTS[p].repeatable else None) for p in paths]


def test_every_xpath_finds_its_element() -> None:
    root = etree.fromstring(full_xml())
    for path in all_places():
        hits = root.xpath(xpath(path, enveloped=True), namespaces=PREFIXES)
        assert [etree.QName(hit).localname for hit in hits] == [path[-1].name]


def test_every_json_pointer_finds_its_element() -> None:
    message = {"Declaration": full_class("Declaration")}
    for path in random.Random(1).sample(all_places(), 100):
        node = json.loads(json.dumps(message))
        for part in json_pointer(path, enveloped=False).split("/")[1:]:
            node = node[int(part)] if isinstance(node, list) else node[part]


def test_a_place_goes_by_position() -> None:
    assert wco_pointer(NET_MASS) == "42A/67A/68A[2]/23A/65A#128"


@pytest.mark.parametrize(
    ("declared", "numbers"),
    [
        (["1", "7", "3"], [1, 7, 3]),
        (["3", "1", "2"], [3, 1, 2]),
        (["1", "1", "2"], [1, 2, 3]),
        (["2", "3", "3"], [1, 2, 3]),
        (["2", None, "3"], [1, 2, 3]),
        (["1", "01", "2"], [1, 2, 3]),
        (["1", "x", "\u0662"], [1, 2, 3]),
        ([{"#text": "4"}, "5", "6"], [4, 5, 6]),
    ],
)
def test_a_response_names_items_by_what_they_declare_where_that_is_one_item(
    declared: list[Any], numbers: list[int]
) -> None:
    items = [{} if number is None else {"SequenceNumeric": number} for number in declared]
    tree = {"GoodsShipment": {"GovernmentAgencyGoodsItem": items}}
    places = [(*ITEM[:2], Step("GovernmentAgencyGoodsItem", place)) for place in range(1, len(items) + 1)]
    assert [wco_steps(place, tree)[-1] for place in places] == [WcoStep("68A", number) for number in numbers]


def test_an_item_beyond_the_declaration_is_numbered_by_its_place() -> None:
    beyond = (*ITEM[:2], Step("GovernmentAgencyGoodsItem", 3))
    assert wco_steps(beyond, ITEMS)[-1] == wco_steps(beyond, {})[-1] == WcoStep("68A", 3)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((Step("Declaration"),), "42A"),
        ((Step("Declaration"), Step("FunctionalReferenceID")), "42A#D026"),
        ((Step("Declaration"), Step("AcceptanceDateTime")), "42A#023"),
        ((Step("Declaration"), Step("AcceptanceDateTime"), Step("DateTimeString")), "42A#023"),
        ((Step("Declaration"), Step("InvoiceAmount"), Step("@currencyID")), "42A#109"),
        ((Step("Declaration"), Step("AuthorisationHolder", 1), Step("ID")), "42A/17C[1]#R144"),
        ((Step("Declaration"), Step("AuthorisationHolder"), Step("ID")), "42A/17C#R144"),
        (
            (*ITEM[:2], Step("GovernmentAgencyGoodsItem", 1), Step("GovernmentProcedure", 1), Step("CurrentCode")),
            "42A/67A/68A[1]/70A[1]#166",
        ),
        ((Step("Declaration"), Step("colour")), "42A"),
        ((Step("MetaData"), Step("colour")), ""),
    ],
)
def test_a_wco_pointer_is_the_chain_of_ids(path: Path, pointer: str) -> None:
    assert wco_pointer(path) == pointer


def test_only_the_last_step_has_a_tag() -> None:
    assert wco_steps(NET_MASS, ITEMS)[2:] == [WcoStep("68A", 7), WcoStep("23A"), WcoStep("65A", None, "128")]
