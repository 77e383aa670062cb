from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from singlewindow.agencies.loading import load_agencies
from singlewindow.agencies.routing import Routing, route
from singlewindow.decisions.merge import Basis
from singlewindow.declarations.model import Tree
from tests.agency_folders import AGENCY, CUSTOMS, profile, write
from tests.terms import TERMS

WHOLE = """
[[routing]]
id = "FA-R2"
reason = "it is an export"
legal_basis = "clause 9"
scope = "declaration"
when = "declaration.direction == 'export'"
"""


def arms(*codes: str, kind: str = "IMA") -> Tree:
    items = [
        {
            "SequenceNumeric": str(number),
            "Commodity": {"Classification": [{"ID": code, "IdentificationTypeCode": "TSP"}]},
        }
        for number, code in enumerate(codes, start=1)
    ]
    return {"TypeCode": kind, "GoodsShipment": {"GovernmentAgencyGoodsItem": items}}


def routed(root: Path, declaration: Tree, agency: str = AGENCY) -> Routing:
    return route(load_agencies(write(root, agency=agency)), declaration, TERMS)[0]


def test_an_agency_is_asked_about_the_items_its_rule_matched(tmp_path: Path) -> None:
    routing = routed(tmp_path, arms("93020000", "10019900", "93030000"))
    assert (routing.asked, routing.rules, routing.items) == (True, ("FA-R1",), ("1", "3"))


def test_the_reason_is_the_one_of_the_rule(tmp_path: Path) -> None:
    assert routed(tmp_path, arms("93020000")).reason == "the goods are arms"


def test_an_agency_no_rule_of_which_matched_is_not_asked_and_the_reason_says_so(tmp_path: Path) -> None:
    routing = routed(tmp_path, arms("10019900"))
    assert (routing.asked, "none of the 1 routing rules" in routing.reason) == (False, True)


def test_a_rule_on_the_declaration_concerns_all_of_it(tmp_path: Path) -> None:
    routing = routed(tmp_path, arms("93020000", "10019900", kind="EXA"), AGENCY + WHOLE)
    assert (routing.rules, routing.items) == (("FA-R1", "FA-R2"), ())


def test_an_agency_asked_about_everything_is_asked_about_an_empty_declaration(tmp_path: Path) -> None:
    routing = routed(tmp_path, {}, AGENCY.replace("[[routing]]", "always = true\n[[routing]]"))
    assert (routing.asked, routing.items, "every declaration" in routing.reason) == (True, (), True)


def test_every_agency_gets_a_routing_in_the_order_of_codes(tmp_path: Path) -> None:
    write(tmp_path)
    other = AGENCY.replace("firearms", "customs").replace("FA-R1", "CU-R1")
    agencies = load_agencies(write(tmp_path, agency=other, profiles=profile("CU-001")))
    assert [each.agency for each in route(agencies, {}, TERMS)] == ["customs", "firearms"]


def test_a_rule_of_one_agency_does_not_ask_another(tmp_path: Path) -> None:
    write(tmp_path)
    other = AGENCY.replace("firearms", "customs").replace("FA-R1", "CU-R1").replace("'93'", "'10'")
    agencies = load_agencies(write(tmp_path, agency=other, profiles=profile("CU-001")))
    assert [each.agency for each in route(agencies, arms("10019900"), TERMS) if each.asked] == ["customs"]


def basis(root: Path, declaration: Tree, **changes: object) -> Basis:
    """The basis of a declaration, where customs is the small agency with these changes of its head."""
    (customs,) = load_agencies(write(root, agency=CUSTOMS), "customs").values()
    changed = replace(customs, head=msgspec.structs.replace(customs.head, **changes))
    (routing,) = route({"customs": changed}, declaration, TERMS)
    assert isinstance(routing.basis, Basis)
    return routing.basis


@pytest.mark.parametrize("items", [0, 1, 3])
def test_customs_is_asked_about_every_item(tmp_path: Path, items: int) -> None:
    found = basis(tmp_path, arms(*["10019900"] * items))
    assert found == Basis(customs="customs", items=items, covered=items)


@pytest.mark.parametrize(
    ("codes", "covered"),
    [(["93020000", "10019900"], 1), (["10019900", "10019900"], 0), (["93020000", "93020000"], 2), ([], 0)],
)
def test_how_many_items_customs_is_asked_about_is_counted(tmp_path: Path, codes: list[str], covered: int) -> None:
    found = basis(tmp_path, arms(*codes), always=False)
    assert (found.items, found.covered) == (len(codes), covered)


def test_items_without_a_number_of_their_own_are_counted_all_the_same(tmp_path: Path) -> None:
    same = arms("93020000", "93020000", "10019900")
    for item in same["GoodsShipment"]["GovernmentAgencyGoodsItem"]:
        item["SequenceNumeric"] = "1"
    assert basis(tmp_path / "a", same, always=False).covered == 3
    for item in same["GoodsShipment"]["GovernmentAgencyGoodsItem"]:
        del item["SequenceNumeric"]
    assert basis(tmp_path / "b", same, always=False).covered == 3


def test_where_no_rule_can_be_answered_customs_is_asked_about_everything(tmp_path: Path) -> None:
    agency = CUSTOMS.replace("item.commodity_code.startsWith('93')", "int(item.commodity_code) > 5")
    agencies = load_agencies(
        write(tmp_path, agency=agency.replace("int(", "item.commodity_code == '' || int(")), "customs"
    )
    declaration = arms("9" + "3" * 39, "10019900")
    (routing,) = route(agencies, declaration, TERMS)
    assert ("could not be evaluated" in routing.reason, routing.basis) == (
        True, Basis(customs="customs", items=2, covered=2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "gone"),
    [("IMY", True), ("IMZ", True), ("EXY", True), ("COZ", True), ("imz", True), ("IMA", False), ("IMD", False),
     ("Z", False), ("YZ", False), ("IMZZ", False), ("ZIM", False), ("", False)],
)  # fmt: skip
def test_the_last_letter_of_the_type_says_that_goods_have_gone(tmp_path: Path, kind: str, gone: bool) -> None:
    assert basis(tmp_path, arms("10019900", kind=kind)).after_release is gone


def test_a_country_without_such_types_has_none(tmp_path: Path) -> None:
    agencies = load_agencies(write(tmp_path, agency=CUSTOMS), "customs")
    (routing,) = route(agencies, arms("10019900", kind="IMZ"), replace(TERMS, after_release=frozenset()))
    assert routing.basis == Basis(customs="customs", items=1, covered=1)


def test_no_other_agency_carries_the_basis(tmp_path: Path) -> None:
    write(tmp_path)
    agencies = load_agencies(
        write(tmp_path, agency=CUSTOMS.replace("FA-R1", "CU-R1"), profiles=profile("CU-1")), "customs"
    )
    found = route(agencies, arms("93020000"), TERMS)
    assert [routing.agency for routing in found if routing.basis is not UNSET] == ["customs"]
    assert b'"basis"' not in msgspec.json.encode(found[1])
