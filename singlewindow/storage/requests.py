"""Requests to amend or cancel a declaration, each with its answer."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, insert, select, update

from singlewindow.storage.tables import declaration, request, version


class Request(NamedTuple):
    """A request about the declaration `mrn`, made against its version `number`, with its answer.

    `reference` is the requester's own, `reason` in its words; `words` are those of the answer. While it waits for an
    officer, `answered_at` is None, and `due_at` is until when it waits at most.
    """

    id: int
    declaration_id: int
    mrn: str
    version_id: int
    number: int
    kind: str
    reference: str
    content_sha256: bytes
    media: str
    received: bytes
    reason: str
    actor: str
    received_at: int
    due_at: int | None
    answer: str
    answered_at: int | None
    answered_by: str | None
    words: str


_ELSEWHERE: Final = {"mrn": declaration.c.mrn, "number": version.c.number}
_REQUEST = [_ELSEWHERE[name] if name in _ELSEWHERE else request.c[name] for name in Request._fields]
_ALL: Select[Any] = (
    select(*_REQUEST)
    .join(declaration, declaration.c.id == request.c.declaration_id)
    .join(version, version.c.id == request.c.version_id)
)


def add_request(connection: Connection, made: Request) -> None:
    """Store a request; a second open one for the same declaration breaks a constraint."""
    row = {name: value for name, value in made._asdict().items() if name not in _ELSEWHERE}
    connection.execute(insert(request).values(**row))


def same_request(
    connection: Connection, declaration_id: int, kind: str, reference: str, content_sha256: bytes
) -> Request | None:
    """The newest request of this kind with this reference and content, if it was made before."""
    same = (
        request.c.declaration_id == declaration_id, request.c.kind == kind, request.c.reference == reference,
        request.c.content_sha256 == content_sha256,
    )  # fmt: skip
    row = connection.execute(_ALL.where(*same).order_by(request.c.id.desc()).limit(1)).first()
    return None if row is None else Request(*row)


def open_request(connection: Connection, declaration_id: int) -> Request | None:
    """The request about a declaration that waits for an officer."""
    waits = (request.c.declaration_id == declaration_id, request.c.answered_at.is_(None))
    row = connection.execute(_ALL.where(*waits)).first()
    return None if row is None else Request(*row)


def open_requests(connection: Connection, after: int, limit: int) -> list[Request]:
    """The requests that wait for an officer with an id above `after`, oldest first."""
    waits = (request.c.answered_at.is_(None), request.c.id > after)
    return [Request(*row) for row in connection.execute(_ALL.where(*waits).order_by(request.c.id).limit(limit))]


def overdue_requests(connection: Connection, now: int, limit: int) -> list[tuple[str, int]]:
    """MRN and id of requests that have waited too long for an officer."""
    waits = (request.c.answered_at.is_(None), request.c.due_at < now)
    query = select(declaration.c.mrn, request.c.id).join(declaration, declaration.c.id == request.c.declaration_id)
    return [(mrn, id_) for mrn, id_ in connection.execute(query.where(*waits).order_by(request.c.id).limit(limit))]


def answer_request(connection: Connection, answered: Request) -> None:
    """Write the answer to an open request about a (locked) declaration."""
    said = {name: getattr(answered, name) for name in ("answer", "answered_at", "answered_by", "words")}
    connection.execute(update(request).where(request.c.id == answered.id).values(**said))


def newest_request(connection: Connection, declaration_id: int) -> Request | None:
    """The last request about a declaration."""
    of_it = _ALL.where(request.c.declaration_id == declaration_id).order_by(request.c.id.desc())
    row = connection.execute(of_it.limit(1)).first()
    return None if row is None else Request(*row)


def requests_of(connection: Connection, declaration_id: int) -> list[Request]:
    """All requests about a declaration, oldest first."""
    rows = connection.execute(_ALL.where(request.c.declaration_id == declaration_id).order_by(request.c.id))
    return [Request(*row) for row in rows]
