"""Release times of a whole life: arrival and release as they were, and what a study groups by, from the trail alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.deadlines import pass_deadlines
from tests.integration.conftest import Caller, Callers, body_of, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import rows
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, pass_days, send


def measured(callers: Callers) -> dict[str, Any]:
    report = body_of(callers.auditor().get("/v1/release-times"))
    return dict(report["total"]) | {row["interval"]: row for row in report["total"]["rows"]}


def details(context: ClearanceContext, kind: str) -> list[dict[str, Any]]:
    found = rows(context.engine, f"SELECT detail FROM event WHERE kind = '{kind}' ORDER BY id")
    return [msgspec.json.decode(detail) for (detail,) in found]


def test_goods_assessed_in_advance_are_released_when_their_arrival_is_recorded(
    callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader)
    work(context)
    before = measured(callers)
    assert (before["lodgement_to_decision"]["statistics"]["n"], before["lodgement_to_release"]["open"]) == (1, 1)
    assert before["arrival_to_release"]["excluded"] == {"arrival not recorded": 1}
    report = arrived(context)
    assert send(trader, mrn, "arrival", report).status_code == 200
    after = measured(callers)
    took = {name: after[name]["statistics"]["mean"] for name in ("arrival_to_release", "lodgement_to_release")}
    assert 1 <= took["arrival_to_release"] < 60
    assert took["lodgement_to_release"] > after["lodgement_to_decision"]["statistics"]["mean"]


def test_a_version_that_an_amendment_replaced_is_not_open(
    callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrn = body_of(trader.lodge(tree()))["mrn"]
    assert put(trader, mrn, tree(description="Pliers")).status_code == 200
    found = measured(callers)
    assert (found["cases"], found["open_cases"]) == (2, 1)
    assert found["lodgement_to_release"]["excluded"] == {"replaced by an amendment": 1}
    work(context)
    assert measured(callers)["lodgement_to_release"]["statistics"]["n"] == 1


@pytest.mark.parametrize("reason", ["cancelled", "lapsed: the goods did not arrive"])
def test_what_ends_without_release_is_excluded_for_its_reason(
    reason: str, callers: Callers, trader: Caller, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader)
    work(context)
    if reason == "cancelled":
        assert send(trader, mrn, "cancellation", {"reason": "Sold elsewhere."}).status_code == 200
    else:
        pass_days(context, 40)
        while pass_deadlines(context):
            pass_days(context, 40)
    assert measured(callers)["lodgement_to_release"]["excluded"] == {reason: 1}


def test_a_lodgement_carries_what_a_study_groups_by(trader: Caller, context: ClearanceContext) -> None:
    trader.lodge(tree(commodity=PISTOLS, PresentationOffice={"ID": "GBLND001"}))
    mrn = lodge_in_advance(trader, "LRN2")
    put(trader, mrn, tree(lrn="LRN2", TypeCode="IMD"))
    pistols, advance = (each["study"] for each in details(context, "lodged"))
    assert pistols == {
        "begins": "presented", "type": "IMA", "mode": "3", "presentation_office": "GBLND001", "items": 1,
        "chapters": ["93"], "procedures": ["4000"],
    }  # fmt: skip
    assert (advance["begins"], advance["type"]) == ("registered", "IMD")
    (amended,) = details(context, "amended")
    assert amended["study"]["type"] == "IMD"


def test_a_decision_carries_its_lane_and_where_it_led(trader: Caller, context: ClearanceContext) -> None:
    lodge_in_advance(trader)
    work(context)
    (decided,) = details(context, "decided")
    assert (decided["lane"], decided["state"]) == ("green", "released-on-arrival")
