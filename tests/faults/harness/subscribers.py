"""Subscribers of an installation, their receiver, and what must be true of what came there.

Time is compressed by moving the moments of what waits into the past, as if the service had waited so long.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import create_engine, text
from standardwebhooks import Webhook

from tests.certificates import Authority
from tests.faults.harness.client import Client
from tests.faults.harness.installation import PARTIES, Installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.servers import private_folder
from tests.receiver_server import Received, ReceiverServer, receiver_server

MICROSECONDS = 1_000_000
PROVEN_SECONDS = 30.0


class Receiving(NamedTuple):
    """A running receiver, and the settings with which processes may call it."""

    server: ReceiverServer
    settings: Mapping[str, str]


@contextmanager
def receiving() -> Iterator[Receiving]:
    """A receiver for one row."""
    folder = private_folder("receiver-")
    authority = Authority(folder)
    try:
        with receiver_server(authority.issue("localhost")) as server:
            allowed = {"SW_PRIVATE_RECEIVERS": f"localhost:{server.port}", "SSL_CERT_FILE": str(authority.file)}
            yield Receiving(server, allowed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Subscriber:
    """A trader whose notices are sent to a path of the receiver."""

    def __init__(
        self, here: Installation, server: ReceiverServer, path: str = "/hook", party: str = PARTIES[0]
    ) -> None:
        self.here, self.server, self.path = here, server, path
        self.client: Client = here.client(party)
        made = self._call("POST", "", {"url": server.url(path)})
        self.id, self.secrets = int(made["subscription"]), [str(made["secret"])]
        self._address = f"/{made['subscription']}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.client.key}"}
        url = f"{self.client.url}/v1/subscriptions{path}"
        answer = self.client.http.request(method, url, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def wait_proven(self) -> None:
        """Wait until the receiver has proven itself."""
        wait_until(lambda: self.stands()["state"] == "active", PROVEN_SECONDS, f"proven\n{self.here.logs()[-3000:]}")

    def stands(self) -> dict[str, Any]:
        """The subscription as it stands."""
        listed = self._call("GET", "")["subscriptions"]
        return next(each for each in listed if int(each["subscription"]) == self.id)

    def rotate(self) -> None:
        """Get a new secret."""
        self.secrets.append(str(self._call("POST", f"{self._address}/secrets")["secret"]))

    def lodge(self, *lrns: str) -> None:
        """Lodge declarations."""
        for lrn in lrns:
            assert self.client.lodge(self.client.declaration(lrn)).status == 202

    def pulled(self) -> list[dict[str, Any]]:
        """All notices, as they are read."""
        headers, after = {"Authorization": f"Bearer {self.client.key}"}, "0"
        found: list[dict[str, Any]] = []
        while True:
            url = f"{self.client.url}/v1/notices?limit=200&after={after}"
            page = self.client.http.get(url, headers=headers).json()
            if not page["notices"]:
                return found
            found += page["notices"]
            after = page["next"]

    def accepted(self) -> list[Received]:
        """What the receiver has accepted, in the order in which it came."""
        return [each for each in self.server.messages() if each.path == self.path]

    def wait_delivered(self, seconds: float = 60.0) -> float:
        """Wait until the receiver has every notice; the seconds it took."""
        return wait_until(lambda: not self.lacking(), seconds, f"all is delivered\n{self.here.logs()[-3000:]}")

    def lacking(self) -> set[int]:
        """The numbers of notices that the receiver has not accepted."""
        have = {each.body["data"]["number"] for each in self.accepted()}
        return {each["number"] for each in self.pulled()} - have

    def faults(self) -> list[str]:
        """What is wrong with what came: order within declarations, ids, signatures, content."""
        pulled = {each["number"]: each for each in self.pulled()}
        came, wrong, last = self.accepted(), [], defaultdict[str, int](int)
        by_number: dict[int, set[str]] = defaultdict(set)
        seen: set[str] = set()
        for each in came:
            notice = each.body["data"]
            by_number[notice["number"]].add(each.id)
            if notice != pulled[notice["number"]]:
                wrong.append(f"notice {notice['number']} is not what is read")
            if notice["number"] < last[notice["mrn"]] and each.id not in seen:  # one that comes twice is skipped
                wrong.append(f"notice {notice['number']} came after {last[notice['mrn']]} of the same declaration")
            seen.add(each.id)
            last[notice["mrn"]] = max(last[notice["mrn"]], notice["number"])
            wrong += [f"notice {notice['number']} is not signed by secret {place}" for place in self._not_signed(each)]
        return wrong + [f"notice {number} has {len(ids)} ids" for number, ids in by_number.items() if len(ids) > 1]

    def _not_signed(self, came: Received) -> list[int]:
        return [place for place, secret in enumerate(self.secrets[-1:]) if not verifies(secret, came)]


def verifies(secret: str, came: Received) -> bool:
    """Whether the public library accepts the signature."""
    try:
        Webhook(secret).verify(came.content, came.headers)
    except Exception:  # noqa: BLE001 - the library has several errors; each means no
        return False
    return True


def change(here: Installation, *statements: str) -> None:
    """Change the record, past the product."""
    engine = create_engine(here.record_url, pool_size=1)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def grow_old(here: Installation, seconds: float) -> None:
    """Let so much time have passed since everything was published."""
    passed = int(seconds * MICROSECONDS)
    change(
        here,
        f"UPDATE delivery SET published_at = published_at - {passed}",
        f"UPDATE notice SET issued_at = issued_at - {passed}",
    )
    wait_as_if(here, seconds)


def wait_as_if(here: Installation, seconds: float) -> None:
    """Let so much time have passed for what waits to be sent."""
    passed = int(seconds * MICROSECONDS)
    change(
        here,
        f"UPDATE subscription SET due_at = due_at - {passed}, created_at = created_at - {passed},"
        f" proven_at = proven_at - {passed}, blocked_at = blocked_at - {passed}, lease_until = lease_until - {passed}",
        f"UPDATE delivery SET due_at = due_at - {passed}",
    )
