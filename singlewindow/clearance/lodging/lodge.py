"""Lodging: a validated declaration becomes a fact, with the questions to the agencies beside it, in one transaction.

The trader's reference is the idempotency key (party, LRN): the same content again gets the first answer, other content
is a conflict. Many lodgements may share one transaction. Nothing here touches the queue: the outbox rows are the work.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from singlewindow.access.keys import Caller
from singlewindow.agencies.routing import Routing, route
from singlewindow.audit import commitments
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import asked_entry, new_notice
from singlewindow.clearance.deciding.ask_again import new_question
from singlewindow.declarations.canonical import FORM, canonical, fingerprint, restated
from singlewindow.declarations.mrn import make_mrn
from singlewindow.declarations.validation import Validated
from singlewindow.faultpoints import reach
from singlewindow.storage import declarations, events, streams
from singlewindow.storage.declarations import Lodged, NewDeclaration, NewVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.times import MICROSECONDS, moment

FIRST = 1
"""The number of the version that lodging stores."""


@dataclass(frozen=True)
class Lodgement:
    """One validated original as it came in: `content` are the bytes as received, `began` when they came (monotonic).

    `trace_id` is the request's; it goes with the declaration to every worker and adapter.
    """

    principal: Caller
    content: bytes
    media: str
    validated: Validated
    warnings: bytes
    began: float = field(default_factory=time.monotonic)
    trace_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The idempotency key: party and LRN."""
        return self.principal.party or "", self.validated.declaration.lrn or ""


@dataclass(frozen=True)
class Receipt:
    """What the trader gets for a lodgement that is stored; `replayed` where it was stored before.

    `received_at` is when its bytes came, `lodged_at` when it was stored and accepted.
    """

    mrn: str
    lrn: str
    version: int
    received_at: int
    lodged_at: int
    replayed: bool


@dataclass(frozen=True)
class Conflict:
    """The LRN stands for other content already, lodged as `mrn`."""

    mrn: str
    lrn: str


@dataclass(frozen=True)
class Prepared:
    """A lodgement with all that can be worked out before the transaction."""

    lodgement: Lodgement
    canonical: bytes
    content_sha256: bytes
    routing: list[Routing]


def lodge(context: ClearanceContext, arrivals: Sequence[Lodgement]) -> list[Receipt | Conflict]:
    """Store lodgements, each once; the answers come in the order of `arrivals`."""
    return commit(context, [prepare(context, lodgement) for lodgement in arrivals])


def prepare(context: ClearanceContext, lodgement: Lodgement) -> Prepared:
    """What a lodgement needs before its transaction: canonical form, fingerprint, and which agencies are asked."""
    declaration, country = lodgement.validated.declaration, lodgement.validated.country
    form = canonical(declaration)
    routing = route(context.agencies, declaration.tree, context.books.terms(country))
    return Prepared(lodgement, form, fingerprint(form), routing)


def commit(context: ClearanceContext, prepared: Sequence[Prepared]) -> list[Receipt | Conflict]:
    """Store prepared lodgements in one transaction; durable when this returns."""
    try:
        standing = _transact(context, prepared)
    except IntegrityError:  # two processes drew the same number: nothing was stored, and the next draw is another
        standing = _transact(context, prepared)
    first = {entry.lodgement.key: entry for entry in reversed(prepared)}
    return [_answer(entry, standing, first[entry.lodgement.key] is entry) for entry in prepared]


def _transact(context: ClearanceContext, prepared: Sequence[Prepared]) -> Standing:
    with context.engine.begin() as connection:
        standing = _store(context, connection, prepared)
        reach("before_commit")
    reach("after_commit")
    return standing


Standing = dict[tuple[str, str], tuple[bytes, Receipt]]


def _store(context: ClearanceContext, connection: Connection, prepared: Sequence[Prepared]) -> Standing:
    """Insert what is new; for every key, the content that stands under it and the receipt it was given."""
    by_key = {entry.lodgement.key: entry for entry in reversed(prepared)}
    now = clock(connection)
    rows = [_declaration_row(entry, now) for _, entry in sorted(by_key.items())]
    added = declarations.add_declarations(connection, rows)
    new = [(row, by_key[row.party, row.lrn]) for row in rows if row.id in added]
    versions = _write(context, connection, new, now)
    standing = {
        (row.party, row.lrn): (
            version.content_sha256,
            Receipt(row.mrn, row.lrn, version.number, version.received_at, now, replayed=False),
        )
        for (row, _), version in zip(new, versions, strict=True)
    }
    earlier = by_key.keys() - standing.keys()  # their rows stand, and are committed
    return standing | _read(connection, earlier) if earlier else standing


def _read(connection: Connection, keys: Iterable[tuple[str, str]]) -> Standing:
    found = declarations.lodged_under(connection, keys, FORM)
    return {key: (_content_sha256(row), _first_receipt(row)) for key, row in found.items()}


def _first_receipt(row: Lodged) -> Receipt:
    return Receipt(row.mrn, row.lrn, row.number, row.received_at, row.lodged_at, replayed=True)


def _content_sha256(row: Lodged) -> bytes:
    """The fingerprint that the stored content has in the present form; what is stored stays as it is."""
    return row.content_sha256 if row.outdated is None else fingerprint(restated(row.outdated))


def _answer(entry: Prepared, standing: Standing, first: bool) -> Receipt | Conflict:
    content_sha256, receipt = standing[entry.lodgement.key]
    if content_sha256 != entry.content_sha256:
        return Conflict(receipt.mrn, receipt.lrn)
    return receipt if first else replace(receipt, replayed=True)


def _declaration_row(entry: Prepared, now: int) -> NewDeclaration:
    declaration, country = entry.lodgement.validated.declaration, entry.lodgement.validated.country
    serial, (party, lrn) = new_id(), entry.lodgement.key
    mrn = make_mrn(moment(now).year, country, serial)
    return NewDeclaration(serial, mrn, party, lrn, declaration.type_code or "", country, now)


def _write(
    context: ClearanceContext, connection: Connection, new: Sequence[tuple[NewDeclaration, Prepared]], now: int
) -> list[NewVersion]:
    """Insert the versions of new declarations, and all that comes with them; the versions' rows in the same order."""
    versions, questions, trail, notices, feed = [], [], [], [], []
    for row, entry in new:
        version_id = new_id()
        versions.append(_version_row(row, entry, version_id, now))
        asked = [routing for routing in entry.routing if routing.asked]
        for routing in asked:
            questions.append(new_question(context.agencies[routing.agency], version_id, routing.items, now))
            feed.append(asked_entry(questions[-1]))
        told = commitments.of_document(row._asdict(), versions[-1]._asdict())
        detail = {"asked": [r.agency for r in asked], **told}
        trail.append(events.Event(now, events.Kind.LODGED, entry.lodgement.principal.actor, version_id, detail))
        notices.append(new_notice(row.party, version_id, streams.ACCEPTED, now))
    declarations.add_versions(connection, versions, questions)
    events.record(connection, trail)
    streams.publish(connection, notices, feed)
    return versions


def _version_row(row: NewDeclaration, entry: Prepared, version_id: int, now: int) -> NewVersion:
    lodgement = entry.lodgement
    return NewVersion(
        id=version_id,
        declaration_id=row.id,
        number=FIRST,
        media=lodgement.media,
        received=lodgement.content,
        received_sha256=hashlib.sha256(lodgement.content).digest(),
        canonical=entry.canonical,
        content_sha256=entry.content_sha256,
        form=FORM,
        warnings=lodgement.warnings,
        routing=msgspec.json.encode(entry.routing),
        trace_id=lodgement.trace_id,
        received_at=now - int((time.monotonic() - lodgement.began) * MICROSECONDS),
        lodged_at=now,
    )
