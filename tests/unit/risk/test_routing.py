from __future__ import annotations

from pathlib import Path

from singlewindow.declarations.model import Tree
from singlewindow.risk.agencies import load_agencies
from singlewindow.risk.routing import Routing, route
from tests.agency_folders import AGENCY, profile, write
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
    assert (routing.asked, "none of the 1 rules" in routing.reason) == (False, True)


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
