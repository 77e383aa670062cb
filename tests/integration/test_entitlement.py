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
from tests.integration.conftest import Callers
from tests.integration.documents import as_json
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
