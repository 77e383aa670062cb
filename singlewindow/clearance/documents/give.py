"""Giving a document: it is received whole, compared with its hash and its type, scanned, kept, and then recorded.

The bytes are in the store before the record names them. A process that dies in between leaves bytes that nobody can
read; the same document, sent again, finds its place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.agencies.document_access import Binding
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.documents.target import Bound, Target, bind, find_target
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.declarations.faults import Refused
from singlewindow.documents.scanner import Scan, Scanner, ScanState
from singlewindow.documents.store import DocumentStore, Readable, Whole, receive
from singlewindow.documents.types import check_head, file_name
from singlewindow.storage import declarations
from singlewindow.storage.documents import files
from singlewindow.storage.documents.files import Document
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event


@dataclass(frozen=True)
class Reception:
    """What receives the documents of one process; `places` are those for uploads under way."""

    context: ClearanceContext
    store: DocumentStore
    scanner: Scanner
    places: threading.BoundedSemaphore


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A document that somebody wants to give: its hash (hex), its type, and its name ("" for none)."""

    caller: Caller
    mrn: str
    sha256: str
    media: str
    name: str
    binding: Binding


class Receipt(NamedTuple):
    """A document as recorded; `replayed` if it was given before."""

    document: Document
    replayed: bool = False


class NoPlace(Exception):  # noqa: N818 - an answer to the sender
    """As many documents as may be are being received at the moment."""


def give_document(reception: Reception, offer: Offer, source: Readable) -> Receipt | None:
    """Receive a document; None if the caller may give none about such a declaration.

    The same document about the same again gets the first receipt. Raises `Refused`, StoreAway and NoPlace.
    """
    with _place(reception):
        return _give(reception, offer, source)


def _give(reception: Reception, offer: Offer, source: Readable) -> Receipt | None:
    with reading(reception.context.engine, together=True) as connection:
        target = find_target(connection, offer.caller, offer.mrn)
        if target is None:
            return None
        bound = bind(connection, target, offer.binding)
        earlier = _earlier(connection, target, offer, bound)
        if earlier is not None:
            return earlier
        _need_room(reception, connection, target)
    with _received(reception, offer, source) as whole:
        scan = reception.scanner.scan(whole.path)
        if scan.state is not ScanState.INFECTED:
            reception.store.keep(whole, offer.sha256)
        receipt = add_document(reception, offer, whole, scan)
    if receipt is None and scan.state is ScanState.INFECTED:
        raise Refused("DOCUMENT_INFECTED", "The scanner has found malicious code in this document. It was not kept.")
    return receipt


@contextmanager
def _place(reception: Reception) -> Iterator[None]:
    if not reception.places.acquire(blocking=False):
        raise NoPlace
    try:
        yield
    finally:
        reception.places.release()


@contextmanager
def _received(reception: Reception, offer: Offer, source: Readable) -> Iterator[Whole]:
    largest = reception.context.settings.sw_document_largest
    with receive(reception.store.waiting, source, offer.sha256, largest) as whole:
        check_head(offer.media, whole.head)
        yield whole


def _earlier(connection: Connection, target: Target, offer: Offer, bound: Bound) -> Receipt | None:
    sha256 = bytes.fromhex(offer.sha256)
    found = files.find_document(connection, target.declaration_id, sha256, target.agency, bound.binding)
    return None if found is None else Receipt(found, replayed=True)


def _need_room(reception: Reception, connection: Connection, target: Target) -> None:
    """Raises `Refused` if the giver has given as much about this declaration as may be."""
    settings = reception.context.settings
    taken = files.room_taken(connection, target.declaration_id, target.agency)
    most, bytes_together = settings.sw_documents_most, settings.sw_documents_bytes
    if taken.documents >= most or taken.size >= bytes_together:
        text = f"A declaration may have at most {most:,} documents with {bytes_together:,} bytes together."
        raise Refused("TOO_MANY_DOCUMENTS", text)


def add_document(reception: Reception, offer: Offer, whole: Whole, scan: Scan) -> Receipt | None:
    """Record a document that the store has; of one that is infected, only that it was refused.

    None if it was refused, or if the caller may give none any more. Raises `Refused`.
    """
    context = reception.context
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, offer.mrn, offer.caller.party)
        target = find_target(connection, offer.caller, offer.mrn)
        if version is None or target is None:
            return None
        bound = bind(connection, target, offer.binding)
        earlier = _earlier(connection, target, offer, bound)
        if earlier is not None:
            return earlier
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        row = _row(transaction, target, offer, bound)._replace(
            size=whole.size, scan=scan.state, scan_words=scan.words, scanned_at=transaction.now
        )
        if scan.state is ScanState.INFECTED:
            publish(transaction, [News((_event(events.Kind.DOCUMENT_REFUSED, row),))])
            return None
        _need_room(reception, connection, target)
        files.add_document(connection, row)
        kind = events.Kind.EVIDENCE if target.agency else events.Kind.DOCUMENT
        publish(transaction, [News((_event(kind, row),))])
        return Receipt(row)


def _row(transaction: Transaction, target: Target, offer: Offer, bound: Bound) -> Document:
    about = bound.binding
    return Document(
        id=new_id(),
        declaration_id=target.declaration_id,
        version_id=target.version_id,
        sha256=bytes.fromhex(offer.sha256),
        size=0,
        media=offer.media,
        name=file_name(offer.name, offer.media, offer.sha256),
        agency=target.agency,
        actor=offer.caller.actor,
        given_at=transaction.now,
        scan="",
        scan_words="",
        scanned_at=0,
        for_agency=bound.for_agency,
        number=target.number,
        **about._asdict(),
    )


def _event(kind: events.Kind, row: Document) -> Event:
    """The event of a document; what it is not about is left out."""
    about = {name: value for name, value in row.binding._asdict().items() if value}
    detail = {"document": row.sha256.hex(), "name": row.name, "media": row.media, "size": row.size, "scan": row.scan}
    return Event(row.scanned_at, kind, row.actor, row.version_id, detail | about)
