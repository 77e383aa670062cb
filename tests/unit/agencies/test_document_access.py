"""An agency reads the documents about its items, on lines that the law shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.document_access import (
    HEADER_LINE,
    ITEM_LINE,
    AskedItems,
    Binding,
    asked_about,
    may_read,
)
from singlewindow.agencies.routing import Routing
from singlewindow.decisions.merge import Basis
from singlewindow.declarations.projection import Entitlement
from tests.judgement import configuration

ALL, SOME = AskedItems((), whole=True), AskedItems(("2",), whole=False)
OWN = "firearms"


def agency(*lines: frozenset[str]) -> Agency:
    maximum = frozenset().union(*lines)
    return replace(configuration()[1][OWN], entitlement=Entitlement(frozenset(), maximum))


SEES_BOTH, SEES_ITEMS, SEES_NONE = agency(ITEM_LINE, HEADER_LINE), agency(ITEM_LINE), agency()


@pytest.mark.parametrize(
    ("reader", "asked", "bound", "for_agency", "given_by", "reads"),
    [
        (SEES_ITEMS, SOME, Binding(item="2"), "", "", True),
        (SEES_ITEMS, SOME, Binding(item="2", line=1), "", "", True),
        (SEES_ITEMS, SOME, Binding(item="1"), "", "", False),
        (SEES_ITEMS, ALL, Binding(item="1"), "", "", True),
        (SEES_NONE, ALL, Binding(item="2"), "", "", False),
        (agency(ITEM_LINE - {min(ITEM_LINE)}), ALL, Binding(item="2"), "", "", False),
        (SEES_ITEMS, ALL, Binding(), "", "", False),
        (SEES_BOTH, ALL, Binding(), "", "", True),
        (SEES_BOTH, ALL, Binding(line=1), "", "", True),
        (SEES_BOTH, SOME, Binding(), "", "", False),
        (SEES_ITEMS, SOME, Binding(query="q"), OWN, "", True),
        (SEES_ITEMS, SOME, Binding(query="q"), "customs", "", False),
        (SEES_BOTH, ALL, Binding(query="q"), "customs", "", False),
        (SEES_NONE, ALL, Binding(query="q"), OWN, "", False),
        (SEES_ITEMS, SOME, Binding(item="2", query="q"), "customs", "", True),
        (SEES_ITEMS, SOME, Binding(item="1", query="q"), OWN, "", False),
        (SEES_NONE, SOME, Binding(), "", OWN, True),
        (SEES_ITEMS, SOME, Binding(item="2"), "", "customs", True),
        (SEES_ITEMS, SOME, Binding(item="1"), "", "customs", False),
    ],
)
def test_who_reads_what(  # noqa: PLR0917 - a table
    reader: Agency, asked: AskedItems, bound: Binding, for_agency: str, given_by: str, reads: bool
) -> None:
    assert may_read(reader, asked, bound, for_agency, given_by) is reads


@pytest.mark.parametrize(
    ("items", "total", "whole"), [((), 4, True), (("1", "3"), 2, True), (("1", "3"), 4, False), (("1",), None, False)]
)
def test_an_agency_sees_the_whole_if_all_items_concern_it(
    items: tuple[str, ...], total: int | None, whole: bool
) -> None:
    customs = Routing(agency="customs", asked=True, reason="always")
    if total is not None:
        basis = Basis(customs="customs", items=total, covered=total, after_release=False)
        customs = Routing(agency="customs", asked=True, reason="always", basis=basis)
    own = Routing(agency=OWN, asked=True, reason="weapons", items=items)
    assert asked_about([customs, own], OWN) == AskedItems(items, whole)
