"""The generator's declarations are valid, repeatable and shaped like real ones."""

from __future__ import annotations

import statistics
from collections import Counter

import pytest

from singlewindow.agencies.routing import route
from singlewindow.declarations.canonical import canonical_bytes
from singlewindow.declarations.faults import Severity
from singlewindow.declarations.reading.intake import Limits, Media, read_message
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, validate
from tests.generator import Generator
from tests.judgement import configuration
from tests.places import CONFIGURATION
from tests.terms import TERMS

MOST = 9_999


@pytest.fixture(scope="module")
def rulebooks() -> Rulebooks:
    return load_rulebooks(CONFIGURATION, MOST)


@pytest.fixture(scope="module")
def drawn(rulebooks: Rulebooks) -> list[Validated]:
    generator = Generator(5)
    return [validate(generator.xml(f"LRN{number}"), Media.XML, rulebooks) for number in range(300)]


def test_the_same_seed_gives_the_same_declarations() -> None:
    first, second, other = Generator(3), Generator(3), Generator(4)
    names = [f"LRN{number}" for number in range(20)]
    same = [first.xml(name) for name in names]
    assert [second.xml(name) for name in names] == same
    assert [other.xml(name) for name in names] != same


def test_every_declaration_is_for_gb_and_valid_there(drawn: list[Validated]) -> None:
    assert {each.declaration.country for each in drawn} == {"GB"}
    assert [fault for each in drawn for fault in each.faults if fault.severity is Severity.HARD] == []


def test_a_declaration_carries_the_reference_it_is_given(drawn: list[Validated]) -> None:
    assert [each.declaration.lrn for each in drawn] == [f"LRN{number}" for number in range(300)]


def test_json_and_xml_hold_the_same_declaration() -> None:
    xml, json = Generator(9).xml("LRN1"), Generator(9).json("LRN1")
    forms = [
        canonical_bytes(read_message(content, media).declaration)
        for content, media in ((xml, Media.XML), (json, Media.JSON))
    ]
    assert forms[0] == forms[1]


@pytest.mark.parametrize("items", [1, 2, 100])
def test_a_declaration_has_as_many_items_as_asked_for(items: int, rulebooks: Rulebooks) -> None:
    validated = validate(Generator(1).json("LRN1", items), Media.JSON, rulebooks)
    assert len(validated.declaration.tree["GoodsShipment"]["GovernmentAgencyGoodsItem"]) == items
    assert [fault for fault in validated.faults if fault.severity is Severity.HARD] == []


@pytest.mark.service
def test_the_largest_declaration_is_valid_where_the_limits_are_raised(rulebooks: Rulebooks) -> None:
    content = Generator(2).xml("LRN1", MOST)
    validated = validate(content, Media.XML, rulebooks, Limits(body_bytes=40_000_000, items=MOST))
    assert [fault for fault in validated.faults if fault.severity is Severity.HARD] == []


def test_the_mix_is_that_of_published_declarations(drawn: list[Validated]) -> None:
    agencies = configuration()[1]
    directions = Counter(each.declaration.tree["TypeCode"][:2] for each in drawn)
    items = [len(each.declaration.tree["GoodsShipment"]["GovernmentAgencyGoodsItem"]) for each in drawn]
    asked = [sum(entry.asked for entry in route(agencies, each.declaration.tree, TERMS)) for each in drawn]
    assert 0.7 < directions["IM"] / len(drawn) < 0.9
    assert 0.88 < items.count(1) / len(items) < 0.99
    assert 1.3 < statistics.mean(asked) < 1.7
