"""Documents are asked for and given, on both databases: who asked reads them, and nobody answers by the same rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import pytest

from adapters.contract import View
from adapters.profile import ProfileAdapter
from adapters.registry import build_adapters
from singlewindow.agencies.agency import Remote
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import answer_for_silence
from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.times import MICROSECONDS
from tests.agency_server import agency_server
from tests.integration.conftest import Caller, Callers, app_over, body_of, problem, work
from tests.integration.living import Green
from tests.integration.record import change, rows
from tests.integration.supporting import LICENCE, give, path_of, sha256_of, two_items
from tests.integration.test_documents import events_of
from tests.integration.test_life import codes, send, state_of
from tests.integration.test_officers import GREEN, RED, post, take

AGENCY = "firearms"
LIST = f"/v1/agencies/{AGENCY}/questions"
WORDS = "The licence, as asked."


class Wanting(ProfileAdapter):
    """Profiles that ask for the licence of item 2, whatever is declared."""

    def assess(self, view: View) -> Assessment:
        """Documents are asked, but what is given is treated as every agency's profiles treat it."""
        if view.given is not None:
            return super().assess(view)
        finding = Finding(profile="FA-1", legal_basis="Act", weight=20, control=Control.DOCUMENTS, item="2",
                          officer="Check the number.", trader="Send the licence.")  # fmt: skip
        return Assessment(agency=self.agency, answer=Answer.ASSESSED, lane=Lane.YELLOW, score=20,
                          controls=(Control.DOCUMENTS,), findings=(finding,))  # fmt: skip


@pytest.fixture
def context(context: ClearanceContext) -> ClearanceContext:
    """All agencies let everything pass, but the firearms authority, whose profiles ask for documents."""
    greens = {code: Green(code) for code in context.agencies}
    return replace(context, adapters={**greens, AGENCY: Wanting(context.agencies[AGENCY])})


class Scene(NamedTuple):
    """A declaration whose documents are asked, its trader, and an officer of the agency that asked."""

    trader: Caller
    officer: Caller
    mrn: str

    def give(self, **sent: Any) -> Any:
        """Give the licence."""
        return give(self.trader, self.mrn, item="2", **sent)

    def answer(self, words: str = WORDS, *documents: str) -> Any:
        """Answer the request."""
        return send(self.trader, self.mrn, "documents-answer", {"words": words, "documents": list(documents)})

    @property
    def state(self) -> str:
        """Where the declaration is."""
        return state_of(self.trader, self.mrn)

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The open questions that officers answer."""
        found: list[dict[str, Any]] = body_of(self.officer.get(LIST))["questions"]
        return found


def scene_of(context: ClearanceContext, callers: Callers, **changes: Any) -> Scene:
    trader = callers.trader()
    receipt = trader.lodge(two_items() | changes)
    assert receipt.status_code == 202, receipt.text
    work(context)
    return Scene(trader, callers.agency(AGENCY), body_of(receipt)["mrn"])


@pytest.fixture
def scene(context: ClearanceContext, callers: Callers) -> Scene:
    """Goods at the border, whose documents are asked."""
    made = scene_of(context, callers)
    assert made.state == "documents-asked"
    return made


def test_documents_given_are_read_by_an_officer_who_releases_the_goods(scene: Scene, context: ClearanceContext) -> None:
    assert scene.questions == []
    scene.give(name="licence.pdf")
    receipt = scene.answer(WORDS, sha256_of(LICENCE))
    assert receipt.status_code == 200, receipt.text
    assert body_of(receipt) == {
        "mrn": scene.mrn, "version": 1, "words": WORDS, "documents": [sha256_of(LICENCE)],
        "received_at": body_of(receipt)["received_at"],
    }  # fmt: skip
    assert scene.state == "presented"
    work(context)
    work(context)
    assert scene.state == "presented", "no profile has answered"
    (question,) = scene.questions
    path = f"{LIST}/{question['question']}"
    said = body_of(scene.officer.get(path))["documents_answer"]
    assert said["words"] == WORDS
    assert said["documents"] == [
        {"sha256": sha256_of(LICENCE), "name": "licence.pdf", "media_type": "application/pdf", "size": len(LICENCE),
         "scan": "not-scanned", "item": "2"},
    ]  # fmt: skip
    assert scene.officer.call("GET", path_of(scene.mrn, LICENCE, AGENCY), buffered=True).data == LICENCE
    take(scene.officer, path)
    assert post(scene.officer, f"{path}/answer", GREEN).status_code == 200
    assert scene.state == "released"
    assert codes(scene.trader) == ["01", "06", "08"]


def test_an_officer_may_order_an_inspection_after_reading(scene: Scene, context: ClearanceContext) -> None:
    scene.answer()
    (question,) = scene.questions
    path = f"{LIST}/{question['question']}"
    take(scene.officer, path)
    assert post(scene.officer, f"{path}/answer", {**RED, "findings": []}).status_code == 200
    assert scene.state == "inspection-ordered"
    assert rows(context, "SELECT number FROM later_decision") == [(2,)]


def test_words_alone_do_and_the_same_answer_again_gets_the_same_receipt(scene: Scene) -> None:
    first = scene.answer("There is no licence: these are replicas.")
    again = scene.answer("There is no licence: these are replicas.")
    assert body_of(again) == body_of(first)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert problem(scene.answer("Another answer.")) == (409, "NOT_POSSIBLE")
    assert len(scene.questions) == 1


def test_a_document_that_was_not_given_cannot_be_named(scene: Scene) -> None:
    refused = scene.answer(WORDS, sha256_of(LICENCE))
    assert problem(refused) == (422, "DOCUMENT_MISSING")
    assert sha256_of(LICENCE) in body_of(refused)["detail"]
    assert scene.state == "documents-asked"


def test_nothing_is_answered_that_was_not_asked(context: ClearanceContext, callers: Callers) -> None:
    everybody = replace(context, adapters={code: Green(code) for code in context.agencies})
    scene = scene_of(everybody, callers)
    assert scene.state == "released"
    refused = scene.answer()
    assert problem(refused) == (409, "NOT_POSSIBLE")
    assert "It cannot be given the documents that are asked for in this state." in body_of(refused)["detail"]


def test_a_strangers_answer_finds_nothing(scene: Scene, callers: Callers) -> None:
    stranger = scene._replace(trader=callers.trader("GB999999999000"))
    assert problem(stranger.answer()) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("kind", "asked", "again"),
    [
        ("IMA", "documents-asked", "presented"),
        ("IMD", "documents-asked-in-advance", "registered"),
        ("IMZ", "documents-asked-after-release", "under-assessment"),
    ],
)
def test_the_state_goes_back_to_where_agencies_assess(
    context: ClearanceContext, callers: Callers, kind: str, asked: str, again: str
) -> None:
    accepted = {"AcceptanceDateTime": {"DateTimeString": {"@formatCode": "102", "#text": "20260601"}}}
    scene = scene_of(context, callers, TypeCode=kind, **(accepted if kind == "IMZ" else {}))
    assert scene.state == asked
    assert scene.answer().status_code == 200
    assert scene.state == again


def test_only_the_agencies_that_asked_are_asked_again_with_the_reason_recorded(
    scene: Scene, context: ClearanceContext
) -> None:
    scene.answer()
    assert rows(context, "SELECT agency, round FROM outbox") == [(AGENCY, 2)]
    (event,) = events_of(context, "asked-again")
    assert event == {"rounds": {AGENCY: 2}, "reason": "the party has given documents"}
    (given,) = events_of(context, "documents-given")
    assert (given["words"], given["documents"], given["state"]) == (WORDS, [], "presented")


def test_the_party_sees_its_answer_in_the_timeline_and_not_who_asked(scene: Scene) -> None:
    scene.give()
    scene.answer(WORDS, sha256_of(LICENCE))
    shown = scene.trader.get(f"/v1/declarations/{scene.mrn}")
    assert [step["text"] for step in body_of(shown)["timeline"]] == [
        "Lodged and accepted",
        "Decided: inspect (documents)",
        f"Document given: {sha256_of(LICENCE)[:12]}.pdf, about item 2",
        f"The party answers the request for documents: {WORDS}",
    ]
    assert AGENCY.encode() not in shown.data.lower()


def test_nobody_reads_them_in_time_and_the_goods_are_inspected(scene: Scene, context: ClearanceContext) -> None:
    scene.answer()
    ((asked_at, deadline),) = rows(context, "SELECT asked_at, deadline_at FROM outbox")
    assert deadline - asked_at == 14_400 * MICROSECONDS, "time for a person to read"
    (question,) = scene.questions
    work(context)
    change(context, "UPDATE outbox SET deadline_at = 1")
    assert answer_for_silence(context) == 1
    assert scene.state == "inspection-ordered"
    path = f"{LIST}/{question['question']}"
    assert problem(take(scene.officer, path)) == (409, "QUESTION_CLOSED")
    assert body_of(post(scene.officer, f"{path}/answer", GREEN))["late"] is True
    assert problem(scene.answer("Once more.")) == (409, "NOT_POSSIBLE")


def test_a_plain_question_is_left_to_the_profiles(context: ClearanceContext, callers: Callers) -> None:
    trader, officer = callers.trader(), callers.agency(AGENCY)
    trader.lodge(two_items())
    ((version_id,),) = rows(context, "SELECT id FROM version")
    assert body_of(officer.get(LIST))["questions"] == []
    path = f"{LIST}/{question_name(version_id, 1)}"
    for answer in (officer.get(path), take(officer, path), post(officer, f"{path}/answer", GREEN)):
        assert problem(answer) == (404, "NOT_FOUND")


def test_a_remote_agency_gets_what_was_given_with_its_question(context: ClearanceContext) -> None:
    with agency_server("papers") as server:
        agency = context.agencies[AGENCY]
        remote = Remote(url=server.url, key_env="KEY", allow_http=True, timeout_seconds=5)
        head = msgspec.structs.replace(agency.head, adapter="remote")
        asked = replace(agency, head=head, method=replace(agency.method, profiles=()), remote=remote)
        agencies = {**context.agencies, AGENCY: asked}
        adapter = build_adapters({AGENCY: asked}, secrets=str.lower)[AGENCY]
        over = replace(context, agencies=agencies, adapters={**context.adapters, AGENCY: adapter})
        scene = scene_of(over, Callers(app_over(over), over))
        assert scene.state == "documents-asked"
        scene.give(name="licence.pdf")
        give(scene.trader, scene.mrn, b"%PDF-of item 1", item="1")
        assert scene.answer(WORDS, sha256_of(LICENCE), sha256_of(b"%PDF-of item 1")).status_code == 200
        work(over)
        first, second = server.questions
    assert "documents_answer" not in first
    assert second["documents_answer"]["words"] == WORDS
    assert [each["sha256"] for each in second["documents_answer"]["documents"]] == [sha256_of(LICENCE)]
    assert scene.state == "released"


def test_a_document_that_an_officer_asked_for_in_a_query_is_that_agencys(
    scene: Scene, callers: Callers, context: ClearanceContext
) -> None:
    scene.answer()
    (question,) = scene.questions
    path = f"{LIST}/{question['question']}"
    take(scene.officer, path)
    query = body_of(post(scene.officer, f"{path}/queries", {"words": "And the old licence?"}))["query"]
    assert give(scene.trader, scene.mrn, query=query).status_code == 200
    (shown,) = body_of(scene.officer.get(f"/v1/agencies/{AGENCY}/declarations/{scene.mrn}/documents"))["documents"]
    assert shown["query"] == query
    customs = callers.agency("customs")
    assert body_of(customs.get(f"/v1/agencies/customs/declarations/{scene.mrn}/documents"))["documents"] == []


def test_evidence_is_bound_to_the_agencys_own_finding_and_question(scene: Scene, callers: Callers) -> None:
    scene.answer()
    (question,) = scene.questions
    bound = {"item": "2", "finding": "FA-1", "question": question["question"]}
    made = give(scene.officer, scene.mrn, LICENCE, AGENCY, **bound)
    assert made.status_code == 200, made.text
    assert {name: body_of(made)[name] for name in bound} == bound
    customs = callers.agency("customs")
    (shown,) = body_of(customs.get(f"/v1/agencies/customs/declarations/{scene.mrn}/documents"))["documents"]
    assert (shown["item"], shown["finding"], shown["question"]) == ("2", None, None)
    assert problem(give(customs, scene.mrn, LICENCE, "customs", finding="FA-1")) == (422, "DOCUMENT_PLACE_UNKNOWN")
