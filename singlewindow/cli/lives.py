"""The demonstration's second part: declarations lodged in advance, amended, arrived and cancelled, with timelines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import click
import httpx

from singlewindow.cli.trader.client import answer_of, open_client, send
from singlewindow.shipped import EXAMPLES

PARTY: Final = "GB381940275618"
"""The declarant of all of them."""
_LIVES: Final = EXAMPLES / "lives"
_XML: Final = {"Content-Type": "application/xml"}
_WAIT_SECONDS: Final = 30
_SEEN: Final = {"id": "MSCU4712397", "seals": ["VN-778120"]}

Act = Callable[[httpx.Client, str], None]
"""Does something about the declaration with this MRN."""


class Life(NamedTuple):
    """A declaration lodged in advance, and what is done about it after its decision."""

    title: str
    file: str
    acts: tuple[Act, ...]


def show_lives(url: str, key: str) -> None:
    """Take each life to its end and print its timeline."""
    with open_client(url, key) as client:
        for life in LIVES:
            print_life(life.title, _live(client, life))


def _live(client: httpx.Client, life: Life) -> Mapping[str, Any]:
    content = (_LIVES / life.file).read_bytes()
    mrn = answer_of(send_once(client, "POST", "/v1/declarations", content=content, headers=_XML))["mrn"]
    await_decision(client, mrn)
    for act in life.acts:
        act(client, mrn)
    return answer_of(send_once(client, "GET", f"/v1/declarations/{mrn}"))


def send_once(client: httpx.Client, method: str, address: str, **what: Any) -> httpx.Response:
    """Send one request of a life; raises ClickException if it is refused, which none may be."""
    response = send(client, method, address, **what)
    if response.is_error:
        raise click.ClickException(f"{method} {address} was refused: {response.text}")
    return response


def await_decision(client: httpx.Client, mrn: str) -> None:
    """Wait until a declaration is decided."""
    send_once(client, "GET", f"/v1/declarations/{mrn}/decision", params={"wait": _WAIT_SECONDS})


def _report_arrival(client: httpx.Client, mrn: str) -> None:
    arrival = {"happened_at": datetime.now(UTC).isoformat(), "place": "FXT", "containers": [_SEEN]}
    send_once(client, "POST", f"/v1/declarations/{mrn}/arrival", json=arrival)


def _amend(client: httpx.Client, mrn: str) -> None:
    content = (_LIVES / "amendment-new-version.xml").read_bytes()
    send_once(client, "PUT", f"/v1/declarations/{mrn}", content=content, headers=_XML | {"If-Match": '"1"'})
    await_decision(client, mrn)


def _cancel(client: httpx.Client, mrn: str) -> None:
    reason = {"reason": "The goods are not sent."}
    send_once(client, "POST", f"/v1/declarations/{mrn}/cancellation", json=reason)


LIVES: Final = (
    Life("Assessed at sea, released on arrival", "early-arrival.xml", (_report_arrival,)),
    Life("Amended before arrival", "amendment.xml", (_amend,)),
    Life("Cancelled", "cancellation.xml", (_cancel,)),
)


def print_life(title: str, found: Mapping[str, Any]) -> None:
    """Print a declaration's timeline and its state."""
    click.echo(f"{title}: {found['mrn']}")
    began = datetime.fromisoformat(found["timeline"][0]["at"])
    for step in found["timeline"]:
        after = (datetime.fromisoformat(step["at"]) - began).total_seconds()
        click.echo(f"  {after:8.3f} s  {step['text']}")
    click.echo(f"  Now {found['state']}: {found['state_words']}\n")
