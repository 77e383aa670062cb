"""Stores lodgements: each is written with its questions to the agencies in one transaction.

The trader's reference is the idempotency key (party, LRN): the same content again gets the first answer, other content
is a conflict. Many lodgements may share one transaction. Nothing here touches the queue: the open questions are the
work.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from singlewindow.access.keys import Caller
from singlewindow.agencies.agency import Agency
from singlewindow.audit import commitments
from singlewindow.clearance.deciding.announce import asked_entry, new_notice
from singlewindow.clearance.deciding.ask_again import new_question
from singlewindow.clearance.lodging.preparation import Prepared
from singlewindow.clearance.transaction import changing
from singlewindow.declarations.canonical import FORM, fingerprint, restate_earlier
from singlewindow.declarations.faults import FaultReport
from singlewindow.declarations.mrn import make_mrn
from singlewindow.declarations.reading.message import Media
from singlewindow.life_cycle.news import first_code
from singlewindow.storage import declarations, streams
from singlewindow.storage.declarations import Lodged, NewDeclaration, NewVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.engine.row_security import of_party, reading_as
from singlewindow.storage.trail import events
from singlewindow.times import MICROSECONDS, moment

FIRST = 1
"""The number of the version that lodging stores."""

_warnings = msgspec.json.Decoder(list[FaultReport])

Key = tuple[str, str]
"""A party and its LRN: the idempotency key of a declaration."""


@dataclass(frozen=True)
class Message:
    """One incoming message: `content` are the bytes as received, `began` is when they came (monotonic).

    `trace_id` is the request's; it goes with the declaration to every worker and adapter.
    """

    content: bytes
    media: Media
    began: float = field(default_factory=time.monotonic)
    trace_id: str = ""


@dataclass(frozen=True)
class Lodgement:
    """A message that may be lodged, with everything that is worked out before the transaction."""

    caller: Caller
    message: Message
    prepared: Prepared
    content_sha256: bytes
    warnings: list[FaultReport]

    @property
    def key(self) -> Key:
        """The idempotency key."""
        return self.caller.party or "", self.prepared.header.lrn


@dataclass(frozen=True)
class Receipt:
    """The trader's receipt for a stored lodgement; `replayed` if it was stored before.

    `received_at` is when its bytes came, `lodged_at` when it was stored and accepted; `warnings` are those of then,
    whatever newer rules say.
    """

    mrn: str
    lrn: str
    version: int
    received_at: int
    lodged_at: int
    warnings: Sequence[FaultReport]
    replayed: bool


@dataclass(frozen=True)
class Conflict:
    """The LRN was already used for other content, lodged as `mrn`."""

    mrn: str
    lrn: str


Stored = Receipt | Conflict
"""The outcome of a lodgement."""
Standing = dict[Key, tuple[bytes, Receipt]]
"""For each key, the fingerprint of the stored content and its receipt."""


def store_lodgements(engine: Engine, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> list[Stored]:
    """Store lodgements in one transaction, each once, and return the answers in order; durable on return."""
    try:
        standing = _store_in_transaction(engine, agencies, lodgements)
    except IntegrityError:  # two processes drew the same number: nothing was stored, and the next draw is another
        standing = _store_in_transaction(engine, agencies, lodgements)
    first = {lodgement.key: lodgement for lodgement in reversed(lodgements)}
    return [_answer_for(lodgement, standing, first[lodgement.key] is lodgement) for lodgement in lodgements]


def stands_already(engine: Engine, key: Key, content_sha256: bytes) -> bool:
    """Whether a party has lodged this very content under this reference before."""
    with reading_as(engine, of_party(key[0])) as connection:
        found = _read_stored(connection, [key])
    return key in found and found[key][0] == content_sha256


def _store_in_transaction(engine: Engine, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> Standing:
    with changing(engine) as connection:
        return _insert_new(connection, agencies, lodgements)


def _insert_new(connection: Connection, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> Standing:
    """Insert the new lodgements; returns what is then stored for every key."""
    by_key = {lodgement.key: lodgement for lodgement in reversed(lodgements)}
    now = clock(connection)
    rows = [_declaration_row(lodgement, now) for _, lodgement in sorted(by_key.items())]
    added = declarations.add_declarations(connection, rows)
    new = [(row, by_key[row.party, row.lrn]) for row in rows if row.id in added]
    versions = _insert_versions(connection, agencies, new, now)
    standing = {
        (row.party, row.lrn): (
            version.content_sha256,
            Receipt(row.mrn, row.lrn, version.number, version.received_at, now, lodgement.warnings, replayed=False),
        )
        for (row, lodgement), version in zip(new, versions, strict=True)
    }
    earlier = by_key.keys() - standing.keys()  # their rows stand, and are committed
    return standing | _read_stored(connection, earlier) if earlier else standing


def _read_stored(connection: Connection, keys: Iterable[Key]) -> Standing:
    found = declarations.lodged_under(connection, keys, FORM)
    return {key: (_content_sha256(row), _first_receipt(row)) for key, row in found.items()}


def _first_receipt(row: Lodged) -> Receipt:
    warnings = _warnings.decode(row.warnings)
    return Receipt(row.mrn, row.lrn, row.number, row.received_at, row.lodged_at, warnings, replayed=True)


def _content_sha256(row: Lodged) -> bytes:
    """The fingerprint of the stored content in the present form; the stored one is not changed."""
    return row.content_sha256 if row.outdated is None else fingerprint(restate_earlier(row.outdated))


def _answer_for(lodgement: Lodgement, standing: Standing, first: bool) -> Stored:
    content_sha256, receipt = standing[lodgement.key]
    if content_sha256 != lodgement.content_sha256:
        return Conflict(receipt.mrn, receipt.lrn)
    return receipt if first else replace(receipt, replayed=True)


def _declaration_row(lodgement: Lodgement, now: int) -> NewDeclaration:
    header, (party, lrn), serial = lodgement.prepared.header, lodgement.key, new_id()
    mrn = make_mrn(moment(now).year, header.country, serial)
    return NewDeclaration(serial, mrn, party, lrn, header.type_code, header.country, now)


def _insert_versions(
    connection: Connection,
    agencies: Mapping[str, Agency],
    new: Sequence[tuple[NewDeclaration, Lodgement]],
    now: int,
) -> list[NewVersion]:
    """Insert the versions of new declarations and all that belongs to them; returns the versions' rows in order."""
    versions, questions, trail, notices, feed = [], [], [], [], []
    for row, lodgement in new:
        version_id = new_id()
        versions.append(_version_row(row, lodgement, version_id, now))
        asked = [routing for routing in lodgement.prepared.routing if routing.asked]
        for routing in asked:
            questions.append(new_question(agencies[routing.agency], version_id, routing.items, now))
            feed.append(asked_entry(questions[-1]))
        committed = commitments.of_document(row._asdict(), versions[-1]._asdict())
        study = {"begins": lodgement.prepared.header.begins, **lodgement.prepared.dimensions}
        detail = {"asked": [routing.agency for routing in asked], "study": study, **committed}
        trail.append(events.Event(now, events.Kind.LODGED, lodgement.caller.actor, version_id, detail))
        notices.append(new_notice(row.party, version_id, first_code(lodgement.prepared.header.begins), now))
    declarations.add_versions(connection, versions, questions)
    events.record(connection, trail)
    streams.publish(connection, notices, feed)
    return versions


def _version_row(row: NewDeclaration, lodgement: Lodgement, version_id: int, now: int) -> NewVersion:
    message, prepared = lodgement.message, lodgement.prepared
    until, due_after = prepared.header.lasts
    return NewVersion(
        id=version_id,
        declaration_id=row.id,
        number=FIRST,
        media=message.media.mime,
        received=message.content,
        received_sha256=hashlib.sha256(message.content).digest(),
        canonical=prepared.form,
        content_sha256=lodgement.content_sha256,
        form=FORM,
        warnings=msgspec.json.encode(lodgement.warnings),
        routing=msgspec.json.encode(prepared.routing),
        trace_id=message.trace_id,
        received_at=now - int((time.monotonic() - message.began) * MICROSECONDS),
        lodged_at=now,
        state=prepared.header.begins,
        state_until=None if until is None else now + until,
        due_at=None if due_after is None else now + due_after,
    )
