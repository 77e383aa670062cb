"""Whom an amendment of one item asks again, on generated declarations of several agencies, and what it costs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from adapters.contract import View
from singlewindow.access.keys import Caller, Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.life.answer_request import Ruling, answer_request
from singlewindow.clearance.life.requests import Kind, RequestMade, RequestOutcome
from singlewindow.clearance.lodging.admission import NotAdmitted
from singlewindow.clearance.lodging.store import Message, Receipt
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.message import Media
from singlewindow.declarations.writing.binding import to_json
from tests.generator import Generator
from tests.generator.declarations import HEADER
from tests.integration.conftest import work
from tests.integration.documents import PISTOLS, TRADER, as_json, tree
from tests.integration.living import OFFICER, Everybody, Green, answering_by_themselves
from tests.integration.lodging import arrival, lodging_over, store
from tests.integration.record import rows
from tests.lives import faults_of, read_lives
from tests.properties import tries

_names: Iterator[int] = count()


class Watching(Green):
    """An agency that lets everything pass, and notes what it is shown: by MRN its items and its view."""

    def __init__(self, agency: str) -> None:
        super().__init__(agency)
        self.shown: dict[str, str] = {}

    def assess(self, view: View) -> Assessment:
        self.shown[view.reference] = json.dumps([view.items, view.tree], sort_keys=True)
        return super().assess(view)


Agencies = dict[str, Watching]


@pytest.fixture
def watching(context: ClearanceContext) -> ClearanceContext:
    """Every agency lets everything pass."""
    return replace(context, adapters={code: Watching(code) for code in context.agencies})


def _described(item: Tree) -> None:
    item["Commodity"]["Description"] += ", repaired"


def _lighter(item: Tree) -> None:
    measure = item["Commodity"]["GoodsMeasure"]
    measure["NetNetWeightMeasure"] = str(max(1, int(float(_text(measure["NetNetWeightMeasure"]))) - 1))


def _marked(item: Tree) -> None:
    item["Packaging"][0]["MarksNumbersID"] = "OTHER MARKS"


def _documented(item: Tree) -> None:
    invoice = {"CategoryCode": "N", "TypeCode": "935", "ID": "INVOICE-9", "LPCOExemptionCode": "GE"}
    item["AdditionalDocument"] = [*item.get("AdditionalDocument", []), invoice]


def _reclassified(item: Tree) -> None:
    item["Commodity"]["Classification"][0]["ID"] = PISTOLS


def _text(value: Any) -> str:
    return str(value["#text"] if isinstance(value, dict) else value)


CHANGES: Final = st.sampled_from([_described, _lighter, _marked, _documented, _reclassified])


def test_only_agencies_that_would_see_something_else_are_asked_again(watching: ClearanceContext) -> None:
    seen = {"asked": 0, "carried": 0}

    @settings(max_examples=tries(0.4), deadline=None, database=None, phases=[Phase.generate])
    @given(seed=st.integers(0, 10**6), items=st.integers(2, 4), number=st.integers(0, 3), change=CHANGES)
    def anything(seed: int, items: int, number: int, change: Callable[[Tree], None]) -> None:
        drawn = Generator(seed).declaration(f"SEEN{next(_names)}", items)
        changed = copy.deepcopy(drawn.tree)
        change(changed["GoodsShipment"]["GovernmentAgencyGoodsItem"][number % items])
        mrn = _lodged(watching, drawn.tree, drawn.declarant)
        assume(_agencies_of(watching, mrn) > {"customs"})
        asked, carried = _amended(watching, mrn, changed, drawn.declarant)
        before = _shown(watching, mrn)
        other = _lodged(watching, changed | {"FunctionalReferenceID": f"FRESH{next(_names)}"}, drawn.declarant)
        after = _shown(watching, other)
        assert asked == {code for code, view in after.items() if before.get(code) != view}
        assert carried == after.keys() - asked
        seen["asked"], seen["carried"] = seen["asked"] + len(asked), seen["carried"] + len(carried)
        work(watching)
        assert [words for life in read_lives(watching.engine, mrn) for words in faults_of(life)] == []

    anything()
    assert min(seen.values()) > 0, seen


def _lodged(context: ClearanceContext, document: Tree, party: str) -> str:
    """Lodge a declaration and let every agency answer; its MRN."""
    content = to_json(Declaration(document, HEADER), enveloped=True)
    (receipt,) = store(context, [arrival(context, str(document["FunctionalReferenceID"]), content, party, Media.JSON)])
    assert isinstance(receipt, Receipt)
    work(context)
    return receipt.mrn


def _amended(context: ClearanceContext, mrn: str, document: Tree, party: str) -> tuple[set[str], set[str]]:
    """Amend a declaration, by an officer if need be; who is asked, and whose answers are carried over."""
    amender = Amender(context, lodging_over(context))
    message = Message(to_json(Declaration(document, HEADER), enveloped=True), Media.JSON)
    try:
        receipt = amender.amend(RequestMade(Kind.AMENDMENT, mrn, "A1", "", message, Caller("k", Role.TRADER, party)))
    except NotAdmitted:  # the change made the declaration wrong, which is not what is tried here
        assume(False)
    assert receipt is not None
    if receipt.answer is RequestOutcome.WAITING:
        receipt = answer_request(amender, OFFICER, mrn, receipt.request, Ruling(True, "As you ask."))
    assert receipt is not None
    assert receipt.answer is RequestOutcome.GRANTED
    (life,) = read_lives(context.engine, mrn)
    newest = life.newest["id"]
    return (
        {row["agency"] for row in life.of("outbox", newest)},
        {row["agency"] for row in life.of("assessment", newest)},
    )


def _agencies_of(context: ClearanceContext, mrn: str) -> set[str]:
    query = ("SELECT a.agency FROM assessment a JOIN version v ON v.id = a.version_id JOIN declaration d"
             f" ON d.id = v.declaration_id WHERE d.mrn = '{mrn}'")  # fmt: skip
    return {agency for (agency,) in rows(context, query)}


def _shown(context: ClearanceContext, mrn: str) -> dict[str, str]:
    """By agency: what it was shown of a declaration first, without the declaration's reference."""
    (life,) = read_lives(context.engine, mrn)
    lrn = rows(context, f"SELECT lrn FROM declaration WHERE mrn = '{mrn}'")[0][0]
    adapters = {code: each for code, each in context.adapters.items() if isinstance(each, Watching)}
    asked = {code: each.shown[life.newest["mrn"]] for code, each in adapters.items() if mrn in each.shown}
    return {code: view.replace(lrn, "LRN") for code, view in asked.items()}


def test_an_amendment_costs_no_more_statements_than_a_lodgement(context: ClearanceContext) -> None:
    """Of pistols, which two agencies are asked about; a worker for each batch, from the message to the decision."""
    context = answering_by_themselves(context)
    context = replace(context, adapters={code: Green(code) for code in context.agencies})
    everybody = Everybody(context)
    everybody.lodge(["WARM"])
    work(context)
    written: list[str] = []
    event.listen(context.engine, "before_cursor_execute", lambda *given: written.append(given[2]))
    (about,) = everybody.lodge(["COST"])
    assert work(context) == 2
    lodging = len(written)
    written.clear()
    invoice = tree("COST", PISTOLS, TypeCode="IMD", InvoiceAmount={"@currencyID": "GBP", "#text": "100"})
    asked = RequestMade(Kind.AMENDMENT, about.mrn, "A1", "", Message(as_json(invoice), Media.JSON),
                        Caller("k", Role.TRADER, TRADER))  # fmt: skip
    assert Amender(context, lodging_over(context)).amend(asked) is not None
    assert work(context) == 1
    assert len(written) <= lodging, (len(written), lodging)
