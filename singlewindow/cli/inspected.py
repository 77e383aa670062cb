"""The demonstration's third part: documents are asked for and given, and inspections end in three ways."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import click
import httpx

from singlewindow.cli.lives import await_decision, print_life, send_once
from singlewindow.cli.trader.client import answer_of, open_client

OFFICERS: Final = ("firearms", "plant-animal-health")
"""The agencies whose officers act."""
_WAIT_SECONDS, _LOOK_SECONDS = 30, 0.1
_LICENCE: Final = b"Import authorisation 2026/4711: two sporting rifles, calibre .308.\n"


class Case(NamedTuple):
    """An example declaration for which documents or controls were ordered, and what is done about it."""

    title: str
    file: str
    agency: str
    act: Callable[[httpx.Client, httpx.Client, Case, str], None]
    """With the clients of the trader and of the agency's officer, and the declaration's number."""
    records: tuple[Mapping[str, Any], ...] = ()


def show_inspected(url: str, trader: str, officers: Mapping[str, str], mrns: Mapping[str, str]) -> None:
    """Take each case to its end and print its timeline; keys of the trader and of officers, numbers by file."""
    with open_client(url, trader) as client:
        for case in CASES:
            with open_client(url, officers[case.agency]) as officer:
                case.act(client, officer, case, mrns[case.file])
            address = f"/v1/declarations/{mrns[case.file]}"
            print_life(case.title, answer_of(send_once(client, "GET", address)))


def _give_licence(trader: httpx.Client, officer: httpx.Client, case: Case, mrn: str) -> None:
    digest = hashlib.sha256(_LICENCE).hexdigest()
    what = {"item": "1", "name": "licence.txt"}
    address = f"/v1/declarations/{mrn}"
    send_once(trader, "PUT", f"{address}/documents/{digest}", content=_LICENCE, params=what,
              headers={"Content-Type": "text/plain"})  # fmt: skip
    answer = {"words": "The authorisation, as asked.", "documents": [digest]}
    send_once(trader, "POST", f"{address}/documents-answer", json=answer)
    for question in _listed(officer, case.agency, "questions", mrn):
        named = f"/v1/agencies/{case.agency}/questions/{question['question']}"
        send_once(officer, "PUT", f"{named}/officer")
        send_once(officer, "POST", f"{named}/answer", json={"lane": "green"})
    await_decision(trader, mrn)


def _inspect(_trader: httpx.Client, officer: httpx.Client, case: Case, mrn: str) -> None:
    (inspection,) = _listed(officer, case.agency, "inspections", mrn)
    for record in case.records:
        send_once(officer, "POST", f"/v1/agencies/{case.agency}/inspections/{inspection['inspection']}/records",
                  json=record)  # fmt: skip


def _listed(officer: httpx.Client, agency: str, what: str, mrn: str) -> list[dict[str, Any]]:
    """What waits for the agency's officers about a declaration; an order comes a moment after the decision."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        page = answer_of(send_once(officer, "GET", f"/v1/agencies/{agency}/{what}"))
        if found := [each for each in page[what] if each["mrn"] == mrn]:
            return found
        time.sleep(_LOOK_SECONDS)
    raise click.ClickException(f"Nothing about {mrn} waits for the officers of {agency}")


def _against(control: str, items: list[str], result: str, kind: str, words: str) -> dict[str, Any]:
    found = [{"kind": kind, "words": words}]
    return {"control": control, "items": items, "recorded": "not-conform", "result": result, "found": found,
            "trader": words}  # fmt: skip


CASES: Final = (
    Case("Documents asked for, given and read by an officer", "26-sporting-rifles-authorised.xml", "firearms",
         _give_licence),
    Case("One item refused, the others released", "21-firearm-parts-as-hand-tools.xml", "firearms", _inspect, (
        _against("scan", ["1"], "refused", "undeclared firearm parts", "Rifle bolts were found among the tools."),
        {"control": "scan", "items": ["2", "3"], "recorded": "conform"},
    )),
    Case("Refused", "38-live-plants-without-certificate.xml", "plant-animal-health", _inspect, (
        _against("physical", ["1"], "refused", "pest", "There is soil on the roots, and no certificate."),
    )),
    Case("Impounded", "24-blank-firing-pistols.xml", "firearms", _inspect, (
        _against("physical", ["1"], "impounded", "converted firearm", "Two of the pistols fire live cartridges."),
    )),
)  # fmt: skip
