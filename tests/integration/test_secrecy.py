"""What agencies know and think of a declaration, looked for in everything its trader can read."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.contract import Adapter, View
from singlewindow.access.keys import Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.http.routes import ROUTES
from tests.integration.conftest import Caller, Callers, app_over, body_of, work
from tests.integration.documents import PISTOLS, XML_TYPE, tree
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, send

CANARY = "CANARY"
WORDS = "Bring the papers of the goods."
PUBLISHED = ("/docs", "/openapi.json", "/entitlements", "/v1/agencies/<code>/entitlement", "/.well-known/jwks.json",
             "/oauth/token")  # fmt: skip


@dataclass
class _Suspicious:
    """An agency that finds everything suspicious, for reasons of its own."""

    agency: str
    lane: Lane
    words: str = WORDS
    items: tuple[str | None, ...] = ("1",)

    def assess(self, _view: View) -> Assessment:
        return Assessment(
            agency=self.agency, answer=Answer.ASSESSED, lane=self.lane, score=97, controls=(Control.DOCUMENTS,),
            findings=tuple(self._finding(self.words, item) for item in self.items), profiles=f"{CANARY}-fingerprint",
            trial=(self._finding(f"{CANARY} on trial", "1"),),
        )  # fmt: skip

    def _finding(self, words: str, item: str | None) -> Finding:
        return Finding(
            profile=f"{CANARY}-{self.agency}", legal_basis=f"{CANARY} law", weight=97, control=Control.DOCUMENTS,
            officer=f"{CANARY}: hidden in the tools", trader=words, item=item,
        )  # fmt: skip


@dataclass
class _Content:
    agency: str

    def assess(self, _view: View) -> Assessment:
        return Assessment(agency=self.agency, answer=Answer.ASSESSED, lane=Lane.GREEN)


def _with_answers(context: ClearanceContext, suspicious: Mapping[str, _Suspicious]) -> ClearanceContext:
    adapters: dict[str, Adapter] = {code: _Content(code) for code in context.agencies}
    return replace(context, adapters={**adapters, **suspicious})


def _readable(caller: Caller, mrn: str) -> dict[str, Any]:
    """Every answer a trader can get, by call: its own declaration's, and errors about it."""
    answers: dict[str, Any] = {}
    for route in ROUTES:
        if (isinstance(route.roles, frozenset) and Role.TRADER not in route.roles) or route.path in PUBLISHED:
            continue
        path = route.path.replace("<mrn>", mrn).replace("<code>", "firearms")
        for accept in route.produces:
            content = {"json": {"Declaration": tree(Declarant={"ID": caller.party})}} if route.method == "POST" else {}
            headers = {"Accept": accept}
            answers[f"{route.endpoint} {accept}"] = caller.call(route.method, path, headers=headers, **content)
    answers["conflict"] = caller.lodge(tree(description="Other things"))
    answers["forbidden"] = caller.get("/v1/agencies/firearms/feed")
    answers["refused"] = caller.lodge(tree(lrn="L2", GoodsItemQuantity="7"))
    answers["wait"] = caller.get(f"/v1/declarations/{mrn}/decision?wait=1")
    answers["unread"] = caller.post(b"<", XML_TYPE)
    return answers


def test_nothing_of_what_agencies_found_reaches_the_trader(
    context: ClearanceContext, caplog: pytest.LogCaptureFixture
) -> None:
    hits = {"customs": _Suspicious("customs", Lane.RED), "firearms": _Suspicious("firearms", Lane.ORANGE)}
    suspicious = _with_answers(context, hits)
    trader = Callers(app_over(suspicious), suspicious).trader()
    with caplog.at_level(logging.INFO):
        mrn = body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"]
        before = _readable(trader, mrn)
        work(suspicious)
        after = _readable(trader, mrn)
    unspeakable = [CANARY, *Lane, *(agency.name for agency in context.agencies.values())]
    for when, answers in (("before", before), ("after", after)):
        for call, answer in answers.items():
            told = _without_chance(answer.text + str(answer.headers), answer)
            told = told.replace("CustomsValuation", "")  # an element of the trader's own document
            assert [word for word in unspeakable if word in told] == [], (when, call, told)
            assert not re.search(r"\b97\b", told), (when, call, told)
    assert body_of(after["wait"])["reasons"] == ["The goods are held for a check of documents.", f"Item 1: {WORDS}"]
    assert CANARY not in caplog.text


def _without_chance(text: str, answer: Any) -> str:
    """The text without what is made by chance or by the clock, and without an element whose name holds an agency's."""
    text = text.replace(answer.headers.get("X-Trace-Id", "-"), "").replace("CustomsValuation", "")
    chance = r"[0-9a-f]{32}|\d{2}[A-Z]{2}[0-9A-Z]{14}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d{14,19}|(?<=\d)-[0-9a-f]{8}\b"
    return re.sub(chance, "", text)


VARIANTS: dict[str, dict[str, _Suspicious]] = {
    "customs in yellow": {"customs": _Suspicious("customs", Lane.YELLOW)},
    "customs in red": {"customs": _Suspicious("customs", Lane.RED)},
    "firearms in red": {"firearms": _Suspicious("firearms", Lane.RED)},
    "both": {"customs": _Suspicious("customs", Lane.ORANGE), "firearms": _Suspicious("firearms", Lane.RED)},
}


ITEM_VARIANTS: dict[str, dict[str, _Suspicious]] = {
    "customs on both items": {"customs": _Suspicious("customs", Lane.YELLOW, items=("1", "2"))},
    "firearms on both items": {"firearms": _Suspicious("firearms", Lane.RED, items=("2", "1"))},
    "each on one": {
        "customs": _Suspicious("customs", Lane.ORANGE, items=("2",)),
        "firearms": _Suspicious("firearms", Lane.RED, items=("1",)),
    },
    "both on both": {
        "customs": _Suspicious("customs", Lane.RED, items=("1", "2")),
        "firearms": _Suspicious("firearms", Lane.YELLOW, items=("1", "2")),
    },
}


def _two_items() -> dict[str, Any]:
    whole = tree(commodity=PISTOLS, GoodsItemQuantity="2", TotalPackageQuantity="2")
    (item,) = whole["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    items = [item, {**item, "SequenceNumeric": "2"}]
    return whole | {"GoodsShipment": {**whole["GoodsShipment"], "GovernmentAgencyGoodsItem": items}}


@pytest.mark.parametrize(
    ("variants", "declaration", "place"),
    [(VARIANTS, tree(commodity=PISTOLS), "Item 1: "), (ITEM_VARIANTS, _two_items(), "Items 1 and 2: ")],
    ids=["one item", "two items"],
)
def test_who_found_something_and_how_grave_it_is_makes_no_difference_to_the_trader(
    context: ClearanceContext, variants: dict[str, dict[str, _Suspicious]], declaration: dict[str, Any], place: str
) -> None:
    told = []
    for number, hits in enumerate(variants.values()):
        suspicious = _with_answers(context, hits)
        trader = Callers(app_over(suspicious), suspicious).trader(f"GB90000000{number}000")
        mrn = body_of(trader.lodge(declaration))["mrn"]
        work(suspicious)
        answers = _readable(trader, mrn)
        told.append({
            call: (answer.status_code, _told(trader, answer), sorted(answer.headers.keys()))
            for call, answer in answers.items()
        })  # fmt: skip
    assert [variant for variant, answers in zip(variants, told, strict=True) if answers != told[0]] == []
    assert f"{place}{WORDS}" in told[0]["wait"][1]


def test_no_step_of_a_life_tells_the_trader_who_found_something_or_how_grave_it_is(context: ClearanceContext) -> None:
    told = []
    for number, hits in enumerate(VARIANTS.values()):
        suspicious = _with_answers(context, hits)
        trader = Callers(app_over(suspicious), suspicious).trader(f"GB90000000{number}000")
        answers = _lived(trader, suspicious)
        told.append([(answer.status_code, _told(trader, answer)) for answer in answers])
        assert not [answer.text for answer in answers if CANARY in answer.text]
    assert [variant for variant, answers in zip(VARIANTS, told, strict=True) if answers != told[0]] == []


def _lived(trader: Caller, context: ClearanceContext) -> list[Any]:
    """The answers to everything that is done with a declaration of pistols lodged in advance, and what can be read."""
    mrn = lodge_in_advance(trader, commodity=PISTOLS)
    work(context)
    answers = [send(trader, mrn, "arrival", arrived(context)), *_readable(trader, mrn).values()]
    changed = tree(commodity=PISTOLS, TypeCode="IMD", description="Pistols", Declarant={"ID": trader.party})
    answers += [put(trader, mrn, changed), *_readable(trader, mrn).values()]
    work(context)
    answers += [put(trader, mrn, changed | {"GoodsItemQuantity": "7"}), *_readable(trader, mrn).values()]
    answers += [send(trader, mrn, "cancellation", {"reason": "Sold"}), *_readable(trader, mrn).values()]
    return answers


def _told(trader: Caller, answer: Any) -> str:
    """The answer as any trader would get it."""
    return _without_chance(answer.text, answer).replace(trader.party, "PARTY")


def test_an_agency_without_words_for_traders_is_told_in_the_house_s_own(context: ClearanceContext) -> None:
    suspicious = _with_answers(context, {"firearms": _Suspicious("firearms", Lane.RED, words="")})
    trader = Callers(app_over(suspicious), suspicious).trader()
    mrn = body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"]
    work(suspicious)
    reasons = body_of(trader.get(f"/v1/declarations/{mrn}/decision"))["reasons"]
    assert reasons[1:] == ["The declaration is being checked."]


def test_while_it_is_open_nobody_can_tell_how_many_are_still_asked(context: ClearanceContext) -> None:
    told = []
    for number, commodity in enumerate(("73181595", PISTOLS)):
        trader = Callers(app_over(context), context).trader(f"GB90000000{number}000")
        mrn = body_of(trader.lodge(tree(commodity=commodity)))["mrn"]
        answer = trader.get(f"/v1/declarations/{mrn}")
        told.append((_without_chance(answer.text, answer), trader.get(f"/v1/declarations/{mrn}/decision").status_code))
    assert told[0] == told[1]
