"""Everybody who changes the life of a declaration, as plain calls: trader, agencies, officers, and the clock."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from sqlalchemy import BigInteger, literal

from adapters.contract import Pending, View
from singlewindow.access.keys import Caller, Role
from singlewindow.agencies.agency import Remote
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.ask_again import Round, ask_again
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.late_answers import Contradiction
from singlewindow.clearance.deciding.respond import respond
from singlewindow.clearance.documents.answer import answer_documents
from singlewindow.clearance.inspecting.locked import InspectionEnded
from singlewindow.clearance.inspecting.override_result import (
    OverrideAnswered,
    OverrideWaits,
    SecondWord,
    Wanted,
    answer_override,
    ask_override,
)
from singlewindow.clearance.inspecting.record_controls import RecordMade, record_controls
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.life.answer_request import AnsweredDifferently, Ruling, answer_request
from singlewindow.clearance.life.arrive import arrive
from singlewindow.clearance.life.cancel import cancel
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.clearance.life.milestones import report_milestone
from singlewindow.clearance.life.requests import Kind, NewerVersion, RequestMade, StillOpen
from singlewindow.clearance.lodging.store import Message, Receipt
from singlewindow.decisions.assessment import Answer, Assessment, Control, Lane
from singlewindow.declarations.reading.message import Media
from singlewindow.inspections.results import ControlRecord, Unfit
from singlewindow.life_cycle.arrival import Arrival
from singlewindow.life_cycle.machine import NotPossible, State
from singlewindow.life_cycle.milestones import Milestone, Report
from singlewindow.storage.engine import connect
from tests.integration.documents import PISTOLS, TRADER, as_json, tree
from tests.integration.lodging import arrival, lodging_over, store
from tests.integration.record import rows

AGENCIES: Final = ("customs", "firearms")
GREEN, RED, PAPERS = (
    json.dumps(answer).encode()
    for answer in (
        {"lane": "green"}, {"lane": "red", "controls": ["physical"]}, {"lane": "orange", "controls": ["documents"]},
    )
)  # fmt: skip
REFUSALS: Final = (
    NotPossible, StillOpen, NewerVersion, AnsweredDifferently, Unfit, InspectionEnded, OverrideWaits, OverrideAnswered,
)  # fmt: skip
OWNER: Final = Caller("key", Role.TRADER, party=TRADER)
OFFICER: Final = Caller("key", Role.AGENCY, agency="customs")
TITLE: Final = [{"DocumentSectionCode": "42A"}, {"DocumentSectionCode": "67A"},
                {"SequenceNumeric": "1", "DocumentSectionCode": "68A"},
                {"DocumentSectionCode": "23A", "TagID": "137"}]  # fmt: skip
"""Pointers to what describes the first item (WCO)."""


class Green:
    """An agency whose workers let everything pass; it may answer by itself as well."""

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def assess(self, _view: View) -> Assessment:
        return Assessment(agency=self.agency, answer=Answer.ASSESSED, lane=Lane.GREEN)


class Waiting(Green):
    """An agency that takes every question and answers by itself."""

    def assess(self, _view: View) -> Assessment:
        raise Pending("the agency will answer by itself")


def answering_by_themselves(context: ClearanceContext) -> ClearanceContext:
    """Customs and firearms may answer by themselves; workers answer for all but firearms, and let everything pass."""
    agencies, adapters = dict(context.agencies), {code: Green(code) for code in context.agencies}
    for code in AGENCIES:
        remote = Remote(url="http://127.0.0.1:9/", key_env="KEY", allow_http=True)
        agencies[code] = replace(agencies[code], remote=remote)
    return replace(context, agencies=agencies, adapters=adapters | {"firearms": Waiting("firearms")})


class StoppedClock:
    """The database's clock for every module that asks it, which moves only when it is told to."""

    def __init__(self, now: int, patch: pytest.MonkeyPatch) -> None:
        self.now = now
        stopped = {"clock": lambda _: self.now, "statement_time": lambda _: literal(self.now, BigInteger)}
        for module in [module for name, module in sys.modules.items() if name.startswith("singlewindow.")]:
            for name, function in stopped.items():
                if getattr(module, name, None) is getattr(connect, name) and module is not connect:
                    patch.setattr(module, name, function)


@contextmanager
def stopped_clock(context: ClearanceContext) -> Iterator[StoppedClock]:
    """The clock stands still while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        with connect.reading(context.engine) as connection:
            now = connect.clock(connection)
        yield StoppedClock(now, patch)


@dataclass(frozen=True)
class Declared:
    """A declaration as its trader knows it."""

    mrn: str
    lrn: str
    kind: str
    commodity: str = PISTOLS

    def amended(self, description: str) -> dict[str, Any]:
        """The same with another description of its goods."""
        return _document(self.lrn, self.kind, self.commodity, description)


def _document(lrn: str, kind: str, commodity: str, description: str = "Spanners") -> dict[str, Any]:
    declared = tree(lrn, commodity, description, TypeCode=kind)
    if kind.startswith("EX"):
        declared |= {"Exporter": {"ID": TRADER}, "ExitOffice": {"ID": "GB000060"}}
    if kind[2] in "YZ":
        declared["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": "20260601"}}
    return declared


class Everybody:
    """Every command about a declaration; what is not possible is an answer: the name of the refusal."""

    def __init__(self, context: ClearanceContext) -> None:
        self.context = context
        self._amender = Amender(context, lodging_over(context))

    def lodge(self, names: Sequence[str], kind: str = "IMD", commodity: str = PISTOLS) -> list[Declared]:
        """Lodge declarations of this type in one transaction."""
        made = [
            arrival(self.context, lrn, as_json(_document(lrn, kind, commodity)), TRADER, Media.JSON) for lrn in names
        ]
        receipts = [receipt for receipt in store(self.context, made) if isinstance(receipt, Receipt)]
        assert len(receipts) == len(names)
        return [Declared(receipt.mrn, receipt.lrn, kind, commodity) for receipt in receipts]

    def amend(self, about: Declared, reference: str, description: str, against: int | None = None) -> str:
        """Ask for another description by the whole new declaration."""
        return self._ask(Kind.AMENDMENT, about, reference, as_json(about.amended(description)), against)

    def amend_by_message(self, about: Declared, reference: str, description: str) -> str:
        """Ask for another description by a message that points at it."""
        item = {"SequenceNumeric": "1", "Commodity": {"Description": description}}
        message = {
            "FunctionCode": "13", "FunctionalReferenceID": reference, "ID": about.mrn, "TypeCode": "COR",
            "Amendment": [{"ChangeReasonCode": "32", "Pointer": TITLE}],
            "GoodsShipment": {"GovernmentAgencyGoodsItem": [item]},
        }  # fmt: skip
        return self._ask(Kind.AMENDMENT, about, reference, as_json(message))

    def cancel(self, about: Declared, reference: str, against: int | None = None) -> str:
        """Ask for the end of the declaration."""
        return self._ask(Kind.CANCELLATION, about, reference, b'{"reason": "Lodged twice"}', against)

    def _ask(self, kind: Kind, about: Declared, reference: str, content: bytes, against: int | None = None) -> str:
        asked = RequestMade(kind, about.mrn, reference, "", Message(content, Media.JSON), OWNER, against)
        if kind is Kind.AMENDMENT:
            return outcome(lambda: self._amender.amend(asked))
        return outcome(lambda: cancel(self.context, asked))

    def rule(self, about: Declared, request: int, granted: bool) -> str:
        """An officer's answer to a request."""
        ruling = Ruling(granted, "As you ask." if granted else "Not any more.")
        return outcome(lambda: answer_request(self._amender, OFFICER, about.mrn, request, ruling))

    def arrive(self, about: Declared, transport: str | None = None) -> str:
        """Report the arrival, perhaps with a means of transport that was seen."""
        return outcome(lambda: arrive(self.context, about.mrn, OWNER, Arrival(place="LND", transport=transport)))

    def report(self, about: Declared, milestone: Milestone, happened_at: int) -> str:
        """Report a milestone."""
        report = Report(milestone=milestone, happened_at=happened_at)
        return outcome(lambda: report_milestone(self.context, about.mrn, OWNER, report))

    def answer_documents(self, about: Declared, words: str) -> str:
        """The trader answers the request for documents, in words."""
        return outcome(lambda: answer_documents(self.context, OWNER, about.mrn, words, ()) is not None)

    def respond(self, agency: str, version_id: int, content: bytes, asked_round: int = 1) -> str:
        """An agency's answer to a question that it may have."""
        return outcome(lambda: respond(self.context, agency, question_name(version_id, asked_round), content))

    def ask_again(self, version_id: int, agencies: Sequence[str]) -> str:
        """An operator's order."""
        again = Round(agencies, "operator:cli", "new documents")
        try:
            return outcome(lambda: bool(ask_again(self.context, version_id, again)))
        except LookupError:
            return "replaced"

    def record(self, about: Declared, agency: str, control: Control, said: ControlRecord) -> str:
        """An officer's record about all items of a control, in the newest inspection."""
        officer = Caller("key", Role.AGENCY, agency=agency, person="anna")
        number = _newest_inspection(self.context, about.mrn)
        return outcome(lambda: record_controls(self.context, officer, number, RecordMade(control, (), said)))

    def override(self, about: Declared, result: State, agreed: bool) -> str:
        """One person of the firearms authority asks for a result, and a second one answers."""
        anna, ben = (Caller(name, Role.AGENCY, agency="firearms", person=name) for name in ("anna", "ben"))
        number, wanted = _newest_inspection(self.context, about.mrn), Wanted((), result, "By order", "By order.")
        try:
            asked = ask_override(self.context, anna, number, wanted)
        except REFUSALS as refusal:
            return type(refusal).__name__
        if asked is None:
            return "unknown"
        said = SecondWord(agreed, "Seen.")
        return outcome(lambda: answer_override(self.context, ben, number, asked.override.id, said))

    def work(self) -> str:
        """Dispatcher and worker, once."""
        made = dispatch.make_batches(self.context)
        return f"answered {assess_batches(self.context, *(batch.id for batch in made)) if made else 0}"

    def sweep(self) -> str:
        """Both sweeps of the dispatcher."""
        return f"swept {dispatch.answer_for_silence(self.context) + pass_deadlines(self.context)}"


def _newest_inspection(context: ClearanceContext, mrn: str) -> int:
    found = rows(context, "SELECT i.id FROM inspection i JOIN version v ON v.id = i.version_id JOIN declaration d"
                          f" ON d.id = v.declaration_id WHERE d.mrn = '{mrn}' ORDER BY i.id DESC LIMIT 1")  # fmt: skip
    return int(found[0][0]) if found else 0


def outcome(command: Callable[[], Any]) -> str:
    """How a command ended, in a word or two; anything but a refusal that callers know is raised."""
    try:
        receipt = command()
    except REFUSALS as refusal:
        return type(refusal).__name__
    if isinstance(receipt, Contradiction):
        return "contradicted"
    if receipt is None:
        return "unknown"
    answered = getattr(receipt, "answer", None)
    if answered is not None:
        return str(answered)
    return "late" if getattr(receipt, "late", False) else "done"


def at_once(pool: Executor, commands: Sequence[Callable[[], str]]) -> list[str]:
    """All commands at one moment, each in a thread of its own; their outcomes."""
    barrier = threading.Barrier(len(commands))

    def together(command: Callable[[], str]) -> str:
        barrier.wait(30)
        return command()

    return [done.result() for done in [pool.submit(together, command) for command in commands]]


def versions_of(context: ClearanceContext, mrn: str) -> list[int]:
    """The ids of a declaration's versions, oldest first."""
    query = f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE d.mrn = '{mrn}'"
    return [int(id_) for (id_,) in rows(context, f"{query} ORDER BY v.number")]


def requests_of(context: ClearanceContext, mrn: str) -> list[int]:
    """The ids of a declaration's requests, oldest first."""
    query = f"SELECT r.id FROM request r JOIN declaration d ON d.id = r.declaration_id WHERE d.mrn = '{mrn}'"
    return [int(id_) for (id_,) in rows(context, f"{query} ORDER BY r.id")]
