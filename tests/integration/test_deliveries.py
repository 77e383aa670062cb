"""Notices and feeds are sent: to whom, what, in which order, and what happens if the receiver does not take them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, text

from singlewindow.access.keyring import create_key, revoke_key, rotate_key
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate, revoke_mandate
from singlewindow.clearance.context import ClearanceContext
from singlewindow.deliveries import schedule, turn
from singlewindow.deliveries.schedule import BLOCKED_AFTER, KEPT, LONGEST_PAUSE, PROVE_WITHIN
from singlewindow.deliveries.shapes import AttemptPage
from singlewindow.storage.deliveries.subscriptions import Lane
from singlewindow.times import MICROSECONDS
from tests.certificates import Authority
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import TRADER, tree
from tests.integration.living import StoppedClock, stopped_clock
from tests.integration.record import rows
from tests.integration.subscribing import SUBSCRIPTIONS, Post, Subscriber, let_it_be_blocked
from tests.receiver_server import ReceiverServer, receiver_server

DAY = 86_400 * MICROSECONDS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[ReceiverServer]:
    with receiver_server(authority.issue("localhost")) as running:
        yield running


@pytest.fixture
def post(context: ClearanceContext, server: ReceiverServer, authority: Authority) -> Post:
    return Post(context, server, authority)


@pytest.fixture
def callers(post: Post) -> Callers:
    return Callers(post.app, post.context)


@pytest.fixture
def clock(context: ClearanceContext) -> Iterator[StoppedClock]:
    with stopped_clock(context) as stopped:
        yield stopped


@pytest.fixture
def subscriber(post: Post, callers: Callers) -> Subscriber:
    """A trader whose receiver has proven itself."""
    return Subscriber(post, callers.trader()).proven()


def numbers(found: list[Any]) -> list[int]:
    return [each.body["data"]["number"] for each in found]


def test_a_receiver_is_sent_nothing_before_it_has_repeated_the_challenge(
    post: Post, callers: Callers, server: ReceiverServer
) -> None:
    server.mode = "mirror"
    subscriber = Subscriber(post, callers.trader())
    subscriber.lodge("A1")
    post.deliver()
    assert [each.kind for each in server.received] == ["challenge"]
    stands = subscriber.stands()
    assert (stands["state"], stands["problem"]) == ("unproven", turn.NOT_REPEATED)
    server.mode = "accept"
    assert subscriber.caller.call("POST", f"{subscriber.address}/test").status_code == 202
    post.deliver()
    assert subscriber.stands()["state"] == "active"
    assert numbers(subscriber.arrived()) == [1]


def test_a_receiver_that_proves_nothing_within_a_day_is_ended(
    post: Post, callers: Callers, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "500"
    subscriber = Subscriber(post, callers.trader())
    post.deliver()
    for _ in range(3):
        clock.now += PROVE_WITHIN // 2
        post.deliver()
    assert subscriber.stands()["state"] == "ended"
    assert len(server.received) == 3
    assert problem(subscriber.caller.call("POST", f"{subscriber.address}/test")) == (409, "SUBSCRIPTION_CONFLICT")


def test_what_is_sent_is_what_the_pull_gives_and_is_signed(subscriber: Subscriber, post: Post) -> None:
    subscriber.lodge("A1", "A2")
    work(post.context)
    post.deliver()
    pulled = body_of(subscriber.caller.get("/v1/notices"))["notices"]
    arrived = sorted(subscriber.arrived(), key=lambda each: int(each.body["data"]["number"]))
    assert [each.body["data"] for each in arrived] == pulled
    assert {each.kind for each in arrived} == {"notice"}
    assert [each.body["timestamp"] for each in arrived] == [each["issued_at"] for each in pulled]
    assert len({each.id for each in arrived}) == len(arrived) > 2
    stands = subscriber.stands()
    assert (stands["position"], stands["waiting"], stands["problem"]) == (len(pulled), 0, "")
    assert all(each["accepted"] and each["next_at"] is None for each in subscriber.attempts())


def test_only_what_comes_from_now_on_is_sent_or_what_comes_after_a_place(
    post: Post, callers: Callers, server: ReceiverServer
) -> None:
    trader = callers.trader()
    trader.lodge(tree("A1"))
    now_on = Subscriber(post, trader, "/now-on")
    assert now_on.made["position"] == 1
    made = trader.call("POST", SUBSCRIPTIONS, json={"url": server.url("/all"), "after": "0"})
    assert body_of(made)["position"] == 0
    refused = trader.call("POST", SUBSCRIPTIONS, json={"url": server.url("/x"), "after": "2"})
    assert problem(refused) == (409, "CURSOR_CONFLICT")
    trader.lodge(tree("A2"))
    post.deliver()
    assert numbers(now_on.arrived()) == [2]
    assert sorted(numbers([each for each in server.messages() if each.path == "/all"])) == [1, 2]


def test_a_declaration_waits_for_its_message_and_others_go_on(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    first, second = subscriber.lodge("A1", "A2")
    server.refuses = lambda body: body["data"].get("mrn") == first and body["data"]["function_code"] == "01"
    post.deliver()
    work(post.context)
    (third,) = subscriber.lodge("A3")
    clock.now += MICROSECONDS
    post.deliver()
    arrived = subscriber.arrived()
    assert {each.body["data"]["mrn"] for each in arrived} == {second, third}
    assert subscriber.stands()["waiting"] == 2
    assert subscriber.stands()["state"] == "active"
    server.refuses = lambda _body: False
    clock.now += LONGEST_PAUSE
    post.deliver()
    mine = [each for each in subscriber.arrived() if each.body["data"]["mrn"] == first]
    assert [each.body["data"]["function_code"] for each in mine] == ["01", "08"]
    tried = [each for each in server.received if each.kind == "notice" and each.body["data"]["mrn"] == first]
    assert len({each.id for each in tried if each.body["data"]["function_code"] == "01"}) == 1
    assert subscriber.stands()["waiting"] == 0


def test_a_dead_receiver_is_tried_with_one_message_and_then_gets_everything_in_order(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode, before = "500", len(server.received)
    mrns = subscriber.lodge(*(f"A{number}" for number in range(20)))
    work(post.context)
    let_it_be_blocked(subscriber, clock)
    assert subscriber.stands()["problem"] == "The receiver answered 500"
    assert len(server.received) - before <= turn.TRIES + BLOCKED_AFTER
    for _ in range(5):
        clock.now += LONGEST_PAUSE * 2
        before = len(server.received)
        post.deliver()
        assert len(server.received) - before == 1
    server.mode = "accept"
    clock.now += LONGEST_PAUSE * 2
    post.deliver()
    by_mrn = {mrn: numbers([each for each in subscriber.arrived() if each.body["data"]["mrn"] == mrn]) for mrn in mrns}
    assert all(found == sorted(found) for found in by_mrn.values())
    assert sorted(number for found in by_mrn.values() for number in found) == [*range(1, 41)]
    assert (subscriber.stands()["state"], subscriber.stands()["waiting"]) == ("active", 0)


def test_a_poisonous_message_does_not_keep_a_receiver_blocked(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "500"
    poison, *_others = subscriber.lodge(*(f"A{number}" for number in range(9)))
    let_it_be_blocked(subscriber, clock)
    server.mode, server.refuses = "accept", lambda body: body["data"].get("mrn") == poison
    for _ in range(3):
        clock.now += LONGEST_PAUSE * 2
        post.deliver()
    assert len(subscriber.arrived()) == 8
    assert (subscriber.stands()["state"], subscriber.stands()["waiting"]) == ("active", 1)


def test_what_cannot_be_delivered_for_fourteen_days_is_given_up_and_told_once(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "500"
    subscriber.lodge(*(f"A{number}" for number in range(60)))
    for _ in range(16):
        post.deliver()
        clock.now += DAY
    subscriber.lodge("B1")
    post.deliver()
    stands = subscriber.stands()
    assert (stands["undelivered"], stands["state"]) == (60, "blocked")
    assert stands["giving_up_since"]
    assert rows(post.context, "SELECT count(*) FROM event WHERE kind = 'undeliverable'") == [(1,)]
    assert len(body_of(subscriber.caller.get("/v1/notices?limit=200"))["notices"]) == 61
    server.mode = "accept"
    clock.now += LONGEST_PAUSE * 2
    post.deliver()
    assert numbers(subscriber.arrived()) == [61]
    assert subscriber.stands()["giving_up_since"] is None
    assert clock.now > KEPT


def test_a_receiver_that_is_gone_ends_its_subscription(
    subscriber: Subscriber, post: Post, server: ReceiverServer
) -> None:
    server.mode = "410"
    subscriber.lodge("A1")
    post.deliver()
    before = len(server.received)
    subscriber.lodge("A2")
    post.deliver()
    assert (subscriber.stands()["state"], len(server.received)) == ("ended", before)


def test_a_pause_that_the_receiver_asks_for_is_kept(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "429"
    subscriber.lodge("A1")
    post.deliver()
    before = len(server.received)
    subscriber.lodge("A2")
    clock.now += 6 * MICROSECONDS
    post.deliver()
    assert len(server.received) == before
    clock.now += 2 * MICROSECONDS
    server.mode = "accept"
    post.deliver()
    assert sorted(numbers(subscriber.arrived())) == [1, 2]


def test_a_revoked_key_is_sent_nothing_and_a_rotated_one_hands_its_subscriptions_over(
    post: Post, callers: Callers, server: ReceiverServer
) -> None:
    trader = callers.trader()
    subscriber = Subscriber(post, trader).proven()
    successor = rotate_key(post.context.engine, trader.key.split("_")[1], 0.0)
    assert successor is not None
    heir = Caller(post.app, successor.text)
    heir.lodge(tree("A1"))
    post.deliver()
    assert numbers(subscriber.arrived()) == [1]
    revoke_key(post.context.engine, successor.key_id)
    other = callers.trader()
    other.lodge(tree("A2"))
    before = len(server.received)
    post.deliver()
    assert len(server.received) == before
    (stands,) = body_of(other.get(SUBSCRIPTIONS))["subscriptions"]
    assert (stands["state"], stands["position"]) == ("suspended", 1)
    assert "revoked" in stands["problem"]


def test_a_key_that_may_no_longer_read_may_not_subscribe(post: Post, server: ReceiverServer) -> None:
    narrow = create_key(post.context.engine, Role.TRADER, TRADER, scopes=["subscriptions"])
    answer = Caller(post.app, narrow.text).call("POST", SUBSCRIPTIONS, json={"url": server.url()})
    assert problem(answer) == (403, "FORBIDDEN")


def test_a_broker_is_sent_its_client_s_notices_while_the_mandate_lasts_and_that_is_recorded(
    post: Post, callers: Callers, server: ReceiverServer, clock: StoppedClock
) -> None:
    trader, broker = callers.trader(), callers.broker()
    mandate = grant_mandate(post.context.engine, "BROKER1", TRADER)
    place = {"Acting-For": TRADER}
    made = broker.call("POST", SUBSCRIPTIONS, json={"url": server.url()}, headers=place)
    assert made.status_code == 201
    assert body_of(trader.get(SUBSCRIPTIONS))["subscriptions"] == []
    assert body_of(broker.get(SUBSCRIPTIONS))["subscriptions"] == []
    mrn = str(body_of(trader.lodge(tree("A1")))["mrn"])
    post.deliver()
    assert numbers(server.messages()) == [1]
    recorded = rows(post.context, "SELECT actor, detail FROM event WHERE kind = 'read'")
    assert [(actor, mrn in str(detail)) for actor, detail in recorded] == [(f"broker:BROKER1 for {TRADER}", True)]
    revoke_mandate(post.context.engine, mandate)
    trader.lodge(tree("A2"))
    post.deliver()
    assert numbers(server.messages()) == [1]
    ((suspended_at,),) = rows(post.context, "SELECT suspended_at FROM subscription")
    assert suspended_at is not None
    grant_mandate(post.context.engine, "BROKER1", TRADER, valid_from=clock.now)
    clock.now += 60 * MICROSECONDS
    post.deliver()
    assert numbers(server.messages()) == [1, 2]


def test_an_agency_is_sent_its_feed_and_nothing_more_and_that_is_recorded(
    post: Post, callers: Callers, server: ReceiverServer
) -> None:
    agency = callers.agency("customs")
    subscriber = Subscriber(post, agency).proven()
    callers.trader().lodge(tree("A1"))
    work(post.context)
    post.deliver()
    pulled = body_of(agency.get("/v1/agencies/customs/feed"))["entries"]
    assert [each.body["data"] for each in subscriber.arrived("feed-entry")] == pulled
    calls = [str(detail) for (detail,) in rows(post.context, "SELECT detail FROM event WHERE kind = 'read'")]
    sent = [detail for detail in calls if "delivery of feed/customs" in detail]
    assert sent
    assert all(pulled[0]["mrn"] in detail for detail in sent)


def test_a_trader_s_own_notices_are_not_recorded_as_read(subscriber: Subscriber, post: Post) -> None:
    subscriber.lodge("A1")
    post.deliver()
    assert rows(post.context, "SELECT count(*) FROM event WHERE kind = 'read'") == [(0,)]


def test_nothing_is_sent_if_the_reading_cannot_be_recorded(
    post: Post, callers: Callers, server: ReceiverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Subscriber(post, callers.agency("customs")).proven()
    callers.trader().lodge(tree("A1"))

    def fail(*_given: Any) -> None:
        raise OSError("no disk")

    monkeypatch.setattr("singlewindow.deliveries.parcel.record_reading", fail)
    with pytest.raises(OSError, match="no disk"):
        post.deliver()
    assert server.messages() == []


def test_both_secrets_sign_until_the_old_one_ends(subscriber: Subscriber, post: Post, clock: StoppedClock) -> None:
    old = subscriber.made["secret"]
    answer = body_of(subscriber.caller.call("POST", f"{subscriber.address}/secrets"))
    subscriber.lodge("A1")
    post.deliver()
    for secret in (old, answer["secret"]):
        subscriber.made["secret"] = secret
        assert numbers(subscriber.arrived()) == [1]
    clock.now += DAY + MICROSECONDS
    subscriber.lodge("A2")
    post.deliver()
    assert len(post.server.messages()[-1].headers["webhook-signature"].split()) == 1
    assert numbers(subscriber.arrived()) == [1, 2]


def test_a_test_is_sent_at_once_and_frees_a_blocked_receiver(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "500"
    subscriber.lodge(*(f"A{number}" for number in range(9)))
    let_it_be_blocked(subscriber, clock)
    post.deliver()
    server.mode = "accept"
    post.deliver()
    assert subscriber.arrived() == []
    asked = body_of(subscriber.caller.call("POST", f"{subscriber.address}/test"))
    post.deliver()
    assert [each.id for each in subscriber.arrived("test")] == [asked["message"]]
    assert asked["message"] in {each["message"] for each in subscriber.attempts()}
    assert (subscriber.stands()["state"], len(subscriber.arrived())) == ("active", 9)


def test_attempts_say_what_happened_and_what_follows_and_are_not_kept_for_ever(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "503"
    subscriber.lodge("A1")
    post.deliver()
    page = subscriber.caller.get(f"{subscriber.address}/attempts")
    assert msgspec.to_builtins(msgspec.json.decode(page.data, type=AttemptPage, strict=True)) == body_of(page)
    newest = subscriber.attempts()[0]
    assert (newest["status"], newest["accepted"], newest["problem"]) == (503, False, "The receiver answered 503")
    assert newest["next_at"] > newest["attempted_at"]
    server.mode = "404"
    for _ in range(120):
        clock.now += LONGEST_PAUSE * 2
        post.deliver()
    assert len(subscriber.attempts()) == 100
    assert rows(post.context, "SELECT count(*) FROM delivery_attempt") == [(100,)]


def test_one_subscription_is_served_by_one_deliverer_and_taken_over_when_the_lease_is_over(
    subscriber: Subscriber, post: Post, server: ReceiverServer, clock: StoppedClock
) -> None:
    subscriber.lodge("A1")

    async def race() -> None:
        with ThreadPoolExecutor(4) as executor:
            one, other = post.deliverer(executor), post.deliverer(executor)
            (taken,) = await one.take_due(Lane.WAITING, 9)
            assert await other.take_due(Lane.WAITING, 9) == []
            clock.now += int(turn.LEASE_SECONDS + 1) * MICROSECONDS
            (again,) = await other.take_due(Lane.WAITING, 9)
            await other.serve(again)
            await one.serve(taken)

    asyncio.run(race())
    assert len({each.id for each in subscriber.arrived()}) == 1
    assert len(subscriber.arrived()) == 2
    stands = subscriber.stands()
    assert (stands["position"], stands["waiting"]) == (1, 0)
    assert len(subscriber.attempts()) == 2  # the challenge, and what the holder of the lease sent


def test_a_subscription_that_is_ended_is_forgotten_with_all_that_waits(
    subscriber: Subscriber, post: Post, server: ReceiverServer, callers: Callers
) -> None:
    server.mode = "500"
    subscriber.lodge("A1")
    post.deliver()
    stranger = callers.trader("GB999999999999")
    for method, end in (("DELETE", ""), ("POST", "/secrets"), ("POST", "/test"), ("GET", "/attempts")):
        assert problem(stranger.call(method, subscriber.address + end)) == (404, "NOT_FOUND")
    assert subscriber.caller.call("DELETE", subscriber.address).status_code == 204
    assert problem(subscriber.caller.call("DELETE", subscriber.address)) == (404, "NOT_FOUND")
    for table in ("subscription", "subscription_secret", "delivery", "delivery_attempt"):
        assert rows(post.context, f"SELECT count(*) FROM {table}") == [(0,)]
    kinds = [kind for (kind,) in rows(post.context, "SELECT kind FROM event WHERE subject_kind = 'subscription'")]
    assert kinds == ["subscribed", "unsubscribed"]


def test_the_same_url_again_and_too_many_are_refused(post: Post, callers: Callers, server: ReceiverServer) -> None:
    trader = callers.trader()
    for number in range(10):
        Subscriber(post, trader, f"/{number}")
    again = trader.call("POST", SUBSCRIPTIONS, json={"url": server.url("/1")})
    another = trader.call("POST", SUBSCRIPTIONS, json={"url": server.url("/10")})
    assert [problem(answer)[1] for answer in (again, another)] == ["SUBSCRIPTION_CONFLICT"] * 2
    assert len(body_of(trader.get(SUBSCRIPTIONS))["subscriptions"]) == 10


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "https://good.example:6379/",
                                 "https://user:pw@good.example/"])  # fmt: skip
def test_a_url_that_is_not_called_cannot_be_subscribed(callers: Callers, url: str) -> None:
    answer = callers.trader().call("POST", SUBSCRIPTIONS, json={"url": url})
    assert problem(answer) == (422, "RECEIVER_REFUSED")


def test_secrets_are_shown_once_and_in_no_list_or_log_or_event(subscriber: Subscriber, post: Post) -> None:
    listed = subscriber.caller.get(SUBSCRIPTIONS).data + subscriber.caller.get(f"{subscriber.address}/attempts").data
    detail = str(rows(post.context, "SELECT detail FROM event"))
    assert subscriber.made["secret"].startswith("whsec_")
    assert subscriber.made["secret"][6:30] not in listed.decode() + detail


def test_subscriptions_cost_lodging_and_deciding_no_statement(subscriber: Subscriber, post: Post) -> None:
    seen: list[str] = []
    event.listen(post.context.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    subscriber.lodge("A1")
    work(post.context)
    assert any("decision" in statement for statement in seen)
    assert [statement for statement in seen if "subscription" in statement or "deliver" in statement] == []


def test_the_schedule_ends_after_fourteen_days() -> None:
    assert schedule.KEPT == 14 * DAY


def test_on_postgresql_a_reader_sees_its_own_subscriptions_and_no_secret(
    subscriber: Subscriber, post: Post, callers: Callers, server: ReceiverServer
) -> None:
    if post.context.engine.dialect.name != "postgresql":
        return
    Subscriber(post, callers.trader("GB999999999999"), "/other")
    subscriber.lodge("A1")
    with post.context.engine.connect() as connection:
        connection.execute(text("SET LOCAL ROLE singlewindow_trader"))
        connection.execute(text(f"SELECT set_config('singlewindow.reader', '{TRADER}', true)"))
        assert connection.execute(text("SELECT party FROM subscription")).scalars().all() == [TRADER]
        assert connection.execute(text("SELECT count(*) FROM delivery_attempt")).scalar_one() == 1
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("SELECT secret FROM subscription_secret"))
