"""End to end, an agency's feed holds exactly the values it is entitled to, with a token in every field."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from singlewindow.clearance.window import Window
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Tree
from singlewindow.http.app import create_app
from tests.integration.conftest import Callers, body_of, work
from tests.integration.documents import PISTOLS, as_json, tree
from tests.unit.declarations.samples import sample_leaf

TOKEN = re.compile(r"CANARY\d{3}")
TEXTS = {"text", "code"}
SHORTEST = len("CANARY000")
# What the rules that hold anywhere ask of certain fields; a token would be refused there.
FIXED = {
    "Declaration/FunctionCode": "9",
    "Declaration/TypeCode": "IMA",
    "Declaration/CurrencyExchange/CurrencyTypeCode": "EUR",
    "Declaration/GoodsShipment/Consignment/ContainerCode": "1",
    "Declaration/GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/GrossMassMeasure": "2",
}
LEFT_OUT = ("Declaration/Amendment", "Declaration/ID")  # of requests about an earlier declaration only


def numbered() -> dict[str, str]:
    """A token of its own for the path of every text that can hold one."""
    leaves = [path for path, element in ELEMENTS.items() if element.kind == "leaf" and _can_carry(element)]
    return {path: f"CANARY{number:03d}" for number, path in enumerate(leaves)}


def _can_carry(element: Element) -> bool:
    length = element.length or 0
    given = element.path in FIXED or element.path.startswith(LEFT_OUT)
    return element.base in TEXTS and length >= SHORTEST and not element.enum and not given


def filled(path: str, tokens: dict[str, str]) -> Tree:
    tree: Tree = {}
    for name in ELEMENTS[path].children:
        child = ELEMENTS[f"{path}/{name}"]
        if child.path in LEFT_OUT:
            continue
        value = filled(child.path, tokens) if child.kind == "class" else _leaf(child, tokens)
        tree[name] = [value] if child.repeatable else value
    return tree


def _leaf(element: Element, tokens: dict[str, str]) -> Any:
    leaf, value = sample_leaf(element), tokens.get(element.path) or FIXED.get(element.path)
    if element.path.endswith(("CountryCode", "NationalityCode", "Country/ID", "RoutingCountryCode")) and not value:
        value = "GB"
    if value is None:
        return leaf
    return {**leaf, "#text": value} if isinstance(leaf, dict) else value


@pytest.fixture
def asked_by_all(window: Window) -> Window:
    """The window, with every agency asked about everything."""
    always = {
        code: replace(agency, head=msgspec.structs.replace(agency.head, always=True))
        for code, agency in window.agencies.items()
    }
    return replace(window, agencies=always)


def test_every_agency_sees_exactly_the_values_it_is_entitled_to(asked_by_all: Window) -> None:
    tokens = numbered()
    app = create_app(asked_by_all)
    callers = Callers(app, asked_by_all)
    answer = callers.trader().post(as_json(filled("Declaration", tokens)))
    assert answer.status_code == 202, answer.text
    assert len(tokens) > 100
    for code, agency in asked_by_all.agencies.items():
        feed = callers.agency(code).get(f"/v1/agencies/{code}/feed")
        wanted = {token for path, token in tokens.items() if path in agency.entitlement.maximum}
        assert set(TOKEN.findall(feed.text)) == wanted, code


def test_an_agency_interested_in_one_item_is_fed_that_item_and_the_header_it_may_see(window: Window) -> None:
    callers = Callers(create_app(window), window)
    declaration = tree()
    (item,) = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    goods = {"1": "73181595", "2": "73181595", "3": PISTOLS}
    items = [
        item | {"SequenceNumeric": number, "Commodity": {
            "Description": f"ITEM-{number}", "Classification": [{"ID": code, "IdentificationTypeCode": "TSP"}]}}
        for number, code in goods.items()
    ]  # fmt: skip
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = items
    declaration |= {"GoodsItemQuantity": "3", "TotalPackageQuantity": "3"}
    answer = callers.trader().lodge(declaration)
    assert answer.status_code == 202, answer.text
    feed = callers.agency("firearms").get("/v1/agencies/firearms/feed")
    assert re.findall(r"ITEM-\d", feed.text) == ["ITEM-3"]
    (entry,) = body_of(feed)["entries"]
    assert (entry["items"], entry["view"]["Declarant"]["ID"]) == (["3"], "GB123456789000")
    work(window)
    again = callers.agency("firearms").get("/v1/agencies/firearms/feed")
    assert set(re.findall(r"ITEM-\d", again.text)) == {"ITEM-3"}
    assert set(re.findall(r"ITEM-\d", callers.agency("customs").get("/v1/agencies/customs/feed").text)) == {
        "ITEM-1", "ITEM-2", "ITEM-3",
    }  # fmt: skip


def test_an_element_some_agency_needs_is_missed_at_lodgement_and_the_declaration_taken(window: Window) -> None:
    trader = Callers(create_app(window), window).trader()
    declaration = tree(Declarant={"Name": "N"})
    checked = body_of(trader.post(as_json(declaration), path="/v1/declarations/validate"))
    lodged = trader.lodge(declaration)
    assert lodged.status_code == 202, lodged.text
    (warning,) = [entry for entry in body_of(lodged)["warnings"] if entry["rule"] == "AGENCY-MINIMUM"]
    assert warning["code"] == "MINIMUM_MISSING"
    assert "Declarant/ID" in warning["text"]
    assert [entry for entry in checked["faults"] if entry["rule"] == "AGENCY-MINIMUM"] == [warning]


def test_everybody_may_read_what_the_law_gives_an_agency_and_why(window: Window) -> None:
    client = create_app(window).test_client()
    page = client.get("/entitlements")
    assert page.content_type == "text/html; charset=utf-8"
    for code, agency in window.agencies.items():
        told = body_of(client.get(f"/v1/agencies/{code}/entitlement"))
        assert {entry["path"] for entry in told["elements"]} == agency.entitlement.maximum
        assert {entry["path"] for entry in told["elements"] if entry["need"] == "minimum"} == agency.entitlement.minimum
        assert all(entry["basis"] for entry in told["elements"])
        assert told["legal_basis"]
        assert f'id="{code}"' in page.text
    assert client.get("/v1/agencies/nosuch/entitlement").status_code == 404
    assert "<script" not in page.text
