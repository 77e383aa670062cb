"""What the operator sees of deliveries: metrics, the doctor, the list of subscriptions; and trying one again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from singlewindow.clearance.context import ClearanceContext
from singlewindow.cli.operator.doctor import deliveries as doctor
from singlewindow.cli.operator.doctor.check import Check, Level
from singlewindow.cli.operator.subscriptions import subscriptions
from singlewindow.enquiries.operations import read_figures
from singlewindow.http.api.metrics import PREFIX, exposition
from singlewindow.storage.engine.connect import reading
from tests.certificates import Authority
from tests.integration.conftest import Callers
from tests.integration.living import StoppedClock, stopped_clock
from tests.integration.record import rows
from tests.integration.subscribing import Post, Subscriber, let_it_be_blocked
from tests.receiver_server import ReceiverServer, receiver_server


@pytest.fixture
def post(context: ClearanceContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(doctor, "LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setenv("DATABASE_URL", context.settings.database_url)
    authority = Authority(tmp_path)
    with receiver_server(authority.issue("localhost")) as server:
        yield Post(context, server, authority)


@pytest.fixture
def server(post: Post) -> ReceiverServer:
    return post.server


@pytest.fixture
def clock(post: Post) -> Iterator[StoppedClock]:
    with stopped_clock(post.context) as stopped:
        yield stopped


@pytest.fixture
def subscriber(post: Post) -> Subscriber:
    return Subscriber(post, Callers(post.app, post.context).trader()).proven()


def metrics(post: Post) -> dict[tuple[str, ...], float]:
    """Every sample about deliveries, by its name without the prefix and its labels' values."""
    told = exposition(read_figures(post.context.engine, post.context.agencies)).decode()
    found = [sample for family in text_string_to_metric_families(told) for sample in family.samples]
    named = {(sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value for sample in found}
    return {name: value for name, value in named.items() if name[0].startswith(("subscriptions", "deliveries"))}


def examined(post: Post) -> dict[str, Check]:
    """What the doctor says about deliveries."""
    with reading(post.context.engine) as connection:
        return {check.name: check for check in doctor.delivery_checks(connection)}


def test_all_is_well_where_nobody_subscribes_or_all_is_delivered(post: Post, subscriber: Subscriber) -> None:
    subscriber.lodge("A1")
    post.deliver()
    assert {check.level for check in examined(post).values()} == {Level.OK}
    counted = {name: value for name, value in metrics(post).items() if value}
    assert counted == {("subscriptions", "active"): 1, ("deliveries_total", "accepted"): 1}


def test_without_a_deliverer_the_doctor_says_so(post: Post, subscriber: Subscriber) -> None:
    subscriber.lodge("A1")
    check = examined(post)["deliverer"]
    assert (check.level, "1 subscriptions" in check.text) == (Level.FAULT, True)
    assert "singlewindow deliver" in check.advice
    assert metrics(post)["subscriptions_due",] == 1


def test_a_blocked_receiver_is_shown_with_its_reason_and_can_be_tried_again(
    post: Post, subscriber: Subscriber, server: ReceiverServer, clock: StoppedClock
) -> None:
    server.mode = "500"
    subscriber.lodge(*(f"A{number}" for number in range(8)))
    let_it_be_blocked(subscriber, clock)
    post.deliver()
    assert examined(post)["deliveries"].level is Level.WARNING
    assert metrics(post)["subscriptions", "blocked"] == 1
    assert metrics(post)["deliveries_waiting",] == 8
    listed = CliRunner().invoke(subscriptions)
    assert listed.exit_code == 0, listed.output
    assert all(word in listed.output for word in ("blocked", "answered 500", f"localhost:{server.port}"))
    assert "/hook" not in listed.output
    server.mode = "accept"
    post.deliver()
    assert subscriber.arrived() == []
    number = subscriber.made["subscription"]
    again = CliRunner().invoke(subscriptions, ["retry", number])
    assert again.output == f"Subscription {number} is tried again at once.\n"
    post.deliver()
    assert len(subscriber.arrived()) == 8
    assert rows(post.context, "SELECT actor, subject_kind FROM event WHERE kind = 'retried'") == [
        ("operator:cli", "subscription")
    ]


def test_a_subscription_that_is_not_there_cannot_be_tried(post: Post) -> None:
    assert post
    refused = CliRunner().invoke(subscriptions, ["retry", "1"])
    assert (refused.exit_code, "no subscription 1" in refused.output) == (1, True)
