"""The XSDs are what the tables yield, accept the published declarations, and mean the same to both XSD engines."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from singlewindow.declarations.elements import SCHEMAS
from singlewindow.declarations.reading.schema import is_valid, is_valid_as_text
from singlewindow.declarations.reading.second_opinion import second_engine
from singlewindow.declarations.writing.xsd import schemas
from tests.unit.declarations.mutations import mutate
from tests.unit.declarations.samples import corpus, document, full_xml


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_checked_in_xsd_is_what_the_tables_yield(name: str) -> None:
    assert (SCHEMAS / name).read_text(encoding="utf-8") == schemas()[name]


def test_no_other_xsd_lies_beside_them() -> None:
    assert {file.name for file in SCHEMAS.glob("*.xsd")} == set(schemas())


def test_a_declaration_with_every_element_is_valid() -> None:
    assert is_valid(etree.fromstring(full_xml()))


def test_a_declaration_of_nothing_but_its_function_code_is_valid() -> None:
    assert is_valid(etree.fromstring(document()))


def test_all_published_declarations_are_valid() -> None:
    assert [file.name for file in corpus("uk") if not is_valid(etree.parse(file).getroot())] == []


def test_published_responses_are_valid() -> None:
    files = [file for file in corpus("uk_rejected") if file.stem.endswith("Notification")]
    assert [file.name for file in files if not is_valid(etree.parse(file).getroot())] == []


@pytest.mark.parametrize("seed", range(60))
def test_both_engines_agree_on_a_mutated_declaration(seed: int) -> None:
    root = mutate(etree.fromstring(full_xml()), random.Random(seed))
    assert second_engine().is_valid(etree.tostring(root)) == is_valid(root) == is_valid_as_text(root)


def test_both_engines_agree_on_published_declarations() -> None:
    roots = [etree.parse(file).getroot() for file in corpus("uk")[::10]]
    assert [second_engine().is_valid(etree.tostring(root)) for root in roots] == [is_valid(root) for root in roots]
