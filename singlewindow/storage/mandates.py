"""Mandates: which broker may act for which trader, from when until when."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, insert, or_, select, update

from singlewindow.storage.tables import mandate


class Mandate(NamedTuple):
    """A broker may act for a party from `valid_from` until just before `valid_to` (None: without end), unless revoked.

    All moments are in microseconds.
    """

    id: int
    broker: str
    party: str
    valid_from: int
    valid_to: int | None
    created_at: int
    revoked_at: int | None = None


def add_mandate(connection: Connection, added: Mandate) -> None:
    """Store a mandate."""
    connection.execute(insert(mandate).values(**added._asdict()))


def is_in_force(connection: Connection, broker: str, party: str, now: int) -> bool:
    """Whether a mandate lets the broker act for the party at this moment."""
    query = select(mandate.c.id).where(
        mandate.c.broker == broker,
        mandate.c.party == party,
        mandate.c.revoked_at.is_(None),
        mandate.c.valid_from <= now,
        or_(mandate.c.valid_to.is_(None), mandate.c.valid_to > now),
    )
    return connection.execute(query.limit(1)).first() is not None


def list_mandates(connection: Connection) -> list[Mandate]:
    """All mandates, oldest first."""
    columns = (mandate.c[name] for name in Mandate._fields)
    return [Mandate(*row) for row in connection.execute(select(*columns).order_by(mandate.c.id))]


def revoke_mandate(connection: Connection, mandate_id: int, at: int) -> bool:
    """Revoke a mandate; False if there is no such mandate, or it is revoked already."""
    live = (mandate.c.id == mandate_id, mandate.c.revoked_at.is_(None))
    return bool(connection.execute(update(mandate).where(*live).values(revoked_at=at)).rowcount)
