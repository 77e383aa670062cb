"""The agencies that come with the product, put to real declarations: all can be routed, assessed and decided."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from singlewindow.decisions.assessment import Answer
from singlewindow.decisions.merge import Outcome, merge
from singlewindow.declarations.intake import Media, read
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import project
from singlewindow.risk.agencies import load_agencies
from singlewindow.risk.agency import Agency
from singlewindow.risk.assess import assess, dry_run
from singlewindow.risk.routing import route
from tests.corpus import documents, needs_corpus
from tests.terms import TERMS

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 6, 1)


@cache
def shipped() -> dict[str, Agency]:
    return load_agencies(ROOT / "config" / "agencies", "customs")


@cache
def real_declarations() -> list[Tree]:
    return [read(file.read_bytes(), Media.XML).declaration.tree for file in documents()]


def test_nine_agencies_are_shipped() -> None:
    assert len(shipped()) == 9


def test_customs_alone_is_asked_about_everything() -> None:
    assert [code for code, agency in shipped().items() if agency.always] == ["customs"]


def test_no_shipped_agency_is_a_sandbox() -> None:
    assert {agency.adapter for agency in shipped().values()} == {"profiles"}


@needs_corpus
def test_every_agency_can_assess_every_real_declaration() -> None:
    answers = {
        assess(agency, project(tree, agency.entitlement), TERMS).answer
        for tree in real_declarations()
        for agency in shipped().values()
    }
    assert answers == {Answer.ASSESSED}


@needs_corpus
def test_profiles_on_trial_can_be_tried_on_every_real_declaration() -> None:
    for tree in real_declarations():
        for agency in shipped().values():
            assert dry_run(agency, project(tree, agency.entitlement), TERMS) is not None


@needs_corpus
def test_most_real_declarations_are_released() -> None:
    outcomes = [_decide(tree) for tree in real_declarations()]
    assert outcomes.count(Outcome.RELEASE) > 0.75 * len(outcomes)


def _decide(tree: Tree) -> Outcome:
    asked = [each for each in route(shipped(), tree, TERMS) if each.asked]
    views = [(shipped()[each.agency], each.items) for each in asked]
    answers = [assess(agency, project(tree, agency.entitlement, items), TERMS) for agency, items in views]
    return merge(answers, [each.agency for each in asked]).outcome
