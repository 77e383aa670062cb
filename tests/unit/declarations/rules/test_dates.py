"""Dates must exist; the calendar decides, not the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.dates import is_real
from tests.unit.declarations.rules.test_catalogue import put

Breaches = Callable[..., list[str]]


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))
def test_every_moment_of_the_century_is_real(moment: datetime) -> None:
    assert is_real(f"{moment:%Y%m%d}")
    assert is_real(f"{moment:%Y%m%d%H%M%S}Z")


@pytest.mark.parametrize(
    "text",
    [
        "20261301",
        "20260230",
        "20260000",
        "20230229",
        "20260101240000Z",
        "20260101006000Z",
        "20260101000060Z",
        "20260101000000+15",
        "20260101000000",
        "00000101",
        "120260101",
        "1767225600",
        "",
        "2026-01-01",
    ],
)
def test_a_date_that_does_not_exist_is_not_real(text: str) -> None:
    assert not is_real(text)


def test_a_date_of_this_year_is_accepted(goods_import: Tree, breaches: Breaches) -> None:
    today = f"{datetime.now(UTC):%Y%m%d%H%M%S}Z"
    goods_import["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "304", "#text": today}}
    assert breaches(goods_import) == []


def test_of_two_dates_only_the_one_that_differs_from_its_format_is_found(
    goods_import: Tree, breaches: Breaches
) -> None:
    goods_import["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": "20260228"}}
    goods_import["IssueDateTime"] = {"DateTimeString": {"@formatCode": "304", "#text": "20260228"}}
    assert breaches(goods_import) == ["warning WCO-DATE-FORMAT IssueDateTime/DateTimeString"]


def _dated(text: str) -> Tree:
    return {"DateTimeString": {"@formatCode": "102", "#text": text}}


@pytest.mark.parametrize("path", [
    "AcceptanceDateTime", "IssueDateTime", "GoodsShipment/ExitDateTime", "GoodsShipment/Invoice/IssueDateTime",
])  # fmt: skip
def test_what_has_happened_does_not_lie_decades_ahead(path: str, goods_import: Tree, breaches: Breaches) -> None:
    put(goods_import, path, _dated("20990101"))
    assert breaches(goods_import) == [f"hard WCO-DATE-NOT-FAR-AHEAD {path}/DateTimeString"]


def test_a_document_may_hold_for_decades(goods_import: Tree, item: Tree, breaches: Breaches) -> None:
    item["AdditionalDocument"][0]["EffectiveDateTime"] = _dated("20991231")
    assert breaches(goods_import) == []


@pytest.mark.parametrize("path", ["AcceptanceDateTime", "IssueDateTime"])
@pytest.mark.parametrize("text", ["20000101", "20041231"])
def test_what_was_accepted_or_issued_decades_ago_is_not_declared(
    text: str, path: str, goods_import: Tree, breaches: Breaches
) -> None:
    put(goods_import, path, _dated(text))
    assert breaches(goods_import) == [f"hard WCO-DATE-NOT-LONG-AGO {path}/DateTimeString"]


def test_goods_may_come_back_with_an_old_invoice(goods_import: Tree, breaches: Breaches) -> None:
    put(goods_import, "GoodsShipment/Invoice/IssueDateTime", _dated("20010101"))
    assert breaches(goods_import) == []
