"""Row FD5 and its neighbours: commands on one declaration race, and processes die in the middle of each of them."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx
import pytest
from sqlalchemy import event

from adapters.registry import build_adapters
from singlewindow.clearance.context import ClearanceContext
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine
from tests.faults.conftest import Install
from tests.faults.harness.agencies import AgencyClient
from tests.faults.harness.client import Client, Sending
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import wait_until
from tests.integration.documents import HAND_TOOLS, PISTOLS, as_json, tree
from tests.integration.life_races import PAIRS, Raced, four_answers, race, two_officers
from tests.integration.living import Everybody, answering_by_themselves
from tests.judgement import configuration
from tests.lives import faults_of, read_lives
from tests.places import CONFIGURATION

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
ROUNDS: Final = 1_000
LIKE_ROUNDS: Final = 200
KILLS: Final = 5
POINTS: Final = ("before_commit", "after_commit")
PATIENCE_SECONDS: Final = 60.0
TRY_SECONDS: Final = 30.0


@pytest.fixture
def everybody(database_url: str) -> Iterator[Everybody]:
    """Everybody who changes a declaration, in this process, on a database that need not last."""
    rulebooks, agencies = configuration()
    engine = open_engine(database_url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def hurry(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    settings = Settings(database_url=database_url, sw_config=str(CONFIGURATION))
    context = ClearanceContext(settings, engine, rulebooks, agencies, build_adapters(agencies))
    yield Everybody(answering_by_themselves(context))
    engine.dispose()


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_fd5_two_commands_at_one_moment(
    everybody: Everybody, record_property: Record, seed: int, pair: tuple[str, str]
) -> None:
    raced = race(everybody, pair, ROUNDS if len({*pair}) == 2 else LIKE_ROUNDS, random.Random(seed))
    assert raced.wrong == []
    assert len({*pair}) == 1 or len(raced.orders) > 1, "one of the two always came first"
    record_property("FD5", f"{everybody.context.engine.dialect.name} {' and '.join(pair)}: {_numbers(raced)}")


def test_fd5b_two_officers_at_one_moment(everybody: Everybody, record_property: Record, seed: int) -> None:
    raced = two_officers(everybody, ROUNDS, random.Random(seed))
    assert raced.wrong == []
    record_property("FD5b", f"{everybody.context.engine.dialect.name}: {_numbers(raced)}")


def test_fa6c_four_answers_of_one_agency_at_one_moment(
    everybody: Everybody, record_property: Record, seed: int
) -> None:
    raced = four_answers(everybody, ROUNDS, random.Random(seed))
    assert raced.wrong == []
    record_property("FA6c", f"{everybody.context.engine.dialect.name}: {_numbers(raced)}")


def _numbers(raced: Raced) -> str:
    rounds = sum(raced.outcomes.values())
    found = ", ".join(f"{number} {words}" for words, number in raced.outcomes.most_common(6))
    return f"{rounds} rounds ({found}), 0 lost, 0 doubled"


class Target(NamedTuple):
    """What a command is about: the trader's client, customs, and the declaration."""

    client: Client
    customs: AgencyClient
    mrn: str
    number: int
    moment: str

    def send(self, method: str, path: str, body: Any, key: str = "") -> httpx.Response | None:
        """One attempt as the trader, or as customs where a path names agencies; None if no answer came."""
        officer = path.startswith("/v1/agencies")
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        headers |= {} if officer else {"Authorization": f"Bearer {self.client.key}"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sender = self.customs.http if officer else self.client.http
        try:
            return sender.request(
                method, f"{self.client.url}{path}", content=content, headers=headers, timeout=TRY_SECONDS
            )
        except httpx.HTTPError:
            return None


Command = Callable[[Target], httpx.Response | None]


def amend(about: Target) -> httpx.Response | None:
    """The trader sends the whole new declaration."""
    new = _document(about.client.party, f"AMEND{about.number}", "IMD", HAND_TOOLS, "Pliers")
    return about.send("PUT", f"/v1/declarations/{about.mrn}", new, "a1")


def cancel(about: Target) -> httpx.Response | None:
    """The trader cancels."""
    return about.send("POST", f"/v1/declarations/{about.mrn}/cancellation", {"reason": "Lodged twice"}, "c1")


def arrive(about: Target) -> httpx.Response | None:
    """The trader reports the arrival."""
    report = {"happened_at": about.moment, "place": "LND"}
    return about.send("POST", f"/v1/declarations/{about.mrn}/arrival", report)


def milestones(about: Target) -> httpx.Response | None:
    """The trader reports a milestone."""
    report = {"happened_at": about.moment, "milestone": "unloaded"}
    return about.send("POST", f"/v1/declarations/{about.mrn}/milestones", report)


def answer_request(about: Target) -> httpx.Response | None:
    """An officer of customs grants what the trader has asked for."""
    path = "/v1/agencies/customs/requests"
    listed = about.customs.http.get(f"{about.customs.url}{path}", timeout=TRY_SECONDS).json()["requests"]
    request = next((each["request"] for each in listed if each["mrn"] == about.mrn), None)
    if request is None:  # granted by the attempt whose answer never came: the trader's own request says so
        return cancel(about)
    said = {"answer": "granted", "words": "As you ask."}
    return about.send("POST", f"{path}/{about.mrn}/{request}", said)


COMMANDS: Final[dict[str, Command]] = {
    each.__name__: each for each in (amend, cancel, arrive, milestones, answer_request)
}
"""Each command of `singlewindow/clearance/life` that callers give; the one that no caller gives is `deadlines`."""


def _document(party: str, lrn: str, kind: str, commodity: str, description: str = "Spanners") -> bytes:
    return as_json(tree(lrn, commodity, description, TypeCode=kind, Declarant={"ID": party}))


def lodge(here: Installation, name: str, count: int) -> list[Target]:
    """Declarations that the command of this name can be given about, decided."""
    client, customs = here.client(), here.agency_client("customs")
    asked = name == "answer_request"
    kind, commodity = ("IMA", PISTOLS) if asked else ("IMD", HAND_TOOLS)
    made = []
    moment = (datetime.now(UTC) - timedelta(seconds=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    for number in range(count):
        lrn = f"{name.upper().replace('_', '')}{number}"
        sending = Sending(client.party, lrn, _document(client.party, lrn, kind, commodity), "application/json")
        answer = client.lodge(sending)
        assert answer.status == 202, answer
        made.append(Target(client, customs, str(answer.mrn), number, moment))
    here.settle()
    for each in made if asked else ():
        waiting = cancel(each)
        assert waiting is not None
        assert waiting.json()["answer"] == "waiting"
    return made


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_fk9_web_killed_in_the_middle_of_a_command(
    install: Install, record_property: Record, name: str, point: str
) -> None:
    here = install()
    here.start(workers=1)
    targets, command = lodge(here, name, KILLS + 1), COMMANDS[name]
    (plain,) = here.all("web")
    here.keeper.drop(plain)
    plain.end()
    # Each process answers one retry, and dies with the next command. An amendment sent again is answered from what is
    # stored, before anything is changed.
    retries = 0 if (name, point) == ("amend", "after_commit") else 1
    web = here.web(FAULT_POINT=f"{point}=kill@{retries + 1}")
    here.wait_ready()
    for target in targets[:retries]:
        assert _until_answered(command, target).status_code == 200
    replayed = 0
    for target in targets[1:]:
        before = _trail(here, target.mrn)
        assert command(target) is None
        assert web.wait(10) == -signal.SIGKILL
        here.wait_ready()
        assert (_trail(here, target.mrn) == before) == (point == "before_commit")
        answer = _until_answered(command, target)
        assert answer.status_code == 200, answer.text
        replayed += "Idempotent-Replayed" in answer.headers
    assert replayed == (0 if point == "before_commit" else KILLS)
    web.environment.pop("FAULT_POINT")
    here.settle()
    assert _wrong(here) == []
    record_property("FK9", f"{name} killed at {point}: {KILLS} of {KILLS} retries made good, 0 lost, 0 doubled")


def _until_answered(command: Command, target: Target) -> httpx.Response:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            answer = command(target)
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code != 503:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"no answer about {target.mrn}")


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
    targets = lodge(here, "deadlines", KILLS)
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
