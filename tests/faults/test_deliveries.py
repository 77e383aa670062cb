"""Rows FN1 to FN8: receivers that are away, slow, choosy, dead for long, or many; processes that are killed."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import percentile
from tests.faults.harness.installation import PARTIES, Installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.subscribers import (
    Receiving,
    Subscriber,
    change,
    grow_old,
    receiving,
    verifies,
    wait_as_if,
)
from tests.receiver_server import Received

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
AWAY_HOURS, AWAY_DAYS = 8, 15
STEP_SECONDS = 1_200.0
DEAD, SECONDS, RATE = 500, 30, 2.0
LIMIT_SECONDS = 2.0
KILLS = 3
PATIENCE_SECONDS = 120.0
POINTS = ("before_commit", "after_commit")


@pytest.fixture
def receiver() -> Iterator[Receiving]:
    with receiving() as running:
        yield running


def started(install: Install, receiver: Receiving, deliverers: int = 1, workers: int = 1) -> Installation:
    """An installation whose processes may call the receiver."""
    here = install(settings=receiver.settings)
    here.start(workers=workers)
    for _ in range(deliverers):
        here.deliverer()
    return here


def subscribed(here: Installation, receiver: Receiving, path: str = "/hook", party: str = PARTIES[0]) -> Subscriber:
    """A subscriber whose receiver has proven itself."""
    subscriber = Subscriber(here, receiver.server, path, party)
    subscriber.wait_proven()
    return subscriber


def came(receiver: Receiving) -> int:
    """How many requests the receiver has had."""
    return len(receiver.server.received)


def test_fn1_a_receiver_that_is_away_for_hours_gets_everything_in_order(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = started(install, receiver)
    subscriber = subscribed(here, receiver)
    receiver.server.mode = "reset"
    probes = []
    for step in range(int(AWAY_HOURS * 3_600 / STEP_SECONDS)):
        if step < 10:
            subscriber.lodge(f"AWAY{step}A", f"AWAY{step}B")
        before = came(receiver)
        wait_as_if(here, STEP_SECONDS)
        wait_until(lambda seen=before: came(receiver) > seen, 20, "it is tried again")  # type: ignore[misc]
        time.sleep(0.5)
        probes.append(came(receiver) - before)
    here.settle()
    assert len(subscriber.lacking()) == len(subscriber.pulled()) >= 40
    receiver.server.mode = "accept"
    wait_as_if(here, STEP_SECONDS)
    took = subscriber.wait_delivered()
    assert subscriber.faults() == []
    assert set(probes[5:]) == {1}, "a blocked receiver is tried with one message at a time"
    assert here.verdict() == []
    record_property("FN1", f"{AWAY_HOURS} h away: {len(subscriber.pulled())} notices, all delivered {took:.1f} s after")


def fn2(here: Installation, receiver: Receiving) -> tuple[Subscriber, int]:
    """A receiver that does not take one notice, and how many others it has then."""
    subscriber = subscribed(here, receiver)
    receiver.server.refuses = lambda body: body["data"].get("number") == 1
    subscriber.lodge("CHOOSY1", "CHOOSY2", "CHOOSY3")
    here.settle()
    time.sleep(ORDER_SECONDS)  # an inspection's time is told a moment after the decision
    held = "all but those of the first declaration are delivered"
    wait_until(lambda: 1 < _held(subscriber) == subscriber.stands()["waiting"], 60, held)
    assert subscriber.stands()["state"] == "active"
    others = len(subscriber.accepted())
    receiver.server.refuses = lambda _body: False
    wait_as_if(here, STEP_SECONDS)
    subscriber.wait_delivered()
    assert subscriber.faults() == []
    return subscriber, others


ORDER_SECONDS = 2.0


def _held(subscriber: Subscriber) -> int:
    """How many notices wait: all of one declaration, with that which is not taken; 0 while others wait, too."""
    pulled, lacking = subscriber.pulled(), subscriber.lacking()
    mrns = {each["mrn"] for each in pulled if each["number"] in lacking}
    whole = len(mrns) == 1 and all(each["number"] in lacking for each in pulled if each["mrn"] in mrns)
    return len(lacking) if whole else 0


def test_fn2_one_notice_that_is_not_taken_holds_up_its_declaration_only(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = started(install, receiver)
    subscriber, others = fn2(here, receiver)
    assert here.verdict() == []
    record_property("FN2", f"{others} of {len(subscriber.pulled())} delivered past the one that was refused; 0 lost")


def test_fn3_an_answer_that_comes_too_late_counts_as_none(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = started(install, receiver)
    subscriber = subscribed(here, receiver)
    receiver.server.mode, before = "slow", came(receiver)
    subscriber.lodge("LATE1")
    wait_until(lambda: came(receiver) > before, 20, "it is sent")
    time.sleep(12)
    in_window = came(receiver) - before
    wait_until(lambda: came(receiver) - before > in_window, 20, "it is sent again")
    receiver.server.mode = "accept"
    wait_as_if(here, STEP_SECONDS)
    subscriber.wait_delivered()
    ids = Counter(each.id for each in receiver.server.received[before:])
    assert len(ids) == len(subscriber.pulled())
    assert in_window <= 2
    assert subscriber.faults() == []
    record_property(
        "FN3", f"answers after 30 s: {in_window} in the first 12 s (at most 2), {max(ids.values())} with one id"
    )


def test_fn4_what_waits_for_too_long_is_given_up_and_said_once(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = started(install, receiver)
    subscriber = subscribed(here, receiver)
    receiver.server.mode = "500"
    subscriber.lodge(*(f"GONE{number}" for number in range(10)))
    here.settle()
    assert here.verdict() == []
    notices = len(subscriber.pulled())
    for _ in range(AWAY_DAYS):
        grow_old(here, 86_400)
        time.sleep(0.5)
    wait_until(lambda: subscriber.stands()["undelivered"] == notices, 20, "it is given up")
    alerts = here.number("SELECT count(*) FROM event WHERE kind = 'undeliverable'")
    assert alerts == here.logs().count('"undeliverable: ') == 1
    assert subscriber.stands()["giving_up_since"]
    assert len(subscriber.pulled()) == notices
    receiver.server.mode = "accept"
    subscriber.lodge("BACK")
    wait_as_if(here, STEP_SECONDS)
    wait_until(lambda: len(subscriber.accepted()) >= 2, 20, "what is new is delivered")
    assert {each.body["data"]["lrn"] for each in subscriber.accepted()} == {"BACK"}
    record_property("FN4", f"{AWAY_DAYS} days away: {notices} given up, {alerts} alert, all still there to be read")


def fn5(here: Installation, receiver: Receiving, kills: int) -> Subscriber:
    """Deliverers that are killed between sending and writing, and one that is not."""
    here.deliverer()
    subscriber = subscribed(here, receiver)
    (plain,) = here.all("deliverer")
    here.keeper.drop(plain)
    plain.end()
    for number in range(kills):
        before = came(receiver)
        subscriber.lodge(f"KILLED{number}")
        here.settle()
        process = here.deliverer(kept=False, FAULT_POINT="after_send=kill")
        wait_until(lambda mortal=process: not mortal.alive(), 30, "the deliverer is killed")  # type: ignore[misc]
        here.keeper.drop(process)
        assert came(receiver) > before
        wait_as_if(here, STEP_SECONDS)  # for its lease to be over
    here.deliverer()
    subscriber.wait_delivered()
    assert subscriber.faults() == []
    return subscriber


def test_fn5_a_sender_killed_before_it_has_written_sends_again_under_the_same_id(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = install(settings=receiver.settings)
    here.start(workers=1)
    subscriber = fn5(here, receiver, KILLS)
    times = Counter(each.id for each in subscriber.accepted())
    assert max(times.values()) > 1
    assert len(times) == len(subscriber.pulled())
    record_property(
        "FN5", f"{KILLS} kills: {len(times)} notices, each at least once, at most {max(times.values())} times"
    )


@pytest.mark.alone
@pytest.mark.parametrize("manner", ["silent", "closed"])
def test_fn6_hundreds_of_dead_receivers_delay_nobody(
    install: Install, record_property: Record, receiver: Receiving, manner: str
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * DEAD) as dead:
        port = dead.getsockname()[1]
        if manner == "closed":
            dead.close()
        allowed = {"SW_PRIVATE_RECEIVERS": f"{receiver.settings['SW_PRIVATE_RECEIVERS']},localhost:{port}"}
        here = install(settings={**receiver.settings, **allowed})
        here.start(workers=1)
        here.deliverer()
        good, other = subscribed(here, receiver), subscribed(here, receiver, "/other", PARTIES[1])
        add_dead(here, other, port)
        other.lodge("STORM")
        storm = lodge_steadily(good, "DURING", lambda: failing(here) >= DEAD)
        first = len(good.pulled())
        other.lodge(*(f"MORE{number}" for number in range(5)))
        end = time.monotonic() + SECONDS
        lodge_steadily(good, "AFTER", lambda: time.monotonic() > end)
        here.settle()
        good.wait_delivered()
        assert good.faults() == []
        waits = latencies(good)
    p95 = percentile((each for number, each in waits if number > first), 0.95)
    during = percentile((each for number, each in waits if number <= first), 0.95)
    assert p95 <= LIMIT_SECONDS
    record_property(
        "FN6",
        f"{DEAD} dead ({manner}): p95 {p95:.2f} s (at most {LIMIT_SECONDS} s); {during:.1f} s in the {storm:.0f} s in"
        " which all of them fail for the first time",
    )


def lodge_steadily(subscriber: Subscriber, name: str, over: Callable[[], bool]) -> float:
    """Lodge at a steady rate until it is over; the seconds it took."""
    begun, number = time.monotonic(), 0
    while not over():
        assert time.monotonic() - begun < PATIENCE_SECONDS
        subscriber.lodge(f"{name}{number}")
        number += 1
        time.sleep(1 / RATE)
    return time.monotonic() - begun


def failing(here: Installation) -> int:
    """How many receivers have failed."""
    return here.number("SELECT count(*) FROM subscription WHERE failures > 0")


def add_dead(here: Installation, like: Subscriber, port: int) -> None:
    """As many subscriptions like this one, proven long ago, whose receivers are dead."""
    columns = "stream, party, agency, broker, key_id, created_at, position, proven_at, due_at"
    numbers = f"generate_series(1, {DEAD}) AS n"
    change(
        here,
        f"INSERT INTO subscription (id, url, {columns}) SELECT n, 'https://localhost:{port}/' || n, {columns}"
        f" FROM subscription, {numbers} WHERE id = {like.id}",
        "INSERT INTO subscription_secret (id, subscription_id, secret)"
        f" SELECT n, n, secret FROM subscription_secret, {numbers} WHERE subscription_id = {like.id}",
    )


def latencies(subscriber: Subscriber) -> list[tuple[int, float]]:
    """The number of each notice, and the seconds from its writing until it came."""
    offset = time.time() - time.monotonic()
    return [(each.body["data"]["number"], each.time + offset - issued_at(each)) for each in subscriber.accepted()]


def issued_at(each: Received) -> float:
    """When the notice was written, by the database's clock, which is this machine's."""
    return datetime.fromisoformat(each.body["timestamp"]).timestamp()


def test_fn7_while_a_secret_is_replaced_both_sign(
    install: Install, record_property: Record, receiver: Receiving
) -> None:
    here = started(install, receiver)
    subscriber = subscribed(here, receiver)
    receiver.server.mode = "500"
    subscriber.lodge("SECRET1", "SECRET2")
    wait_until(lambda: len(receiver.server.received) > 2, 20, "it is tried")
    subscriber.rotate()
    receiver.server.mode = "accept"
    wait_as_if(here, STEP_SECONDS)
    here.settle()
    subscriber.wait_delivered()
    old, new = ([verifies(secret, each) for each in subscriber.accepted()] for secret in subscriber.secrets)
    assert all(old)
    assert all(new)
    assert subscriber.faults() == []
    record_property("FN7", f"{len(old)} notices after the change: each verifies with the old and with the new secret")


SUBSCRIBE, ROTATE, TEST, UNSUBSCRIBE = "subscribe", "rotate", "test", "unsubscribe"


def attempt(subscriber: Subscriber, command: str) -> int:
    """The status that one command gets; 0 if no answer comes."""
    http, key = subscriber.client.http, {"Authorization": f"Bearer {subscriber.client.key}"}
    address = f"{subscriber.client.url}/v1/subscriptions"
    other = {"url": subscriber.server.url("/other")}
    try:
        if command == SUBSCRIBE:
            return http.post(address, json=other, headers=key).status_code
        if command == UNSUBSCRIBE:
            return http.delete(f"{address}/{subscriber.id}", headers=key).status_code
        path = {ROTATE: "secrets", TEST: "test"}[command]
        return http.post(f"{address}/{subscriber.id}/{path}", headers=key).status_code
    except httpx.HTTPError:
        return 0


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("command", [SUBSCRIBE, ROTATE, TEST, UNSUBSCRIBE])
def test_fn8_web_killed_in_the_middle_of_a_subscriber_s_command(
    install: Install, record_property: Record, receiver: Receiving, command: str, point: str
) -> None:
    here = install(settings=receiver.settings)
    here.start(workers=0, dispatchers=0)
    subscriber = Subscriber(here, receiver.server)
    (plain,) = here.all("web")
    here.keeper.drop(plain)
    plain.end()
    mortal = here.web(kept=False, FAULT_POINT=f"{point}=kill")
    here.wait_ready()
    assert attempt(subscriber, command) == 0
    wait_until(lambda: not mortal.alive(), 10, "the web process is killed")
    here.keeper.drop(mortal)
    here.web()
    here.wait_ready()
    done = point == "after_commit"
    wanted = {SUBSCRIBE: (201, 409), ROTATE: (201, 201), TEST: (202, 202), UNSUBSCRIBE: (204, 404)}[command][done]
    assert attempt(subscriber, command) == wanted
    events = Counter(kind for (kind,) in here.rows("SELECT kind FROM event WHERE subject_kind = 'subscription'"))
    left = events["subscribed"] - events["unsubscribed"]
    assert here.number("SELECT count(*) FROM subscription") == left == {SUBSCRIBE: 2, UNSUBSCRIBE: 0}.get(command, 1)
    assert here.number("SELECT count(*) FROM subscription_secret") == left + events["secret-rotated"]
    record_property("FN8", f"{command} {point}: then {wanted}, and nothing is half done")
