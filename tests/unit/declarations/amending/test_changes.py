"""Entries of the same name are told apart by their own number if they have one, else by their place."""

from __future__ import annotations

from typing import Any

import pytest

from singlewindow.declarations.amending.changes import Change, declared_numbers, in_order, numbered
from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import Step
from singlewindow.declarations.model import ROOT
from singlewindow.declarations.pointers import pointer_text

ITEM = ELEMENTS["Declaration/GoodsShipment/GovernmentAgencyGoodsItem"]
DOCUMENT = ELEMENTS["Declaration/AdditionalDocument"]


def entries(*numbers: int) -> list[Any]:
    return [{"SequenceNumeric": str(number)} for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((1, 2, 3), [1, 2, 3]), ((3,), [3]), ((2, 7), [2, 7]), ((0,), [1]), ((2, 1), [1, 2]), ((1, 1), [1, 2]), ((), [])],
)
def test_items_are_known_by_numbers_that_rise(numbers: tuple[int, ...], expected: list[int]) -> None:
    assert list(numbered(ITEM, entries(*numbers))) == expected


def test_documents_are_known_by_their_place() -> None:
    assert numbered(DOCUMENT, [{"ID": "A"}, {}]) == {1: {"ID": "A"}, 2: {}}


def test_an_entry_without_a_number_has_none() -> None:
    assert declared_numbers([{}, {"SequenceNumeric": "-1"}, {"SequenceNumeric": "4"}]) == [0, 0, 4]


def test_numbers_in_order_rise() -> None:
    assert in_order(entries(0, 1, 5))
    assert not in_order(entries(1, 1))


def test_a_change_is_named_as_messages_name_it() -> None:
    path = (ROOT, Step("GoodsShipment"), Step(ITEM.name, 3), Step("Commodity"), Step("Description"))
    assert pointer_text(Change(path, (ROOT,)).pointer) == "42A/67A/68A[3]/23A#137"
