"""A process dies in the middle of each command on a declaration, before its commit and after it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx
import pytest

from singlewindow.agencies.question_names import question_name
from singlewindow.storage.engine.connect import open_engine
from tests.faults.conftest import Install
from tests.faults.harness.agencies import AgencyClient
from tests.faults.harness.client import Client, Sending
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import wait_until
from tests.integration.documents import HAND_TOOLS, JSON_TYPE, PISTOLS, as_json, tree
from tests.integration.supporting import LICENCE, PDF, sha256_of
from tests.lives import faults_of, read_lives

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
KILLS: Final = 5
POINTS: Final = ("before_commit", "after_commit")
PATIENCE_SECONDS: Final = 60.0
TRY_SECONDS: Final = 30.0
LATER: Final = datetime.now(UTC) + timedelta(days=2)
GREEN: Final = {"lane": "green"}
PAPERS: Final = {"lane": "yellow", "controls": ["documents"]}
Response = httpx.Response | None
"""None if no answer came."""


class Target(NamedTuple):
    """What a command is about: a declaration, and what is asked about it; the trader's client and the agency's."""

    client: Client
    agency: AgencyClient
    mrn: str
    number: int
    moment: str
    question: str
    query: list[str]
    """The reference of what an officer has asked the party, if anything."""
    inspection: int
    """The number of the inspection, 0 if there is none."""
    control: str
    """A control of it that is the agency's."""
    second: AgencyClient
    """A second person at the agency."""

    def send(self, method: str, path: str, body: Any, key: str = "", media: str = JSON_TYPE) -> Response:
        """One attempt as the trader."""
        headers = {"Authorization": f"Bearer {self.client.key}", "Content-Type": media}
        headers |= {"Idempotency-Key": key} if key else {}
        return self._attempt(self.client.http, method, f"/v1/declarations/{self.mrn}{path}", body, headers)

    def send_as_agency(self, method: str, path: str, body: Any = None) -> Response:
        """One attempt as the agency."""
        return self._attempt(self.agency.http, method, f"/v1/agencies/{self.agency.agency}{path}", body, {})

    def _attempt(self, http: httpx.Client, method: str, path: str, body: Any, headers: dict[str, str]) -> Response:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        typed = {"Content-Type": JSON_TYPE} if content else {}
        url = f"{self.client.url}{path}"
        try:
            return http.request(method, url, content=content, headers=typed | headers, timeout=TRY_SECONDS)
        except httpx.HTTPError:
            return None


Command = Callable[[Target], Response]


def amend(about: Target) -> Response:
    """The trader sends the whole new declaration."""
    return about.send("PUT", "", _document(about.client.party, f"AMEND{about.number}", HAND_TOOLS, "Pliers"), "a1")


def cancel(about: Target) -> Response:
    """The trader cancels."""
    return about.send("POST", "/cancellation", {"reason": "Lodged twice"}, "c1")


def arrive(about: Target) -> Response:
    """The trader reports the arrival."""
    return about.send("POST", "/arrival", {"happened_at": about.moment, "place": "LND"})


def report_milestone(about: Target) -> Response:
    """The trader reports a milestone."""
    return about.send("POST", "/milestones", {"happened_at": about.moment, "milestone": "unloaded"})


def explain(about: Target) -> Response:
    """The trader answers what an officer has asked."""
    return about.send("POST", f"/queries/{about.query[0]}", {"words": "It is in the second box."})


def answer_request(about: Target) -> Response:
    """An officer grants what the trader has asked for."""
    listing = about.send_as_agency("GET", "/requests")
    asked = listing.json()["requests"] if listing is not None else []
    request = next((each["request"] for each in asked if each["mrn"] == about.mrn), None)
    if request is None:  # granted by the attempt whose answer never came: the trader's own request says so
        return cancel(about)
    return about.send_as_agency("POST", f"/requests/{about.mrn}/{request}", {"answer": "granted", "words": "Granted."})


def take(about: Target) -> Response:
    """An officer takes the question."""
    return about.send_as_agency("PUT", f"/questions/{about.question}/officer")


def give_back(about: Target) -> Response:
    """The officer gives it back."""
    return about.send_as_agency("DELETE", f"/questions/{about.question}/officer")


def query_party(about: Target) -> Response:
    """The officer asks the party."""
    return about.send_as_agency("POST", f"/questions/{about.question}/queries", {"words": "Where is the licence?"})


def answer_question(about: Target) -> Response:
    """The officer answers."""
    return about.send_as_agency("POST", f"/questions/{about.question}/answer", GREEN)


def respond(about: Target) -> Response:
    """An agency's system answers by itself."""
    return about.send_as_agency("POST", f"/assessments/{about.question}", GREEN)


def add_document(about: Target) -> Response:
    """The trader gives a document."""
    return about.send("PUT", f"/documents/{sha256_of(LICENCE)}", LICENCE, media=PDF)


def answer_documents(about: Target) -> Response:
    """The trader answers the request for documents."""
    return about.send("POST", "/documents-answer", {"words": "As asked.", "documents": [sha256_of(LICENCE)]})


def _want_documents(about: Target) -> Response:
    """The officer asks for documents, and with the other agencies' answers that is the decision."""
    asked = about.send_as_agency("POST", f"/questions/{about.question}/answer", PAPERS)
    wait_until(lambda: _state(about) == "documents-asked", 30, "documents are asked")
    return asked


def _state(about: Target) -> str:
    status = about.send("GET", "", None)
    return "" if status is None else str(status.json()["state"])


def record_controls(about: Target) -> Response:
    """An officer records a control."""
    conform = {"control": about.control, "recorded": "conform"}
    return about.send_as_agency("POST", f"/inspections/{about.inspection}/records", conform)


def move_slot(about: Target) -> Response:
    """An officer moves the inspection."""
    moved = {"starts_at": f"{LATER:%Y-%m-%d}T{about.number + 8:02}:00:00Z", "reason": "No scanner before then"}
    return about.send_as_agency("PUT", f"/inspections/{about.inspection}/slot", moved)


def ask_for_slot(about: Target) -> Response:
    """The trader asks for another time."""
    return about.send("PUT", "/inspection/wish", {"reason": "The driver is late"})


def ask_override(about: Target) -> Response:
    """One person asks for an override."""
    wanted = {"result": "released", "reason": "By order", "trader": "Released by order."}
    return about.send_as_agency("POST", f"/inspections/{about.inspection}/overrides", wanted)


def answer_override(about: Target) -> Response:
    """A second person agrees."""
    path = f"/inspections/{about.inspection}"
    shown = about.send_as_agency("GET", path)
    if shown is None:
        return None
    override = shown.json()["overrides"][0]["override"]
    yes = {"agreed": True, "words": "Seen."}
    return about._replace(agency=about.second).send_as_agency("POST", f"{path}/overrides/{override}/answer", yes)


def _query(about: Target) -> Response:
    made = query_party(about)
    assert made is not None
    about.query.append(made.json()["query"])
    return made


BEFORE: Final[dict[Command, tuple[Command, ...]]] = {
    amend: (), cancel: (), arrive: (), report_milestone: (), answer_request: (cancel,),
    record_controls: (), move_slot: (), ask_for_slot: (), ask_override: (), answer_override: (ask_override,),
    take: (), give_back: (take,), query_party: (take,), explain: (take, _query), answer_question: (take,), respond: (),
    add_document: (), answer_documents: (take, _want_documents, add_document),
}  # fmt: skip
"""Every command that callers give about a declaration, and what must have happened before; lodging is in `test_web`."""
OFFICERS: Final = (take, give_back, query_party, explain, answer_question, answer_documents)
STORED: Final = (amend, add_document)
"""Sent again, they are answered from what is stored, before anything is changed."""
INSPECTIONS: Final = (record_controls, move_slot, ask_for_slot, ask_override, answer_override)
UNMARKED: Final = (answer_question, respond)
"""They get the same receipt again, with nothing that says so."""


def _document(party: str, lrn: str, commodity: str, description: str = "Spanners") -> bytes:
    kind = "IMA" if commodity == PISTOLS else "IMD"
    declared = tree(lrn, commodity, description, TypeCode=kind, Declarant={"ID": party})
    declared["GoodsShipment"]["Consignment"]["GoodsLocation"] = {
        "Name": "LHRLHRANS", "TypeCode": "A", "Address": {"TypeCode": "U", "CountryCode": "GB"},
    }  # fmt: skip
    return as_json(declared)


def lodge(here: Installation, command: Command, count: int) -> list[Target]:
    """Declarations about which the command can be given: decided, or with the firearms authority's question open."""
    asked = command in OFFICERS or command is respond
    inspected = command in INSPECTIONS
    code = "firearms" if asked or inspected else "customs"
    client, agency, second = here.client(), here.agency_client(code, "anna"), here.agency_client(code, "ben")
    commodity = PISTOLS if asked or inspected or command is answer_request else HAND_TOOLS
    moment = (datetime.now(UTC) - timedelta(seconds=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    made = []
    for number in range(count):
        lrn = f"{command.__name__.upper().replace('_', '')}{number}"
        answer = client.lodge(Sending(client.party, lrn, _document(client.party, lrn, commodity), "application/json"))
        assert answer.status == 202, answer
        question = question_name(_version(here, str(answer.mrn)), 1)
        made.append(Target(client, agency, str(answer.mrn), number, moment, question, [], 0, "", second))
    if not asked:
        here.settle()
    if inspected:
        wait_until(lambda: here.number("SELECT count(*) FROM inspection") == count, 30, "all inspections are ordered")
        made = [_inspected(here, each) for each in made]
    for target in made:
        for earlier in BEFORE[command]:
            done = earlier(target)
            assert done is not None
            assert done.status_code in {200, 202}, done.text
    return made


def _version(here: Installation, mrn: str) -> int:
    return here.number(
        f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE d.mrn = '{mrn}'"
    )


def _inspected(here: Installation, target: Target) -> Target:
    number = here.number(f"SELECT id FROM inspection WHERE version_id = {_version(here, target.mrn)}")
    shown = target._replace(inspection=number).send_as_agency("GET", f"/inspections/{number}")
    assert shown is not None
    controls = [each["control"] for each in shown.json()["inspection"]["controls"] if each["own"]]
    return target._replace(inspection=number, control=controls[-1])


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("command", BEFORE, ids=lambda each: each.__name__)
def test_fk9_web_killed_in_the_middle_of_a_command(
    install: Install, record_property: Record, command: Command, point: str
) -> None:
    here = install()
    if command in OFFICERS:
        here.leave_to_officers("firearms")
    if command is respond:
        here.make_remote("firearms", "http://127.0.0.1:9/")
    here.start(workers=1)
    targets = lodge(here, command, KILLS + 1)
    (plain,) = here.all("web")
    here.keeper.drop(plain)
    plain.end()
    # Each process answers two retries, and dies with the next command.
    changes = 2 if command not in STORED else 1 if point == "before_commit" else 0
    web = here.web(FAULT_POINT=f"{point}=kill@{changes + 1}")
    here.wait_ready()
    for _ in range(changes):
        assert _until_answered(command, targets[0]).status_code == 200
    replayed = 0
    for target in targets[1:]:
        before = _trail(here, target.mrn)
        assert command(target) is None
        assert web.wait(10) == -signal.SIGKILL
        here.wait_ready()
        stored = _trail(here, target.mrn)
        assert (stored == before) == (point == "before_commit")
        answer = _until_answered(command, target)
        assert answer.status_code == 200, answer.text
        replayed += "Idempotent-Replayed" in answer.headers
        again = _until_answered(command, target)
        assert again.content == answer.content or command is answer_request
    assert replayed == (0 if point == "before_commit" or command in UNMARKED else KILLS)
    web.environment.pop("FAULT_POINT")
    _answer_the_rest(here, targets)
    here.settle()
    assert _wrong(here) == []
    name = command.__name__
    record_property("FK9", f"{name} killed at {point}: {KILLS} of {KILLS} retries made good, 0 lost, 0 doubled")


def _until_answered(command: Command, target: Target) -> httpx.Response:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        answer = command(target)
        if answer is not None and answer.status_code != 503:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"no answer about {target.mrn}")


def _answer_the_rest(here: Installation, targets: list[Target]) -> None:
    """Every question that is left to officers or to the agency's own system is answered."""
    here.wait_ready()
    found = here.rows("SELECT version_id, round FROM outbox WHERE agency = 'firearms'")
    rounds = {int(str(version)): int(str(number)) for version, number in found}
    for each in targets:
        version = _version(here, each.mrn)
        if version in rounds and each.agency.agency == "firearms":
            target = each._replace(question=question_name(version, rounds[version]))
            by_officers = _until_answered(take, target).status_code == 200
            assert _until_answered(answer_question if by_officers else respond, target).status_code == 200


def _trail(here: Installation, mrn: str) -> list[tuple[object, ...]]:
    return here.rows(f"SELECT e.kind FROM event e JOIN version v ON v.id = e.version_id JOIN declaration d"
                     f" ON d.id = v.declaration_id WHERE d.mrn = '{mrn}' ORDER BY e.id")  # fmt: skip


def _wrong(here: Installation) -> list[str]:
    engine = open_engine(here.record_url, pool_size=1)
    try:
        return [words for life in read_lives(engine) for words in faults_of(life)]
    finally:
        engine.dispose()


@pytest.mark.parametrize("point", POINTS)
def test_fk10_dispatcher_killed_while_deadlines_pass(install: Install, record_property: Record, point: str) -> None:
    here = install()
    here.start(workers=1)
    targets = lodge(here, arrive, KILLS)
    (plain,) = here.all("dispatcher")
    here.keeper.drop(plain)
    plain.end()
    engine = open_engine(here.record_url, pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE version SET due_at = 1, state_until = 1")
    engine.dispose()
    dispatcher = here.dispatcher(kept=False, FAULT_POINT=f"{point}=kill@1")
    assert dispatcher.wait(30) == -signal.SIGKILL
    lapsed = "SELECT count(*) FROM event WHERE kind = 'lapsed'"
    assert here.number(lapsed) == (0 if point == "before_commit" else len(targets))
    here.dispatcher()
    wait_until(lambda: here.number(lapsed) == len(targets), 30, "all have lapsed")
    time.sleep(2.0)  # and nothing more comes of it
    assert here.number(lapsed) == len(targets)
    assert _wrong(here) == []
    record_property("FK10", f"killed at {point}: {len(targets)} lapsed once each, 0 lost, 0 doubled")
