"""The trader's own reference is a key, so only plain characters may be in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]
REFUSED = ["hard WCO-LRN-CHARACTERS FunctionalReferenceID"]


@pytest.mark.parametrize(
    "lrn", ["7849431M0ZUP", "U.7847576CMQAK", "R3.9.1_036-A3151", "NEW SAMPLE 9", "INV/2026/001", "A(1)", "X", "A-"]
)
def test_a_reference_of_plain_characters_is_accepted(lrn: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["FunctionalReferenceID"] = lrn
    assert breaches(goods_import) == []


@pytest.mark.parametrize(
    "lrn",
    [
        "KETTLES\u200b1",
        "KETTLES\u202e1",
        "\u0391BC1",
        "KETTLES-1 ",
        " KETTLES-1",
        "CAFE\u0301",
        "KETTLES\n1",
        "../../x",
        "a/../b",
        "%00",
        "'; DROP TABLE",
        "=cmd|1",
        "\uff11\uff12",
    ],
    ids=ascii,
)
def test_a_reference_that_could_be_mistaken_is_refused(lrn: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["FunctionalReferenceID"] = lrn
    assert breaches(goods_import) == REFUSED


def test_free_text_and_document_references_may_be_in_any_script(
    goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Description"] = "やかん \u200b 'x'"
    item["Packaging"][0]["MarksNumbersID"] = "水壺"
    item["AdditionalDocument"][0]["ID"] = "Rechnung Nº 5"
    goods_import["BorderTransportMeans"]["ID"] = "MÆRSK"
    assert breaches(goods_import) == []


def test_white_space_around_an_identifier_is_accepted(goods_import: Tree, breaches: Breaches) -> None:
    goods_import["GoodsShipment"]["PreviousDocument"][0]["ID"] += " "
    assert breaches(goods_import) == []


@pytest.mark.parametrize("code", ["8\uff14109000", "\u06684109000", "7323 9300\u00a0"])
def test_digits_of_other_scripts_are_refused_once(
    code: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"][0]["ID"] = code
    hard = [breach for breach in breaches(goods_import) if breach.startswith("hard")]
    assert hard == [
        "hard WCO-IDENTIFIER-CHARACTERS GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/Classification[1]/ID"
    ]
