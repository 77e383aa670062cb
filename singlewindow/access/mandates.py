"""Mandates: a trader lets a broker act for it, from one moment until another, or until it is revoked."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.access.identifiers import party_code
from singlewindow.storage import mandates
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.trail import events


def grant_mandate(
    engine: Engine, broker: str, party: str, valid_from: int | None = None, valid_to: int | None = None
) -> int:
    """Record a mandate and return its id; without `valid_from` it is in force at once. Moments in microseconds.

    Raises ValueError if it would end before it begins, or if broker or party are the same or not identifiers.
    """
    broker, party = party_code("broker", broker), party_code("party", party)
    if broker == party:
        raise ValueError(f"{party} needs no mandate to act for itself")
    with engine.begin() as connection:
        now, mandate_id = clock(connection), new_id()
        begins = now if valid_from is None else valid_from
        if valid_to is not None and valid_to <= max(begins, now):
            raise ValueError("The mandate would end before it begins. Choose a later end")
        granted = mandates.Mandate(mandate_id, broker, party, begins, valid_to, now)
        mandates.add_mandate(connection, granted)
        detail = granted._asdict()
        del detail["revoked_at"]
        subject = events.about_mandate(mandate_id)
        events.record_command(connection, now, events.Kind.MANDATE_GRANTED, subject, detail)
    return mandate_id


def list_mandates(engine: Engine) -> list[mandates.Mandate]:
    """All mandates, oldest first."""
    with reading(engine) as connection:
        return mandates.list_mandates(connection)


def revoke_mandate(engine: Engine, mandate_id: int) -> bool:
    """Revoke a mandate; False if there is no such live one. Web processes notice it within two seconds."""
    with engine.begin() as connection:
        now = clock(connection)
        revoked = mandates.revoke_mandate(connection, mandate_id, now)
        if revoked:
            subject = events.about_mandate(mandate_id)
            events.record_command(connection, now, events.Kind.MANDATE_REVOKED, subject, {"id": mandate_id})
    return revoked
