"""The agencies that come with the product, put to real declarations: all can be routed, assessed and decided."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import cache

from msgspec import UNSET

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import route
from singlewindow.decisions.assessment import Answer, Control, Lane
from singlewindow.decisions.merge import Outcome, Verdict, merge
from singlewindow.decisions.words import for_trader
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.risk.assess import GONE, after_release, assess
from tests.corpus import documents, needs_corpus
from tests.judgement import configuration
from tests.places import REPOSITORY
from tests.terms import TERMS

ROOT = REPOSITORY
TODAY = date(2026, 6, 1)


def shipped() -> dict[str, Agency]:
    return configuration()[1]


@cache
def real_declarations() -> list[Tree]:
    return [read_message(file.read_bytes(), Media.XML).declaration.tree for file in documents()]


def test_nine_agencies_are_shipped() -> None:
    assert len(shipped()) == 9


def test_customs_alone_is_asked_about_everything() -> None:
    assert [code for code, agency in shipped().items() if agency.always] == ["customs"]


def test_no_shipped_agency_is_a_sandbox() -> None:
    assert {agency.adapter for agency in shipped().values()} == {"profiles"}


@needs_corpus
def test_every_agency_can_assess_every_real_declaration() -> None:
    answers = {
        assess(agency.method, project(tree, agency.entitlement), TERMS).answer
        for tree in real_declarations()
        for agency in shipped().values()
    }
    assert answers == {Answer.ASSESSED}


@needs_corpus
def test_profiles_on_trial_are_tried_on_every_real_declaration_and_none_fails() -> None:
    found = [
        finding
        for tree in real_declarations()
        for agency in shipped().values()
        for finding in assess(agency.method, project(tree, agency.entitlement), TERMS).trial or ()
    ]
    assert {finding.profile for finding in found}
    assert [finding for finding in found if not finding.trader] == []


def test_every_shipped_profile_says_when_it_acts() -> None:
    written = [
        entry
        for folder in sorted((ROOT / "config" / "agencies").iterdir())
        for entry in tomllib.loads((folder / "profiles.toml").read_text(encoding="utf-8"))["profile"]
    ]
    assert [entry["id"] for entry in written if "acts" not in entry] == []


HOLDING = re.compile(
    r"(?i)\b(held|hold|examin|select|inspect|sample|monitor|non-intrusive|detain|at the border|on arrival)"
)


def test_no_shipped_words_for_goods_that_have_gone_say_that_they_are_held() -> None:
    entries = [profile.entry for agency in shipped().values() for profile in agency.method.profiles]
    assert len(entries) > 90
    assert [entry.id for entry in entries if HOLDING.search(after_release(entry))] == []


@needs_corpus
def test_of_real_supplementary_declarations_none_is_held_for_more_than_documents() -> None:
    supplementary = [tree for tree in real_declarations() if TERMS.is_after_release(tree)]
    verdicts = [_verdict(tree) for tree in supplementary]
    inspected = [verdict for verdict in verdicts if verdict.outcome is Outcome.INSPECT]
    assert (len(supplementary) >= 20, len(inspected) > 0) == (True, True)
    for verdict in inspected:
        assert (verdict.lane, verdict.controls, verdict.function_code) == (Lane.YELLOW, (Control.DOCUMENTS,), "06")
        assert [words for words in for_trader(verdict) if HOLDING.search(words)] == []
        assert all(reason.officer.startswith(GONE) for reason in verdict.reasons)


@needs_corpus
def test_most_real_declarations_are_released() -> None:
    outcomes = [_verdict(tree).outcome for tree in real_declarations()]
    assert outcomes.count(Outcome.RELEASE) > 0.7 * len(outcomes)


def _verdict(tree: Tree) -> Verdict:
    routing = route(shipped(), tree, TERMS)
    asked = [each for each in routing if each.asked]
    views = [(shipped()[each.agency], each.items) for each in asked]
    gone = TERMS.is_after_release(tree)
    answers = [assess(agency.method, project(tree, agency.entitlement, items), TERMS, gone) for agency, items in views]
    (basis,) = (each.basis for each in routing if each.basis is not UNSET)
    return merge(answers, [each.agency for each in asked], basis)
