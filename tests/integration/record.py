"""The record as tests look into it and change it behind the service's back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from singlewindow.clearance.context import ClearanceContext


def rows(held: ClearanceContext | Engine, query: str) -> list[Any]:
    """What a query finds."""
    with _engine(held).connect() as connection:
        return list(connection.execute(text(query)))


def change(held: ClearanceContext | Engine, statement: str) -> None:
    """Make a change that the service does not know of."""
    with _engine(held).begin() as connection:
        connection.execute(text(statement))


def _engine(held: ClearanceContext | Engine) -> Engine:
    return held.engine if isinstance(held, ClearanceContext) else held
