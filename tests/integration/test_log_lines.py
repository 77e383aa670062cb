"""One trace from request to adapter in the log, and nothing of what a declaration says."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from adapters.contract import NotRetryable, View
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.decisions.assessment import Assessment
from singlewindow.storage import declarations, requests
from singlewindow.storage.trail import events
from tests.integration.conftest import Caller, Callers, Log, body_of, work
from tests.integration.documents import PISTOLS, as_json, tree
from tests.integration.test_amending import put
from tests.integration.test_http_life import correction, invalidation, presentation
from tests.integration.test_life import arrived, lodge_in_advance, rule, send
from workers import jobs

CANARY = "CANARY"


class Failing:
    """An adapter that fails as a test says, after it has written a line of its own."""

    def __init__(self, agency: str, error: Exception | None = None) -> None:
        self.agency, self.error, self.views = agency, error, list[View]()

    def assess(self, view: View) -> Assessment:
        self.views.append(view)
        logging.getLogger("adapters.test").info("asking")
        if self.error:
            raise self.error
        raise ValueError(f"{CANARY} {view.tree}")


def canaries(lrn: str = f"{CANARY}LRN") -> dict[str, Any]:
    return tree(lrn, description=f"{CANARY} goods", Declarant={"ID": f"{CANARY}9"})


def test_the_requests_trace_is_stored_and_on_every_line_up_to_the_adapter(
    trader: Caller, context: ClearanceContext, log: Log
) -> None:
    failing = Failing("customs", NotRetryable("never"))
    answer = trader.lodge(tree())
    trace, mrn = answer.headers["X-Trace-Id"], body_of(answer)["mrn"]
    work(replace(context, adapters={**context.adapters, "customs": failing}))
    with context.engine.connect() as connection:
        assert connection.execute(text("SELECT trace_id FROM version")).scalar_one() == trace
    assert [view.trace_id for view in failing.views] == [trace]
    about = {"trace_id": trace, "mrn": mrn}
    lines = {entry["logger"]: entry for entry in log.lines()}
    assert lines["singlewindow.http.app"].items() >= about.items()
    assert lines["adapters.test"].items() >= (about | {"agency": "customs"}).items()
    assert lines["adapters.test"]["batch"] > 0
    assert lines["singlewindow.clearance.deciding.assess"].items() >= about.items()
    assert lines["singlewindow.clearance.deciding.assess"]["batch"] > 0


def test_the_next_request_has_a_trace_of_its_own(trader: Caller, log: Log) -> None:
    answers = [trader.lodge(tree("ONE")), trader.get("/v1/notices")]
    traces = [entry["trace_id"] for entry in log.lines() if entry["logger"] == "singlewindow.http.app"]
    assert traces == [answer.headers["X-Trace-Id"] for answer in answers]
    assert "mrn" not in log.lines()[-1]


def test_no_word_of_a_declaration_is_logged_whatever_fails(
    callers: Callers, context: ClearanceContext, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = callers.trader(f"{CANARY}9")
    assert trader.lodge(canaries()).status_code == 202
    assert trader.lodge(canaries() | {"GoodsItemQuantity": "7"}).status_code == 422
    assert trader.post(b"<Declaration>" + CANARY.encode(), "application/xml").status_code >= 400
    failing = Failing("customs")
    context = replace(context, adapters={**context.adapters, "customs": failing})
    work(context)
    assert CANARY in str(failing.views[0].tree)

    def fail(*_: object) -> None:
        raise OperationalError(f"INSERT {CANARY}", {"received": CANARY}, ValueError(CANARY))

    monkeypatch.setattr(jobs, "context", lambda: context)
    monkeypatch.setattr(declarations, "contents_of", fail)
    trader.lodge(canaries("CANARY2"))
    assert [jobs.assess(batch.id) for batch in dispatch.make_batches(context)]
    assert {"error"} & {key for entry in log.lines() for key in entry}
    assert CANARY not in log.stream.getvalue()


def test_no_word_of_a_request_or_a_report_is_logged_whatever_fails(
    callers: Callers, context: ClearanceContext, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader, carrier, customs = callers.trader(), callers.carrier(), callers.agency("customs")
    mrn = lodge_in_advance(trader, commodity=PISTOLS, Consignment={"Carrier": {"ID": carrier.party}})
    held = str(body_of(trader.lodge(tree("HELD", commodity=PISTOLS)))["mrn"])
    work(context)
    seen = {"place": f"{CANARY} place", "transport": CANARY, "containers": [{"id": CANARY, "seals": [f"{CANARY}1"]}]}
    keyed, reason = {"Idempotency_Key": f"{CANARY} key"}, {"reason": f"{CANARY} reason"}
    spoken = tree("HELD", commodity=PISTOLS, description=f"{CANARY} goods")
    answers = {
        "milestone": send(carrier, mrn, "milestones", arrived(context) | {"milestone": "unloaded", "place": CANARY}),
        "unlikely": send(carrier, mrn, "milestones", {"milestone": "unloaded", "happened_at": f"{CANARY}"}),
        "arrival": send(trader, mrn, "arrival", arrived(context) | seen),
        "no report": send(trader, mrn, "arrival", {"happened_at": "2026-11-29T12:00:00Z", CANARY: CANARY}),
        "presented": trader.post(as_json(presentation(mrn) | {"FunctionalReferenceID": CANARY})),
        "amendment": put(trader, held, spoken, **keyed),
        "open": put(trader, held, spoken, Idempotency_Key=f"{CANARY} 2"),
        "wrong": put(trader, held, spoken | {"GoodsItemQuantity": "7"}),
        "corrected": trader.post(as_json(correction(held, CANARY, f"{CANARY}1"))),
        "cancelled": trader.post(as_json(invalidation(mrn, f"{CANARY} reason"))),
        "bad key": send(trader, held, "cancellation", reason, Idempotency_Key=CANARY * 20),
        "bad version": send(trader, held, "cancellation", reason, If_Match=CANARY),
        "forbidden": send(customs, held, "cancellation", reason, **keyed),
    }
    content = f'{{"answer": "granted", "words": "{CANARY} words"}}'.encode()
    request = body_of(answers["amendment"])["request"]
    answers["ruled"] = customs.post(content, path=f"/v1/agencies/customs/requests/{held}/{request}")
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "milestone": 200, "unlikely": 422, "arrival": 200, "no report": 422, "presented": 409, "amendment": 202,
        "open": 409, "wrong": 422, "corrected": 409, "cancelled": 200, "bad key": 400, "bad version": 400,
        "forbidden": 403, "ruled": 200,
    }  # fmt: skip
    work(context)

    def fail(*_: object) -> None:
        raise OperationalError(f"INSERT {CANARY}", {"received": CANARY}, ValueError(CANARY))

    monkeypatch.setattr(requests, "add_request", fail)
    monkeypatch.setattr(events, "record", fail)
    failing = [put(trader, held, spoken | {"InvoiceAmount": {"@currencyID": "GBP", "#text": "1"}}, **keyed),
               send(trader, held, "cancellation", reason, **keyed),
               send(carrier, mrn, "milestones", arrived(context) | {"milestone": "means-arrived", "place": CANARY}),
               rule(customs, (held, request), "refused")]  # fmt: skip
    assert {answer.status_code for answer in failing[:3]} == {503}
    lines = [entry for entry in log.lines() if entry["logger"] == "singlewindow.http.app"]
    assert {mrn, held} <= {entry.get("mrn") for entry in lines}
    assert CANARY not in log.stream.getvalue()
