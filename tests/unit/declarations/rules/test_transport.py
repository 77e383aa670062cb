"""Offices: unseen ones of a plausible form pass, invented ones do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.model import Tree

Breaches = Callable[..., list[str]]


@pytest.mark.parametrize("office", ["GB000060", "GB000014", "GB004098", "GB000411", "XI000142", "IE003102", "FR000720"])
def test_an_office_of_exit_that_may_exist_is_accepted(office: str, goods_export: Tree, breaches: Breaches) -> None:
    goods_export["ExitOffice"]["ID"] = office
    assert breaches(goods_export) == []


@pytest.mark.parametrize("office", ["GB999999", "GB000000", "ZZ000060", "GB60", "GB0000600"])
def test_an_invented_office_of_exit_is_unknown(office: str, goods_export: Tree, breaches: Breaches) -> None:
    goods_export["ExitOffice"]["ID"] = office
    assert breaches(goods_export) == ["hard GB-EXIT-OFFICE-KNOWN ExitOffice/ID"]


def test_imports_need_no_office_of_exit(goods_import: Tree, breaches: Breaches) -> None:
    assert breaches(goods_import) == []


def test_a_place_of_goods_may_be_told_by_code(goods_import: Tree, breaches: Breaches) -> None:
    location = goods_import["GoodsShipment"]["Consignment"]["GoodsLocation"]
    location["ID"] = location.pop("Name")
    assert breaches(goods_import) == []
