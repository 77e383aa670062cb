"""Subscribers and their receivers as tests need them: a deliverer in this process, over real TLS."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from flask import Flask
from standardwebhooks import Webhook

from singlewindow.access.keyring import Keyring
from singlewindow.clearance.context import ClearanceContext
from singlewindow.deliveries.parcel import Source
from singlewindow.deliveries.receivers import read_allowed
from singlewindow.deliveries.schedule import BLOCKED_AFTER, LONGEST_PAUSE
from singlewindow.deliveries.send import Sender
from singlewindow.deliveries.turn import Deliverer
from singlewindow.storage.deliveries.subscriptions import Lane
from tests.certificates import Authority
from tests.integration.conftest import Caller, app_over, body_of
from tests.integration.documents import tree
from tests.integration.living import StoppedClock
from tests.receiver_server import Received, ReceiverServer

MOST = 500
SUBSCRIPTIONS = "/v1/subscriptions"


@dataclass
class Post:
    """A service whose subscribers may name one receiver, and a deliverer that works when it is told to."""

    context: ClearanceContext
    server: ReceiverServer
    authority: Authority
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        allowed = f"localhost:{self.server.port}"
        settings = msgspec.structs.replace(self.context.settings, sw_private_receivers=allowed)
        self.context = replace(self.context, settings=settings)
        self.app = app_over(self.context)

    def deliverer(self, executor: ThreadPoolExecutor) -> Deliverer:
        """A deliverer, which knows no key yet."""
        settings, engine = self.context.settings, self.context.engine
        allowed = read_allowed(settings.sw_receiver_ports, settings.sw_private_receivers)
        source = Source(engine, self.context.agencies, Keyring(engine))
        return Deliverer(source, Sender(allowed, self.authority.trusted()), (executor, executor))

    def deliver(self) -> int:
        """Serve all that is due until nothing is; how many turns it took."""
        with ThreadPoolExecutor(4) as executor:
            return asyncio.run(_deliver(self.deliverer(executor)))


def let_it_be_blocked(subscriber: Subscriber, clock: StoppedClock) -> None:
    """Let so much time pass that a receiver which takes nothing is blocked."""
    for _ in range(BLOCKED_AFTER):
        subscriber.post.deliver()
        clock.now += 2 * LONGEST_PAUSE
    assert subscriber.stands()["state"] == "blocked"


async def _deliver(deliverer: Deliverer) -> int:
    turns = 0
    while taken := await _taken(deliverer):
        await asyncio.gather(*map(deliverer.serve, taken))
        turns += len(taken)
    return turns


async def _taken(deliverer: Deliverer) -> list[Any]:
    return [each for lane in Lane for each in await deliverer.take_due(lane, MOST)]


@dataclass
class Subscriber:
    """A caller that has its stream sent to a path of the receiver."""

    post: Post
    caller: Caller
    path: str = "/hook"
    made: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        answer = self.caller.call("POST", SUBSCRIPTIONS, json={"url": self.post.server.url(self.path)})
        assert answer.status_code == 201, answer.data
        self.made = body_of(answer)

    @property
    def address(self) -> str:
        """The address of the subscription."""
        return f"{SUBSCRIPTIONS}/{self.made['subscription']}"

    def proven(self) -> Subscriber:
        """The same, once the receiver has proven itself."""
        self.post.deliver()
        assert self.stands()["state"] == "active"
        return self

    def stands(self) -> dict[str, Any]:
        """The subscription as it stands."""
        listed = body_of(self.caller.get(SUBSCRIPTIONS))["subscriptions"]
        return next(each for each in listed if each["subscription"] == self.made["subscription"])

    def attempts(self) -> list[dict[str, Any]]:
        """The last attempts, the newest first."""
        return list(body_of(self.caller.get(f"{self.address}/attempts"))["attempts"])

    def lodge(self, *lrns: str) -> list[str]:
        """Lodge declarations; their numbers."""
        return [str(body_of(self.caller.lodge(tree(lrn)))["mrn"]) for lrn in lrns]

    def arrived(self, *kinds: str) -> list[Received]:
        """What the receiver has accepted on this path; each must be signed by the subscription's secret."""
        found = [each for each in self.post.server.messages(*kinds) if each.path == self.path]
        for each in found:
            Webhook(self.made["secret"]).verify(each.content, each.headers)
        return found
