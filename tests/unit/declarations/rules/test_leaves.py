from __future__ import annotations

import pytest

from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules import leaves
from singlewindow.declarations.rules.leaves import (
    AMOUNT_CURRENCIES,
    AMOUNTS,
    COMMON,
    COUNTRIES,
    DATE_FORMATS,
    DATES,
    DECIMALS,
    IDENTIFIERS,
    Leaves,
    Walk,
)
from tests.generator import Generator

KINDS = [kind for kind in vars(leaves).values() if isinstance(kind, Leaves)]
GENERATOR = Generator(7)
TREES = [GENERATOR.declaration(f"LEAVES-{number}").tree for number in range(40)]


def test_every_kind_but_identifiers_is_taken_in_the_common_walk() -> None:
    assert {*COMMON.texts({})} == {*KINDS} - {IDENTIFIERS}


@pytest.mark.parametrize("kind", KINDS, ids=[name for name, kind in vars(leaves).items() if isinstance(kind, Leaves)])
def test_a_walk_finds_the_texts_that_are_found_place_by_place(kind: Leaves) -> None:
    together = Walk(*KINDS)
    for tree in TREES:
        assert sorted(together.texts(tree)[kind]) == sorted(text for _, text in kind.located_texts(tree))


def test_a_leaf_is_of_every_kind_it_belongs_to_and_so_is_its_attribute() -> None:
    found = COMMON.texts({"InvoiceAmount": {"@currencyID": "GBP", "#text": "12.50"}})
    assert (found[AMOUNTS], found[DECIMALS], found[AMOUNT_CURRENCIES]) == (["12.50"], ["12.50"], ["GBP"])


def test_texts_come_as_they_are_from_every_occurrence_of_a_list() -> None:
    tree: Tree = {"Consignment": {"Itinerary": [{"RoutingCountryCode": "FR"}, {"RoutingCountryCode": " de"}]}}
    assert COMMON.texts(tree)[COUNTRIES] == ["FR", " de"]


def test_dates_and_their_formats_come_in_the_same_order() -> None:
    tree: Tree = {
        "IssueDateTime": {"DateTimeString": {"@formatCode": "304", "#text": "20260101120000Z"}},
        "AcceptanceDateTime": {"DateTimeString": {"@formatCode": "102", "#text": "20260102"}},
    }
    found = COMMON.texts(tree)
    assert list(zip(found[DATES], found[DATE_FORMATS], strict=True)) == [
        ("20260101120000Z", "304"), ("20260102", "102"),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", ["text", ["text"], [[]], None, {"#text": {}}])
def test_what_stands_where_it_does_not_belong_is_passed_over(wrong: object) -> None:
    assert not any(COMMON.texts({"GoodsShipment": wrong, "BorderTransportMeans": wrong}).values())
