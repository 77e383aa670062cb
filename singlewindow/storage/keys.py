"""The keys of callers; only the SHA-256 of each secret is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from singlewindow.storage.tables import Record, key


class StoredKey(NamedTuple):
    """A key as stored: its holder, its scopes (none means all that its role may do), and the moments of its life.

    Moments are in microseconds. `person` is who uses it, "" for a system's. `party` owns what a trader or broker
    lodges, `agency` is an agency's code.
    """

    key_id: str
    secret_sha256: bytes
    role: str
    party: str | None
    agency: str | None
    name: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None
    revoked_at: int | None = None
    last_used_at: int | None = None
    person: str = ""


_COLUMNS = tuple(key.c[name] for name in StoredKey._fields)


def add_key(connection: Connection, added: StoredKey) -> None:
    """Store a new key."""
    connection.execute(insert(key).values(**added._asdict() | {"scopes": " ".join(added.scopes)}))


def find_key(connection: Connection, key_id: str) -> StoredKey | None:
    """One key, live or not; None if there is none with this id."""
    row = connection.execute(select(*_COLUMNS).where(key.c.key_id == key_id)).first()
    return None if row is None else _stored_key(row)


def list_keys(connection: Connection) -> list[StoredKey]:
    """All keys, oldest first."""
    return [_stored_key(row) for row in connection.execute(select(*_COLUMNS).order_by(key.c.created_at, key.c.key_id))]


def _stored_key(row: Record) -> StoredKey:
    return StoredKey(*row)._replace(scopes=tuple(row.scopes.split()))


def parties_with_key(connection: Connection) -> frozenset[str]:
    """Every party that holds a key which is not revoked."""
    live = select(key.c.party).where(key.c.party.is_not(None), key.c.revoked_at.is_(None)).distinct()
    return frozenset(connection.execute(live).scalars())


def expire_key(connection: Connection, key_id: str, at: int) -> None:
    """Let a key expire at a moment."""
    connection.execute(update(key).where(key.c.key_id == key_id).values(expires_at=at))


def record_use(connection: Connection, key_ids: Iterable[str], at: int) -> None:
    """Record that keys were used."""
    # Always in the same order: two web processes that write the same keys then wait in one direction only.
    for key_id in sorted(key_ids):
        connection.execute(update(key).where(key.c.key_id == key_id).values(last_used_at=at))


def revoke_key(connection: Connection, key_id: str, at: int) -> bool:
    """Revoke a key; False if there is no such key, or it is revoked already."""
    live = (key.c.key_id == key_id, key.c.revoked_at.is_(None))
    return bool(connection.execute(update(key).where(*live).values(revoked_at=at)).rowcount)
