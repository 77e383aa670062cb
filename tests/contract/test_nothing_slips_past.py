"""Facts that move to another element, are said in another order, or are left out, get no milder answer.

Each row takes an example that is inspected, changes one thing, and expects at least the same strictness; further rows
are plain goods that only look like it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.contract.test_ways_of_writing import example
from tests.documents import EXAMPLES, PLAIN
from tests.judgement import Judgement, judged

Change = Callable[[Tree], None]
SHOES, SERVERS, ENGINES, UREA, HANDBAGS = (
    PLAIN, "18-export-network-servers.json", "35-drone-engines.xml", "30-urea-without-farm.xml",
    "50-undervalued-handbags.xml",
)  # fmt: skip
TOYS, PISTOLS_BY_POST = "25-imitation-pistols-as-toys.json", "23-pistols-in-second-hand-table.xml"
POWER_BANKS, IVORY = "48-power-banks-by-air.json", "44-antique-piano-with-ivory.xml"


def item(tree: Tree) -> Tree:
    """The first goods item."""
    first: Tree = tree["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    return first


def answer(name: str, change: Change, media: Media = Media.XML) -> Judgement:
    """What becomes of an example with this change."""
    declaration = example(EXAMPLES / name)
    tree: dict[str, Any] = copy.deepcopy(declaration.tree)
    change(tree)
    write = to_json if media is Media.JSON else to_xml
    return judged(write(Declaration(tree, declaration.header), enveloped=True), media)


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(tree: Tree) -> None:
        for each in changes:
            each(tree)

    return change


def destination(shipment: str, own: str) -> Change:
    def change(tree: Tree) -> None:
        tree["GoodsShipment"]["Destination"] = {"CountryCode": shipment}
        item(tree)["Destination"] = {"CountryCode": own}

    return change


def without(*path: str) -> Change:
    """The item, or with a first step of "Declaration" the declaration, without an element."""

    def change(tree: Tree) -> None:
        node = tree if path[0] == "Declaration" else item(tree)
        for name in path[path[0] == "Declaration" : -1]:
            node = node[name]
        del node[path[-1]]

    return change


def of_type(code: str) -> Change:
    return lambda tree: tree.update(TypeCode=code)


def described(text: str) -> Change:
    return lambda tree: item(tree)["Commodity"].update(Description=text)


def worth(price: str, statistical: str) -> Change:
    def change(tree: Tree) -> None:
        item(tree)["Commodity"]["InvoiceLine"]["ItemChargeAmount"] = {"@currencyID": "GBP", "#text": price}
        item(tree)["StatisticalValueAmount"] = {"@currencyID": "GBP", "#text": statistical}

    return change


def consigned(shipment: str, own: str) -> Change:
    def change(tree: Tree) -> None:
        tree["GoodsShipment"]["Consignee"] = {"Name": shipment}
        item(tree)["Consignee"] = {"Name": own}

    return change


def procedures(*codes: str) -> Change:
    entries = [{"CurrentCode": code[:2], "PreviousCode": code[2:]} for code in codes]
    return lambda tree: item(tree).update(GovernmentProcedure=[*entries, {"CurrentCode": "000"}])


TO_IRAN = destination("IR", "IR")
MOVED: dict[str, tuple[str, Change, Change]] = {
    "destination of the item alone": (SERVERS, TO_IRAN, destination("AE", "IR")),
    "destination of the shipment alone": (SERVERS, TO_IRAN, destination("IR", "AE")),
    "engines in trade with special territories": (ENGINES, lambda _: None, of_type("COA")),
    "engines in trade with special territories, before arrival": (ENGINES, lambda _: None, of_type("COD")),
    "servers to Iran in trade with special territories": (SERVERS, TO_IRAN, both(TO_IRAN, of_type("COA"))),
    "urea without its net mass": (UREA, lambda _: None, without("Commodity", "GoodsMeasure", "NetNetWeightMeasure")),
    "handbags without their net mass": (
        HANDBAGS, lambda _: None, without("Commodity", "GoodsMeasure", "NetNetWeightMeasure")
    ),
    "a low value in the other element": (HANDBAGS, lambda _: None, worth("0", "590")),
    "a forwarder behind another consignee": (
        ENGINES, consigned("Aero Works", "Fast Freight Logistics"), consigned("Fast Freight Logistics", "Aero Works")
    ),
    "a second procedure": (SHOES, procedures("4000", "7100"), procedures("7100", "4000")),
    "no mode of transport": (POWER_BANKS, lambda _: None, without("Declaration", "BorderTransportMeans", "ModeCode")),
}  # fmt: skip


@pytest.mark.parametrize("media", Media)
@pytest.mark.parametrize(("name", "usual", "other"), MOVED.values(), ids=MOVED)
def test_what_is_moved_or_left_out_gets_no_milder_answer(name: str, usual: Change, other: Change, media: Media) -> None:
    before = answer(name, usual, media)
    assert before.strictness > 0
    assert answer(name, other, media).strictness >= before.strictness


@pytest.mark.parametrize("name", [SHOES, UREA])
def test_goods_without_any_mass_are_held(name: str) -> None:
    bare = both(without("Commodity", "GoodsMeasure"), lambda tree: tree.pop("TotalGrossMassMeasure", None))
    judgement = answer(name, bare)
    assert (judgement.strictness > 0, "CU-024" in judgement.why) == (True, True)


LETTERS = [
    "lmitation pistols", "LMITATION PlSTOLS", "imitation pi\u02bcstols", "imitation pi\u02d0stols",
    "imitation pi\u0640stols", "imitation \u0440\u0456\u0455\u0442\u043e\u04cf\u0455", "imitation pi--stols",
    "imitation pi..stols", "imitation pi\u00b7\u00b7stols", "imitation pi**stols", "imitation pi__stols",
]  # fmt: skip


@pytest.mark.parametrize("words", LETTERS)
def test_pistols_are_pistols_in_further_letters(words: str) -> None:
    usual = answer(TOYS, described("Toys: realistic metal imitation pistols, 1:1"), Media.JSON)
    assert usual.strictness > 0
    assert answer(TOYS, described(f"Toys: realistic metal {words}, 1:1"), Media.JSON).strictness >= usual.strictness


@pytest.mark.parametrize("word", ["ivory", "lvory", "1vory", "|vory"])
def test_a_stroke_that_begins_a_word_is_read_as_an_i(word: str) -> None:
    """In a text all in small letters, too."""
    assert "EN-001" in answer(IVORY, described(f"Antique piano with {word} keys")).why


PLAIN_GOODS = {
    "Passenger car tyres 205/55 R 22": "40111000", "Tyres 185 R12 C for vans": "40112010",
    "Automotive safety fuses, 10 A blade": "85361010", "Gunpowder green tea": "09021000",
    "\u845b\U000e0100\u57ce brand running shoes": "64041100",
}  # fmt: skip


@pytest.mark.parametrize(("words", "code"), PLAIN_GOODS.items(), ids=PLAIN_GOODS)
def test_plain_goods_that_share_a_word_are_not_held_for_it(words: str, code: str) -> None:
    def change(tree: Tree) -> None:
        item(tree)["Commodity"]["Description"] = words
        item(tree)["Commodity"]["Classification"][0]["ID"] = code

    assert set(answer(SHOES, change).why) & {"EN-003", "EX-002", "CU-022", "CU-023"} == set()
