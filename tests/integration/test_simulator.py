"""The simulator, on both databases: each word does what docs/trader.md says, and nothing of it is anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from adapters.sandbox import ERROR, OUTCOMES, QUERY, SILENT
from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate
from singlewindow.access.tokens import new_token_key
from singlewindow.bootstrap.service import build_service
from singlewindow.bootstrap.simulator import open_simulator
from singlewindow.clearance.context import ClearanceContext
from singlewindow.http.app import create_app
from singlewindow.http.service import Service
from singlewindow.simulator.words import Word
from tests import servers
from tests.conftest import copy_file
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import TRADER, tree
from tests.integration.record import rows
from tests.integration.test_life import arrived, send
from tests.places import REPOSITORY
from workers.simulator import turn

PAGE = REPOSITORY / "docs" / "trader.md"


@dataclass
class Rehearsal:
    """A service with a simulator, and a trader with a key of each."""

    context: ClearanceContext
    simulator: ClearanceContext
    service: Service
    app: Flask
    trader: Caller
    real: Caller

    def lodge(self, reference: str, **changes: Any) -> str:
        """Lodge with this reference and play; the declaration's number."""
        answer = self.trader.lodge(tree() | {"FunctionalReferenceID": reference} | changes)
        assert answer.status_code in {200, 201, 202}, answer.data
        assert answer.headers["Simulated"] == "true"
        self.play()
        return str(body_of(answer)["mrn"])

    def play(self) -> None:
        """What the simulator's process does."""
        assert self.service.simulator is not None
        for _ in range(3):
            turn(self.simulator, self.service.simulator.amender)

    def state(self, mrn: str) -> str:
        """Where a declaration is in its life."""
        return str(body_of(self.trader.get(f"/v1/declarations/{mrn}"))["state"])

    def codes(self) -> list[str]:
        """The codes of all notices, in order."""
        return [each["function_code"] for each in body_of(self.trader.get("/v1/notices?after=0"))["notices"]]


@pytest.fixture
def second_database_url(context: ClearanceContext, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another migrated database, on the same engine."""
    if context.engine.dialect.name == "sqlite":
        yield copy_file(request.getfixturevalue("migrated_sqlite"), tmp_path / "simulator.sqlite")
        return
    server, template = (request.getfixturevalue(name) for name in ("postgres_url", "migrated_postgres"))
    with servers.database(server, template) as url:
        yield url


@pytest.fixture
def rehearsal(context: ClearanceContext, second_database_url: str, tmp_path: Path) -> Iterator[Rehearsal]:
    settings = msgspec.structs.replace(
        context.settings, sw_simulator_database_url=second_database_url, sw_data=str(tmp_path),
        sw_token_key=new_token_key(),
    )  # fmt: skip
    real = replace(context, settings=settings)
    simulator = open_simulator(real)
    assert simulator is not None
    service = build_service(real, simulator)
    app = create_app(service)
    key = create_key(simulator.engine, Role.TRADER, TRADER, simulated=True)
    yield Rehearsal(real, simulator, service, app, Caller(app, key.text), Callers(app, real).trader())
    simulator.engine.dispose()


def two_items() -> dict[str, Any]:
    """A declaration of two items."""
    declared = tree(GoodsItemQuantity="2", TotalPackageQuantity="2")
    (item,) = declared["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    declared["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [item, item | {"SequenceNumeric": "2"}]
    return declared


ENDS = {
    "MY-1": ("released", ["01", "08"]),
    "SANDBOX-RELEASE": ("released", ["01", "08"]),
    "SANDBOX-DOCUMENTS": ("documents-asked", ["01", "06"]),
    "SANDBOX-SCAN": ("inspection-ordered", ["01", "05"]),
    "SANDBOX-SAMPLE": ("inspection-ordered", ["01", "05"]),
    "SANDBOX-PHYSICAL": ("inspection-ordered", ["01", "05"]),
    "SANDBOX-SILENT": ("inspection-ordered", ["01", "05"]),
    "SANDBOX-ERROR": ("inspection-ordered", ["01", "05"]),
    "SANDBOX-QUERY": ("presented", ["01", "06"]),
    "SANDBOX-CONFORM-1": ("released", ["01", "05", "08"]),
    "SANDBOX-REFUSED-1": ("refused", ["01", "05", "52"]),
    "SANDBOX-IMPOUNDED-0001": ("impounded", ["01", "05", "52"]),
    "SANDBOX-PARTLY-1": ("refused", ["01", "05", "52", "08"]),
    "sandbox-late-1": ("inspection-ordered", ["01", "06", "05"]),
}
"""A reference, the state that it leads to, and the notices on the way."""


@pytest.mark.parametrize("reference", ENDS)
def test_a_reference_leads_to_its_end(rehearsal: Rehearsal, reference: str) -> None:
    mrn = rehearsal.lodge(reference, **{k: v for k, v in two_items().items() if k != "FunctionalReferenceID"})
    state, codes = ENDS[reference]
    assert (rehearsal.state(mrn), without_slots(rehearsal)) == (state, codes)


def without_slots(rehearsal: Rehearsal) -> list[str]:
    """The codes of the notices, without those that say where and when an inspection is."""
    found = rehearsal.codes()
    return [code for place, code in enumerate(found) if code != "05" or found[:place].count("05") == 0]


def test_every_word_has_a_test_and_stands_in_the_table_of_the_page() -> None:
    words = {SILENT, ERROR, QUERY, *OUTCOMES, *Word}
    tested = " ".join(ENDS).upper() + "SANDBOX-DENIED SANDBOX-WAITING"
    page = PAGE.read_text(encoding="utf-8")
    assert [word for word in words if word not in tested or f"`{word}`" not in page] == []


def test_documents_that_are_asked_for_are_given(rehearsal: Rehearsal) -> None:
    mrn = rehearsal.lodge("SANDBOX-DOCUMENTS-1")
    answer = send(rehearsal.trader, mrn, "documents-answer", {"words": "The licence.", "documents": []})
    assert answer.status_code == 200, answer.data
    rehearsal.play()
    assert rehearsal.state(mrn) == "released"


def test_a_query_is_answered(rehearsal: Rehearsal) -> None:
    mrn = rehearsal.lodge("SANDBOX-QUERY-1")
    notice = body_of(rehearsal.trader.get("/v1/notices"))["notices"][-1]
    asked = notice["response"]["FunctionalReferenceID"]
    assert send(rehearsal.trader, mrn, f"queries/{asked}", {"words": "Licence 4711."}).status_code == 200
    rehearsal.play()
    assert rehearsal.state(mrn) == "released"


@pytest.mark.parametrize(
    ("word", "status", "state"),
    [
        ("SANDBOX-PHYSICAL", 200, "cancelled"),
        ("SANDBOX-DENIED", 409, "inspection-ordered"),
        ("SANDBOX-WAITING", 202, "inspection-ordered"),
    ],
)
def test_officers_answer_requests(rehearsal: Rehearsal, word: str, status: int, state: str) -> None:
    mrn = rehearsal.lodge(word)
    asked = send(rehearsal.trader, mrn, "cancellation", {"reason": "Lodged twice"}, Idempotency_Key="C1")
    assert asked.status_code == 202, asked.data
    rehearsal.play()
    again = send(rehearsal.trader, mrn, "cancellation", {"reason": "Lodged twice"}, Idempotency_Key="C1")
    assert (again.status_code, rehearsal.state(mrn)) == (status, state), again.data


def test_the_simulator_sends_nothing_and_says_so(rehearsal: Rehearsal) -> None:
    asked = rehearsal.trader.call("POST", "/v1/subscriptions", json={"url": "https://example.org/hook"})
    assert problem(asked) == (403, "FORBIDDEN")
    assert b"simulator" in asked.data


def test_what_has_not_arrived_arrives_or_lapses(rehearsal: Rehearsal) -> None:
    mrn = rehearsal.lodge("SANDBOX-RELEASE-1", TypeCode="IMD")
    assert rehearsal.state(mrn) == "released-on-arrival"
    assert send(rehearsal.trader, mrn, "arrival", arrived(rehearsal.simulator)).status_code == 200
    assert rehearsal.state(mrn) == "released"
    assert rehearsal.state(rehearsal.lodge("SANDBOX-LATE-1", TypeCode="IMD")) == "lapsed"


def test_nothing_of_a_rehearsal_is_in_the_record(rehearsal: Rehearsal) -> None:
    tables = [name for (name,) in rows(rehearsal.context, TABLES[rehearsal.context.engine.dialect.name])]
    before = {table: rows(rehearsal.context, f'SELECT * FROM "{table}"') for table in tables}
    mrn = rehearsal.lodge("SANDBOX-PARTLY-1")
    assert {table: rows(rehearsal.context, f'SELECT * FROM "{table}"') for table in tables} == before
    assert rehearsal.real.get(f"/v1/declarations/{mrn}").status_code == 404
    agency = Callers(rehearsal.app, rehearsal.context).agency("customs")
    for path in ("feed", "inspections", "questions"):
        assert mrn.encode() not in agency.get(f"/v1/agencies/customs/{path}").data
    auditor = Callers(rehearsal.app, rehearsal.context).auditor()
    assert auditor.get(f"/v1/declarations/{mrn}").status_code == 404


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def test_a_real_declaration_is_not_in_the_simulator(rehearsal: Rehearsal) -> None:
    answer = rehearsal.real.lodge(tree(lrn="SANDBOX-RELEASE"))
    assert "Simulated" not in answer.headers
    mrn = body_of(answer)["mrn"]
    assert rehearsal.trader.get(f"/v1/declarations/{mrn}").status_code == 404
    work(rehearsal.context)
    assert body_of(rehearsal.real.get(f"/v1/declarations/{mrn}"))["state"] != "presented"


def test_keys_and_tokens_open_one_door_only(rehearsal: Rehearsal) -> None:
    own, simulated = rehearsal.real.key, rehearsal.trader.key
    assert simulated.startswith("swsim_")
    for wrong in (own.replace("sw_", "swsim_", 1), simulated.replace("swsim_", "sw_", 1)):
        assert problem(Caller(rehearsal.app, wrong).get("/v1/declarations")) == (401, "INVALID_TOKEN")
    tokens = {}
    for name, key in (("own", own), ("simulated", simulated)):
        _, key_id, secret = key.split("_")
        form = {"grant_type": "client_credentials", "client_id": key_id, "client_secret": secret}
        tokens[name] = body_of(rehearsal.app.test_client().post("/oauth/token", data=form))["access_token"]
    assert Caller(rehearsal.app, tokens["own"]).get("/v1/declarations").headers.get("Simulated") is None
    assert Caller(rehearsal.app, tokens["simulated"]).get("/v1/declarations").headers["Simulated"] == "true"
    for wrong in (f"swsim_{tokens['own']}", tokens["simulated"].removeprefix("swsim_")):
        assert problem(Caller(rehearsal.app, wrong).get("/v1/declarations")) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("role", [Role.AGENCY, Role.AUDITOR, Role.OPERATOR, Role.ANALYST])
def test_only_traders_and_those_who_act_for_them_rehearse(context: ClearanceContext, role: Role) -> None:
    agency = "customs" if role is Role.AGENCY else None
    with pytest.raises(ValueError, match="The simulator has no"):
        create_key(context.engine, role, None, agency, simulated=True)


def test_a_broker_rehearses_under_a_mandate_of_the_simulator(rehearsal: Rehearsal) -> None:
    key = create_key(rehearsal.simulator.engine, Role.BROKER, "BROKER1", simulated=True)
    broker = Caller(rehearsal.app, key.text, "BROKER1")
    lodged = tree(lrn="B1", Declarant={"ID": TRADER}, Agent={"ID": "BROKER1", "FunctionCode": "2"})
    headers = {"Acting-For": TRADER}
    assert broker.call("POST", "/v1/declarations", json={"Declaration": lodged}, headers=headers).status_code == 403
    grant_mandate(rehearsal.simulator.engine, "BROKER1", TRADER)
    again = Caller(create_app(build_service(rehearsal.context, rehearsal.simulator)), key.text, "BROKER1")
    answer = again.call("POST", "/v1/declarations", json={"Declaration": lodged}, headers=headers)
    assert answer.status_code == 202, answer.data
