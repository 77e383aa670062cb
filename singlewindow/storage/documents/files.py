"""Which supporting documents a declaration has: who gave each, what it is about, and whether it was scanned.

Their bytes are in a store beside the database, under their SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, insert, or_, select

from singlewindow.agencies.document_access import Binding
from singlewindow.agencies.routing import Routing, read_routing
from singlewindow.storage.engine.bulk import is_among
from singlewindow.storage.tables import assessment, declaration, document, open_question, version


class Document(NamedTuple):
    """A document, given while version `number` was the newest.

    `agency` is the one whose officer gave it, "" for the party's; `for_agency` the one that asked for it, "" if none
    did. The fields from `item` on are those of its `Binding`.
    """

    id: int
    declaration_id: int
    version_id: int
    sha256: bytes
    size: int
    media: str
    name: str
    agency: str
    actor: str
    given_at: int
    scan: str
    scan_words: str
    scanned_at: int
    for_agency: str
    item: str
    line: int
    query: str
    question: str
    finding: str
    number: int

    @property
    def binding(self) -> Binding:
        """What it is about."""
        return Binding(self.item, self.line, self.query, self.question, self.finding)


_ALL: Select[Any] = (
    select(*(document.c[name] for name in Document._fields[:-1]), version.c.number)
    .join(version, version.c.id == document.c.version_id)
    .order_by(document.c.given_at, document.c.id)
)


def add_document(connection: Connection, row: Document) -> None:
    """Store a document of a (locked) declaration; the same twice would break a unique index."""
    stored = row._asdict()
    del stored["number"]
    connection.execute(insert(document).values(**stored))


def documents_of(connection: Connection, declaration_id: int, agency: str | None = None) -> list[Document]:
    """A declaration's documents, oldest first: all, those of one agency's officers, or the party's own ("")."""
    mine = _ALL.where(document.c.declaration_id == declaration_id)
    found = connection.execute(mine if agency is None else mine.where(document.c.agency == agency))
    return [Document(*row) for row in found]


def documents_behind(connection: Connection, version_ids: Iterable[int]) -> dict[int, list[Document]]:
    """The documents that parties gave about the declarations of these versions, by version id."""
    asked = version.alias("asked")
    query = _ALL.add_columns(asked.c.id).join(asked, asked.c.declaration_id == document.c.declaration_id)
    found: dict[int, list[Document]] = {}
    for row in connection.execute(query.where(is_among(connection, asked.c.id, version_ids), document.c.agency == "")):
        found.setdefault(row[-1], []).append(Document(*row[:-1]))
    return found


def find_document(
    connection: Connection, declaration_id: int, sha256: bytes, agency: str, bound: Binding
) -> Document | None:
    """One document with what it is about; None if it was not given yet."""
    about = (document.c[name] == value for name, value in bound._asdict().items())
    mine = (document.c.declaration_id == declaration_id, document.c.sha256 == sha256, document.c.agency == agency)
    row = connection.execute(_ALL.where(*mine, *about)).first()
    return None if row is None else Document(*row)


class Room(NamedTuple):
    """How many documents a declaration has of one giver, and how many bytes they are together."""

    documents: int
    size: int


def room_taken(connection: Connection, declaration_id: int, agency: str) -> Room:
    """What is taken by one agency's officers, or by the party ("")."""
    mine = (document.c.declaration_id == declaration_id, document.c.agency == agency)
    row = connection.execute(select(func.count(), func.coalesce(func.sum(document.c.size), 0)).where(*mine)).one()
    return Room(int(row[0]), int(row[1]))


class AskedVersion(NamedTuple):
    """The newest version of a declaration about which an agency was asked."""

    declaration_id: int
    version_id: int
    number: int
    routing: list[Routing]


def newest_asked(connection: Connection, mrn: str, agency: str) -> AskedVersion | None:
    """What an agency was asked last about a declaration; None if it never was."""
    asked = (
        exists().where(table.c.version_id == version.c.id, table.c.agency == agency)
        for table in (open_question, assessment)
    )
    query = (
        select(declaration.c.id, version.c.id, version.c.number, version.c.routing)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(declaration.c.mrn == mrn, or_(*asked))
        .order_by(version.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else AskedVersion(*row[:3], read_routing(row[3]))
