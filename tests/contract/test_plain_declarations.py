# ruff: noqa: RUF001 - other scripts are what is tried here
"""Plain goods written in an unusual but right way are released: care for spelling must not hold honest traders."""

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
from tests.judgement import judged

Change = Callable[[Tree], None]


def item(tree: Tree) -> Tree:
    first: Tree = tree["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    return first


def described(text: str) -> Change:
    return lambda tree: item(tree)["Commodity"].update(Description=text)


def exporter(name: str) -> Change:
    return lambda tree: tree["Exporter"].update(Name=name)


def weighs(net: str, gross: str, unit: str) -> Change:
    def change(tree: Tree) -> None:
        measure = item(tree)["Commodity"]["GoodsMeasure"]
        measure["NetNetWeightMeasure"] = {"@unitCode": unit, "#text": net}
        measure["GrossMassMeasure"] = {"@unitCode": unit, "#text": gross}
        tree.pop("TotalGrossMassMeasure", None)

    return change


def priced(amount: str, currency: str) -> Change:
    def change(tree: Tree) -> None:
        price = {"@currencyID": currency, "#text": amount}
        item(tree)["Commodity"]["InvoiceLine"]["ItemChargeAmount"] = price
        if "InvoiceAmount" in tree:
            tree["InvoiceAmount"] = price

    return change


def reordered(name: str) -> Change:
    return lambda tree: item(tree)[name].reverse()


def priced_in_units(tree: Tree) -> None:
    """The price in whole units with needless zeros, as many programs write it."""
    item(tree)["Commodity"]["InvoiceLine"]["ItemChargeAmount"]["#text"] = "0046800.000"


PLAIN_WAYS: dict[str, Change] = {
    "capitals": described("WOMEN'S RUNNING SHOES, TEXTILE UPPERS, RUBBER SOLES, 3,600 PAIRS"),
    "German": described("Damenlaufschuhe, Oberteil aus Textil, Größe 36-42, für Straße und Gelände"),
    "French with accents and narrow blanks": described("Chaussures de course à pied\u202f: dessus en matière textile"),
    "Vietnamese": described("Giày chạy bộ nữ, mũ giày bằng vải dệt, đế cao su"),
    "Russian": described("Кроссовки женские беговые, верх из текстиля, подошва из резины"),
    "Greek": described("Γυναικεία αθλητικά παπούτσια από ύφασμα"),
    "Chinese": described("女式跑鞋，纺织材料鞋面，橡胶鞋底"),
    "Arabic": described("أحذية رياضية نسائية للجري"),
    "full-width letters": described("Ｗｏｍｅｎ'ｓ ｒｕｎｎｉｎｇ ｓｈｏｅｓ, 3600 pairs"),
    "sizes and measures": described('Running shoes, EU 36-42 / US 5.5-11, 10 mm drop, 2nd series, 3M yarn, 12" box'),
    "model numbers": described("Running shoes XR-22, model B00T5, colour code 0a1b2c, EAN 4006381333931"),
    "a brand of two scripts": described("Спортивные кроссовки SportMaster, textile uppers"),
    "typographic quotes and dashes": described("Women’s “Stride” running shoes – textile uppers — rubber soles"),
    "two blanks": described("Women's  running  shoes,  textile uppers"),
    "tonnes": weighs("2.52", "2.95", "TNE"),
    "quintals": weighs("25.2", "29.5", "DTN"),
    "pounds": weighs("5555.65", "6503.64", "LBR"),
    "dong": priced("1567800000", "VND"),
    "yen": priced("9360000", "JPY"),
    "rupiah": priced("982800000", "IDR"),
    "needless zeros": priced_in_units,
    "an exporter in its own script": exporter("Công ty Cổ phần Giày Sài Gòn"),
    "an exporter in Chinese": exporter("西贡鞋业股份有限公司"),
    "an exporter in Cyrillic": exporter("ООО «Сайгон Страйд»"),
    "documents in another order": reordered("AdditionalDocument"),
}


@pytest.mark.parametrize("media", Media)
@pytest.mark.parametrize("change", PLAIN_WAYS.values(), ids=PLAIN_WAYS)
def test_plain_goods_are_released_however_they_are_rightly_written(change: Change, media: Media) -> None:
    declaration = example(EXAMPLES / PLAIN)
    tree: dict[str, Any] = copy.deepcopy(declaration.tree)
    change(tree)
    assert tree != declaration.tree
    write = to_json if media is Media.JSON else to_xml
    assert judged(write(Declaration(tree, declaration.header), enveloped=True), media) == (0, ())
