"""Documents: a statement in Name stands for a reference, and an account says that it is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree
from tests.unit.declarations.rules.conftest import written

Breaches = Callable[..., list[str]]


@pytest.mark.parametrize("given", [{"Name": "Excluded product"}, {"ID": "X1"}, {"LPCOExemptionCode": "XX"},
                                   {"Name": "No cat or dog fur", "ID": "X1"}, {"Name": "CDS Waiver"}])  # fmt: skip
def test_a_reference_a_status_or_a_statement_is_enough(
    given: Tree, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["AdditionalDocument"].append({"CategoryCode": "Y", "TypeCode": "923", **given})
    assert breaches(goods_import) == []


@pytest.mark.parametrize(
    ("documents", "place", "words"),
    [
        ([], "AdditionalDocument[1]/ID", "no deferment account (DAN) is named"),
        (
            [{"CategoryCode": "1", "ID": "7654321"}],
            "AdditionalDocument[1]/TypeCode",
            "'7654321' is not marked as the account",
        ),
        ([{"ID": "7654321"}], "AdditionalDocument[1]/TypeCode", "no TypeCode DAN"),
        ([{"CategoryCode": "1", "TypeCode": "DAN"}], "AdditionalDocument[1]/ID", "has no number"),
        ([{"ID": "1", "TypeCode": "705"}], "AdditionalDocument[2]/ID", "no deferment account (DAN) is named"),
        ([{"ID": "1", "TypeCode": "705"}, {"ID": "7654321"}], "AdditionalDocument[2]/TypeCode", "no TypeCode DAN"),
    ],
)
def test_what_is_missing_of_the_deferment_account_is_said(
    documents: list[Tree], place: str, words: str, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    goods_import["AdditionalDocument"] = documents
    found = [fault for fault in faults_of(goods_import) if fault.rule == "GB-DEFERMENT-ACCOUNT"]
    assert [written(fault.path) for fault in found] == [place]
    assert words in found[0].text
