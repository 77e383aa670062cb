"""What an event commits to, so that nobody can alter the recorded change without altering the event.

One function for each kind of row, used when the row is written and again when the record is compared with its trail.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

Row = Mapping[str, Any]
Detail = dict[str, Any]
FIRST = {"round": 1, "number": 1}
"""The round or decision of an event that names none: before they were counted, there was only one."""


def of_document(declaration: Row, version: Row) -> Detail:
    """A version as lodged: its party, digests of the received bytes, its content and its routing, when it came."""
    return {name: declaration.get(name) for name in ("mrn", "party", "lrn")} | {
        "sha256": version["received_sha256"].hex(),
        "content": version["content_sha256"].hex(),
        "routing": hex_digest(version["routing"]),
        "received_at": version["received_at"],
    }


def of_answer(assessment: Row) -> Detail:
    """How a question was closed, when it was asked, and whose answer it is."""
    closed = {name: assessment[name] for name in ("agency", "round", "answer", "asked_at", "dispatched_at")}
    return closed | {"sha256": hex_digest(assessment["body"])}


def of_late_answer(late: Row) -> Detail:
    """An answer that came after its question was closed."""
    return {"agency": late["agency"], "round": late["round"], "sha256": hex_digest(late["body"])}


def of_decision(decision: Row) -> Detail:
    """A decision: its number, its outcome, its inputs, and all that it says."""
    decided = {name: decision[name] for name in ("number", "outcome", "fingerprint")}
    return decided | {"sha256": hex_digest(decision["body"])}


def hex_digest(stored: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(stored).hexdigest()


class Change(NamedTuple):
    """One change of a version: its kind, its moment, and what its event commits to."""

    kind: str
    at: int
    detail: Detail

    @property
    def key(self) -> tuple[str, int, bytes]:
        """Equal for equal changes."""
        return self.kind, self.at, msgspec.json.encode(self.detail, order="sorted")


def differences(stored: Iterable[Change], recorded: Iterable[Change]) -> Iterator[str]:
    """Where a version's rows and its events differ, in words; an event's detail may hold more than the row commits to.

    Events without a digest were written before the trail had any: of these, only kind and moment are compared.
    """
    rows, events = list(stored), list(recorded)
    for kind in sorted({change.kind for change in (*rows, *events)}):
        mine = [change for change in rows if change.kind == kind]
        theirs = [change for change in events if change.kind == kind]
        names = set().union(*(change.detail for change in mine))
        if any("sha256" not in change.detail for change in theirs):
            names = set()
        ours, said = (Counter(_with_details(change, names).key for change in changes) for changes in (mine, theirs))
        if ours - said:
            yield f"{kind}: {(ours - said).total()} in the record without an event"
        if said - ours:
            yield f"{kind}: {(said - ours).total()} in an event but not in the record"


def _with_details(change: Change, names: Iterable[str]) -> Change:
    return change._replace(detail={name: change.detail.get(name, FIRST.get(name)) for name in names})
