"""Writing and reading declarations and their versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, or_, select, tuple_, update

from singlewindow.storage.engine.bulk import among, insert_new_rows, insert_together
from singlewindow.storage.tables import Record, assessment, declaration, open_question, version

SUMMARY = (
    declaration.c.id.label("declaration_id"),
    declaration.c.mrn,
    declaration.c.party,
    declaration.c.lrn,
    declaration.c.type_code,
    version.c.id.label("version_id"),
    version.c.number,
    version.c.received_at,
    version.c.lodged_at,
    version.c.decided_at,
)


def first_versions(connection: Connection, keys: Iterable[tuple[str, str]], form: int) -> dict[tuple[str, str], Record]:
    """What stands under each (party, LRN) already: the summary and `content_sha256` of its first version.

    `outdated` is the canonical content where it is stored in an earlier form than `form`, else None.
    """
    outdated = case((version.c.form < form, version.c.canonical)).label("outdated")
    query = (
        select(*SUMMARY, version.c.content_sha256, outdated)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(version.c.number == 1, tuple_(declaration.c.party, declaration.c.lrn).in_(list(keys)))
    )
    return {(row.party, row.lrn): row for row in connection.execute(query)}


def add_declarations(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[int]:
    """Insert declarations; the ids of those that were new. A declaration that stands under the same key wins.

    The rows must come sorted by (party, LRN): two writers with several keys in common then wait in one direction only.
    """
    return insert_new_rows(connection, declaration, rows, ("party", "lrn"))


def add_versions(
    connection: Connection, versions: Sequence[dict[str, Any]], questions: Sequence[dict[str, Any]]
) -> None:
    """Insert versions and the questions to the agencies (outbox rows) that they raise."""
    insert_together(connection, (version, versions), (open_question, questions))


def lock_versions(connection: Connection, version_ids: Iterable[int]) -> list[Record]:
    """Lock versions against other deciders, in one order for everybody, and read what deciding needs."""
    query = (
        select(*SUMMARY, version.c.routing)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(among(connection, version.c.id, version_ids))
        .order_by(version.c.id)
        .with_for_update(of=version)
    )
    return list(connection.execute(query))


def mark_decided(connection: Connection, version_ids: Iterable[int], at: int) -> None:
    """Close versions that have their decision."""
    connection.execute(update(version).where(among(connection, version.c.id, version_ids)).values(decided_at=at))


def contents(connection: Connection, version_ids: Iterable[int]) -> dict[int, Record]:
    """By version id: MRN, country, number, canonical form and trace id."""
    query = (
        select(
            version.c.id,
            declaration.c.mrn,
            declaration.c.country,
            version.c.number,
            version.c.canonical,
            version.c.trace_id,
        )
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(among(connection, version.c.id, version_ids))
    )
    return {int(row.id): row for row in connection.execute(query)}


def routing_of(connection: Connection, version_id: int, agency: str) -> bytes | None:
    """The stored routing of a version on which this agency was asked; None where there is none."""
    asked = [
        exists().where(table.c.version_id == version.c.id, table.c.agency == agency)
        for table in (open_question, assessment)
    ]
    return connection.execute(select(version.c.routing).where(version.c.id == version_id, or_(*asked))).scalar()


def _owned(query: Select[Any], party: str | None) -> Select[Any]:
    """Only the party's own rows; None stands for a reader who may see all (the auditor)."""
    return query if party is None else query.where(declaration.c.party == party)


def current(connection: Connection, mrn: str, party: str | None) -> Record | None:
    """The newest version of one declaration with its routing and warnings, if this reader may see it."""
    return _newest(connection, mrn, party, (*SUMMARY, version.c.routing, version.c.warnings))


def document(connection: Connection, mrn: str, party: str | None) -> Record | None:
    """The newest version's document as received, and its media type, if this reader may see it."""
    return _newest(connection, mrn, party, (version.c.received, version.c.media))


def _newest(
    connection: Connection, mrn: str, party: str | None, columns: tuple[ColumnElement[Any], ...]
) -> Record | None:
    query = (
        select(*columns)
        .select_from(declaration)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(declaration.c.mrn == mrn)
        .order_by(version.c.number.desc())
        .limit(1)
    )
    return connection.execute(_owned(query, party)).first()


def listing(connection: Connection, party: str | None, after: int, limit: int, lrn: str | None = None) -> list[Record]:
    """Declarations with an id above `after`, oldest first, optionally of one LRN."""
    query = (
        select(*SUMMARY)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(declaration.c.id > after, version.c.number == 1)
        .order_by(declaration.c.id)
        .limit(limit)
    )
    if lrn is not None:
        query = query.where(declaration.c.lrn == lrn)
    return list(connection.execute(_owned(query, party)))
