"""What becomes of a document by the shipped configuration, worked out without a database: a lane, or a refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.loading import load_agencies
from singlewindow.agencies.routing import route
from singlewindow.decisions.assessment import Lane
from singlewindow.decisions.merge import merge
from singlewindow.declarations.faults import Refused, hard_faults
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import validate
from singlewindow.risk.assess import assess
from singlewindow.risk.terms import Terms, terms_of
from tests.places import AGENCIES, CONFIGURATION

DAY = date(2026, 11, 1)
REFUSED = len(Lane)
"""The strictest that can become of a document."""


class Judgement(NamedTuple):
    """How strict the answer is (a lane's number, or REFUSED), and the rules or profiles that made it so."""

    strictness: int
    why: tuple[str, ...]


@cache
def configuration() -> tuple[Rulebooks, dict[str, Agency]]:
    """The shipped rules and agencies."""
    return load_rulebooks(CONFIGURATION), load_agencies(AGENCIES, "customs")


def terms(country: str = "") -> Terms:
    """What applies on the day of these tests."""
    rulebooks, _ = configuration()
    return terms_of(rulebooks, country or rulebooks.home, DAY)


def rates() -> dict[str, Decimal]:
    """How many units of each currency one unit of the home currency buys, by the shipped table."""
    return {**terms().rates, terms().currency: Decimal(1)}


def judged(content: bytes, media: Media) -> Judgement:
    """Lodge a document as an original, have every agency that is asked answer, and merge the answers."""
    rulebooks, agencies = configuration()
    try:
        validated = validate(content, media, rulebooks)
    except Refused as refused:
        return Judgement(REFUSED, (refused.code,))
    if faults := hard_faults(validated.faults):
        return Judgement(REFUSED, tuple(sorted({fault.rule for fault in faults})))
    declaration = validated.declaration
    here = terms(declaration.country)
    routing = route(agencies, declaration.tree, here)
    asked = [entry for entry in routing if entry.asked]
    gone = here.is_after_release(declaration.tree)
    answers = [
        assess(
            agencies[entry.agency].method,
            project(declaration.tree, agencies[entry.agency].entitlement, entry.items),
            here,
            gone,
        )
        for entry in asked
    ]
    basis = next(entry.basis for entry in routing if entry.basis)
    verdict = merge(answers, [entry.agency for entry in asked], basis)
    why = sorted({reason.profile or reason.officer for reason in verdict.reasons})
    return Judgement([*Lane].index(verdict.lane), tuple(why))
