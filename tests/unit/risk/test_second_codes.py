"""A further code of an item never makes an agency milder, in whatever order and under whatever scheme it stands."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import route
from singlewindow.declarations.model import Tree
from singlewindow.risk.assess import assess
from tests.judgement import configuration
from tests.terms import TERMS


def agencies() -> dict[str, Agency]:
    return configuration()[1]


@cache
def beginnings() -> list[str]:
    """Eight digits for every beginning of a code that a shipped condition names."""
    sources = (profile.condition.source for agency in agencies().values() for profile in agency.method.profiles)
    words = (word for source in sources for word in source.split("'"))
    return sorted(
        {word.ljust(8, "0") for word in words if word.isdecimal() and 2 <= len(word) <= 6 and len(word) != 4}
        | {"36036000", "93020000", "64041100", "30049000", "30059000"}
    )


def declared(*codes: tuple[str, str]) -> Tree:
    entries = [{"IdentificationTypeCode": scheme, "ID": code} for scheme, code in codes]
    item = {"SequenceNumeric": "1", "Commodity": {"Description": "urea in a gun", "Classification": entries}}
    return {
        "TypeCode": "IMA",
        "BorderTransportMeans": {"ModeCode": "4"},
        "GoodsShipment": {"GovernmentAgencyGoodsItem": [item]},
    }


def found(tree: Tree) -> set[str]:
    fired = {
        finding.profile for agency in agencies().values() for finding in assess(agency.method, tree, TERMS).findings
    }
    return fired | {rule for routing in route(agencies(), tree, TERMS) for rule in routing.rules}


SCHEMES = st.sampled_from(["HS", "GN", "SRZ", "TRA", "CV", ""])


@settings(deadline=None)
@given(st.data())
def test_a_further_code_takes_nothing_away(data: st.DataObject) -> None:
    tariff, further = data.draw(st.sampled_from(beginnings())), data.draw(st.sampled_from(beginnings()))
    alone, both = ("TSP", tariff), [("TSP", tariff), (data.draw(SCHEMES), further)]
    assert found(declared(alone)) <= found(declared(*data.draw(st.permutations(both))))


@settings(deadline=None)
@given(st.data())
def test_the_order_of_codes_decides_nothing(data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.tuples(SCHEMES | st.just("TSP"), st.sampled_from(beginnings())), max_size=4))
    assert found(declared(*codes)) == found(declared(*data.draw(st.permutations(codes))))


@pytest.mark.parametrize(
    ("code", "profile"),
    [
        ("36036000", "EX-001"),
        ("93020000", "FA-001"),
        ("28440000", "RA-002"),
        ("30049000", "ME-R1"),
        ("02023000", "PA-002"),
    ],
)
@pytest.mark.parametrize("scheme", ["HS", "GN", "CV", "TRA", "", "TSP"])
def test_a_second_code_is_seen_under_any_scheme(code: str, profile: str, scheme: str) -> None:
    assert profile in found(declared(("TSP", "64041100"), (scheme, code)))


@pytest.mark.parametrize("length", [4, 6, 10])
def test_a_code_of_another_length_is_matched_by_what_it_begins_with(length: int) -> None:
    assert "EX-001" in found(declared(("TSP", "3603600000"[:length])))
