"""Inspections: what is ordered, what officers record, what becomes of each item, and what places have booked."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from singlewindow.storage.tables.metadata import metadata

# One for each decision that asks for controls.
inspection = Table(
    "inspection",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("decision_number", Integer, nullable=False),
    # JSON of a list of OrderedControl.
    Column("controls", LargeBinary, nullable=False),
    # Customs, which takes part in every inspection.
    Column("lead", Text, nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    # Where and when; empty while nobody has said it.
    Column("place", Text, nullable=False, server_default=""),
    Column("slot_at", BigInteger),
    # What the party asks for instead, if it does, and why.
    Column("wished_at", BigInteger),
    Column("wish", Text, nullable=False, server_default=""),
    Column("started_at", BigInteger),
    # When every item had its result, or a newer decision replaced this one.
    Column("ended_at", BigInteger),
    UniqueConstraint("version_id", "decision_number", name="inspection_version_decision"),
)
_OPEN = inspection.c.ended_at.is_(None)
Index("inspection_open", inspection.c.id, postgresql_where=_OPEN, sqlite_where=_OPEN)

# Which agencies take part in it.
inspection_agency = Table(
    "inspection_agency",
    metadata,
    Column("inspection_id", ForeignKey("inspection.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    Index("inspection_agency_agency", "agency", "inspection_id"),
)

# What officers record, never changed: the newest of an item and a control counts.
control_record = Table(
    "control_record",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("inspection_id", ForeignKey("inspection.id"), nullable=False),
    Column("item", Text, nullable=False),
    Column("control", Text, nullable=False),
    # JSON of a ControlRecord.
    Column("body", LargeBinary, nullable=False),
    Column("agency", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index("control_record_inspection", "inspection_id"),
)

item_result = Table(
    "item_result",
    metadata,
    Column("inspection_id", ForeignKey("inspection.id"), primary_key=True),
    Column("item", Text, primary_key=True),
    # A State: released, refused, or impounded.
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # The override that gave it; empty if it follows from the records.
    Column("override_id", BigInteger),
)

# What one officer asks for against the records or before they are complete, and what a second person says to it.
result_override = Table(
    "result_override",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("inspection_id", ForeignKey("inspection.id"), nullable=False),
    # JSON of a list of items.
    Column("items", LargeBinary, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # In words for the party.
    Column("trader", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    # Empty while it waits for a second person.
    Column("agreed", Integer),
    Column("second_officer", Text),
    Column("second_person", Text),
    Column("answered_at", BigInteger),
    Column("words", Text, nullable=False, server_default=""),
)
_WAITS = result_override.c.answered_at.is_(None)
Index("override_open", result_override.c.inspection_id, unique=True, postgresql_where=_WAITS, sqlite_where=_WAITS)

# How many inspections begin at a place at a moment.
slot = Table(
    "slot",
    metadata,
    Column("place", Text, primary_key=True),
    Column("starts_at", BigInteger, primary_key=True),
    Column("taken", Integer, nullable=False, server_default=text("0")),
)
