"""What a decision rests on besides the answers: customs and all goods items, goods that have gone, no trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from adapters.contract import View
from adapters.registry import build_adapters
from singlewindow.agencies.agency import Agency
from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Verdict, merge
from singlewindow.storage.tables import assessment, decision, version
from tests.integration.conftest import Caller, Callers, app_over, body_of, work
from tests.integration.documents import HAND_TOOLS, PISTOLS, tree


@dataclass
class _Says:
    agency: str
    answer: Assessment

    def assess(self, _view: View) -> Assessment:
        return self.answer


def _green(agency: str) -> _Says:
    return _Says(agency, Assessment(agency=agency, answer=Answer.ASSESSED, lane=Lane.GREEN))


def _all_green(context: ClearanceContext, **changed: Agency) -> ClearanceContext:
    agencies = {**context.agencies, **changed}
    return replace(context, agencies=agencies, adapters={code: _green(code) for code in agencies})


def _two_items(first: str, second: str) -> dict[str, Any]:
    whole = tree(commodity=first, GoodsItemQuantity="2", TotalPackageQuantity="2")
    (item,) = whole["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    classified = {**item["Commodity"], "Classification": [{"ID": second, "IdentificationTypeCode": "TSP"}]}
    items = [item, {**item, "SequenceNumeric": "2", "Commodity": classified}]
    whole["GoodsShipment"] = {**whole["GoodsShipment"], "GovernmentAgencyGoodsItem": items}
    return whole


def _asked_as(customs: Agency, like: Agency) -> Agency:
    """Customs that is asked about what another agency is asked about."""
    return replace(customs, head=msgspec.structs.replace(customs.head, always=False), routing=like.routing)


def _decide(context: ClearanceContext, declaration: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision as its trader reads it, and as an auditor does."""
    callers = Callers(app_over(context), context)
    answer = callers.trader().lodge(dict(declaration))
    assert answer.status_code == 202, answer.data
    mrn = body_of(answer)["mrn"]
    work(context)
    path = f"/v1/declarations/{mrn}/decision"
    return body_of(callers.trader().get(path)), body_of(callers.auditor().get(path))


def test_goods_that_customs_and_all_others_find_green_are_released(context: ClearanceContext) -> None:
    trader, _ = _decide(_all_green(context), _two_items(HAND_TOOLS, PISTOLS))
    assert trader["outcome"] == "release"


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ((PISTOLS, HAND_TOOLS), "The agency was asked about 1 of 2 goods items only."),
        ((HAND_TOOLS, PISTOLS), "The agency was asked about 1 of 2 goods items only."),
        ((PISTOLS, PISTOLS), None),
    ],
)
def test_customs_that_is_asked_about_some_items_only_releases_nothing(
    context: ClearanceContext, codes: tuple[str, str], words: str | None
) -> None:
    customs = _asked_as(context.agencies["customs"], context.agencies["firearms"])
    trader, auditor = _decide(_all_green(context, customs=customs), _two_items(*codes))
    assert trader["outcome"] == ("inspect" if words else "release")
    assert words is None or any(words in reason for reason in auditor["reasons"])
    assert words is None or trader["reasons"][1:] == ["The declaration is being checked."]


def test_customs_that_is_not_asked_releases_nothing(context: ClearanceContext) -> None:
    customs = _asked_as(context.agencies["customs"], context.agencies["medicines"])
    trader, auditor = _decide(_all_green(context, customs=customs), _two_items(PISTOLS, HAND_TOOLS))
    assert (trader["outcome"], trader["controls"]) == ("inspect", ["documents"])
    assert any("was not asked, and nothing is released without it" in reason for reason in auditor["reasons"])


def _stored(context: ClearanceContext) -> tuple[list[Assessment], list[dict[str, Any]], Verdict]:
    with context.engine.connect() as connection:
        bodies = connection.execute(select(assessment.c.body)).scalars()
        given = [msgspec.json.decode(body, type=Assessment) for body in bodies]
        routing = msgspec.json.decode(connection.execute(select(version.c.routing)).scalar_one())
        verdict = msgspec.json.decode(connection.execute(select(decision.c.body)).scalar_one(), type=Verdict)
    return given, routing, verdict


def test_a_question_that_was_open_at_the_upgrade_is_decided_and_recomputed_as_before(context: ClearanceContext) -> None:
    trader = Callers(app_over(context), context).trader()
    trader.lodge(tree())
    with context.engine.begin() as connection:
        stored = msgspec.json.decode(connection.execute(select(version.c.routing)).scalar_one())
        earlier = [{name: value for name, value in entry.items() if name != "basis"} for entry in stored]
        assert earlier != stored
        connection.execute(update(version).values(routing=msgspec.json.encode(earlier)))
    work(context)
    given, routing, verdict = _stored(context)
    assert merge(given, [entry["agency"] for entry in routing if entry["asked"]]) == verdict


def test_the_basis_is_stored_once_at_lodgement(context: ClearanceContext) -> None:
    Callers(app_over(context), context).trader().lodge(_two_items(HAND_TOOLS, PISTOLS))
    with context.engine.connect() as connection:
        routing = msgspec.json.decode(connection.execute(select(version.c.routing)).scalar_one())
    assert [(entry["agency"], entry["basis"]) for entry in routing if "basis" in entry] == [
        ("customs", {"customs": "customs", "items": 2, "covered": 2}),
    ]


def _of_kind(kind: str, commodity: str = PISTOLS) -> dict[str, Any]:
    """A declaration of this type, with what the country's rules want of it."""
    whole = tree(commodity=commodity, TypeCode=kind, ExitOffice={"ID": "GB000060"})
    if kind[2] in "YZ":
        earlier = {"CategoryCode": "Y", "ID": "26GB001KQ7M1R5X0T1B", "TypeCode": "SDE", "LineNumeric": "1"}
        shipment = whole["GoodsShipment"]
        whole["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": "20260601"}}
        whole["GoodsShipment"] = {**shipment, "PreviousDocument": [*shipment["PreviousDocument"], earlier]}
    return whole


@pytest.mark.parametrize("kind", ["IMY", "IMZ", "EXY", "EXZ", "COZ"])
def test_pistols_that_have_gone_are_checked_by_their_documents(context: ClearanceContext, kind: str) -> None:
    trader, auditor = _decide(context, _of_kind(kind))
    assert (trader["outcome"], trader["controls"], auditor["lane"]) == ("inspect", ["documents"], "yellow")
    assert "held" not in " ".join(trader["reasons"])
    assert any("The goods have already left" in reason for reason in auditor["reasons"])


@pytest.mark.parametrize("kind", ["IMA", "IMD", "EXA", "IMC", "IMF"])
def test_pistols_that_are_still_here_are_held(context: ClearanceContext, kind: str) -> None:
    trader, _ = _decide(context, _of_kind(kind))
    assert "physical" in trader["controls"]
    assert trader["reasons"][0].startswith("The goods are held for ")


def test_an_agency_that_asks_for_goods_that_have_gone_gets_their_documents(context: ClearanceContext) -> None:
    wanted = Assessment(agency="customs", answer=Answer.ASSESSED, lane=Lane.RED, controls=(Control.PHYSICAL,))
    stubborn = replace(context, adapters={**context.adapters, "customs": _Says("customs", wanted)})
    trader, _ = _decide(stubborn, _of_kind("IMZ", HAND_TOOLS))
    callers = Callers(app_over(stubborn), stubborn)
    assert trader["controls"] == ["documents"]
    assert [each["function_code"] for each in body_of(callers.trader().get("/v1/notices"))["notices"]] == ["01", "06"]


TRIED = Finding(profile="CANARY-1", legal_basis="CANARY law", weight=99, control=Control.PHYSICAL,
                officer="CANARY: hidden", trader="CANARY words", item="1")  # fmt: skip


def _everything(caller: Caller, mrn: str) -> str:
    paths = (f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decision", "/v1/declarations", "/v1/notices")
    return "".join(caller.get(path).text for path in paths)


def test_what_was_tried_is_the_agency_s_and_the_auditor_s_and_decides_nothing(context: ClearanceContext) -> None:
    tried = msgspec.structs.replace(_green("customs").answer, trial=(TRIED,))
    trying = replace(context, adapters={**context.adapters, "customs": _Says("customs", tried)})
    callers = Callers(app_over(trying), trying)
    trader = callers.trader()
    mrn = body_of(trader.lodge(tree()))["mrn"]
    work(trying)
    assert body_of(trader.get(f"/v1/declarations/{mrn}/decision"))["outcome"] == "release"
    assert "CANARY" not in _everything(trader, mrn)
    fed = body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"][-1]
    assert fed["assessment"]["trial"][0]["profile"] == "CANARY-1"
    agencies = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))["agencies"]
    assert [each["trial"] for each in agencies if each["agency"] == "customs"] == [
        ["profile=CANARY-1 item=1 weight=99 control=physical: CANARY: hidden"]
    ]
    _, routing, verdict = _stored(trying)
    assert "CANARY" not in msgspec.json.encode((routing, verdict)).decode()


def test_a_shipped_profile_on_trial_is_tried_where_goods_are_lodged(context: ClearanceContext) -> None:
    whole = tree(Exporter={"ID": "GB111111111000"})
    whole["GoodsShipment"] = {**whole["GoodsShipment"], "Importer": {"ID": "GB111111111000"}}
    shipped = replace(context, adapters=build_adapters(context.agencies))
    trader, _ = _decide(shipped, whole)
    given, _, _ = _stored(shipped)
    found = [finding.profile for each in given for finding in each.trial or ()]
    assert (found, trader["outcome"]) == (["CU-015"], "release")
