"""How many inspections begin at a place at a moment; one statement takes a slot, so that none is ever over-booked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from singlewindow.storage.engine.bulk import insert_new_rows
from singlewindow.storage.tables import slot


def book_first(connection: Connection, place: str, capacity: int, moments: Iterable[int]) -> int | None:
    """Take the first of these moments (soonest first) that has room; None if none has."""
    wanted = list(moments)
    if not wanted:
        return None
    taken = _taken(connection, place, wanted[0], wanted[-1])
    free = (at for at in wanted if taken.get(at, 0) < capacity)
    return next((at for at in free if book(connection, place, capacity, at)), None)


def book(connection: Connection, place: str, capacity: int, at: int) -> bool:
    """Take a slot, if it has room."""
    insert_new_rows(connection, slot, [{"starts_at": at, "place": place, "taken": 0}], ("place", "starts_at"))
    room = (slot.c.place == place, slot.c.starts_at == at, slot.c.taken < capacity)
    return bool(connection.execute(update(slot).where(*room).values(taken=slot.c.taken + 1)).rowcount)


def give_up(connection: Connection, place: str, at: int) -> None:
    """Give a slot back."""
    mine = (slot.c.place == place, slot.c.starts_at == at, slot.c.taken > 0)
    connection.execute(update(slot).where(*mine).values(taken=slot.c.taken - 1))


def _taken(connection: Connection, place: str, first: int, last: int) -> dict[int, int]:
    window = (slot.c.place == place, slot.c.starts_at.between(first, last))
    return dict(connection.execute(select(slot.c.starts_at, slot.c.taken).where(*window)).all())
