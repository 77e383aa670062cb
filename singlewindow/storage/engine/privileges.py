"""The service's rights on tables that it does not own: it can add to the record, but never change what is recorded.

On PostgreSQL one role owns the tables and migrates them; the service uses another role, which gets these rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine, text

from singlewindow.storage.engine.row_security import ROLES

READ = ("SELECT",)
ADD = ("SELECT", "INSERT")
WORK = ("SELECT", "INSERT", "UPDATE", "DELETE")

RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "alembic_version": READ,
    "assessment": ADD,
    "batch": WORK,
    "checkpoint": ADD,
    "control_record": ADD,
    "decision": ADD,
    "declaration": ADD,
    "delivery": WORK,
    "delivery_attempt": WORK,
    "dispatcher": WORK,
    "document": ADD,
    "documents_answer": ADD,
    "event": ADD,
    "feed": ADD,
    "inspection": (*ADD, "UPDATE (controls, place, slot_at, wished_at, wish, started_at, ended_at)"),
    "inspection_agency": ADD,
    "item_result": (*ADD, "UPDATE (result, at, override_id)"),
    "late_assessment": ADD,
    "later_decision": ADD,
    "later_late_assessment": ADD,
    "notice": ADD,
    "outbox": WORK,
    "mandate": (*ADD, "UPDATE (revoked_at)"),
    "principal": (*ADD, "UPDATE (revoked_at, expires_at, last_used_at)"),
    "request": (*ADD, "UPDATE (answer, answered_at, answered_by, words)"),
    "query": (*ADD, "UPDATE (answer, answered_at)"),
    "result_override": (*ADD, "UPDATE (agreed, second_officer, second_person, answered_at, words)"),
    "slot": (*ADD, "UPDATE (taken)"),
    "subscription": WORK,
    "subscription_secret": WORK,
    "stream": (*ADD, "UPDATE (last_number)"),
    "tally": (*ADD, "UPDATE (count)"),
    "trail": (*READ, "UPDATE (number, link)"),
    "version": (*ADD, "UPDATE (decided_at, decision_number, state, state_until, due_at)"),
}
SEQUENCES: Final = ("event_id_seq",)
INHERIT_EACH: Final = (16,)
"""Since this version of PostgreSQL each grant of a role says whether it is inherited; before, the grantee did."""


def grant_rights(engine: Engine, role: str) -> None:
    """Give `role` exactly these rights on the tables, whatever it had; raises ValueError if it does not exist."""
    if engine.dialect.name != "postgresql":
        raise ValueError("Only PostgreSQL has roles. In SQLite, anybody who can write the file can write all of it")
    quoted = engine.dialect.identifier_preparer.quote_identifier(role)
    with engine.begin() as connection:
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first()
        if known is None:
            raise ValueError(f"There is no role {role}. Make it first: CREATE ROLE {quoted} LOGIN PASSWORD '...'")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {quoted}")
        for table, rights in RIGHTS.items():
            connection.exec_driver_sql(f'REVOKE ALL ON "{table}" FROM {quoted}')
            connection.exec_driver_sql(f'GRANT {", ".join(rights)} ON "{table}" TO {quoted}')
        # Taken for one reading transaction at a time, and never inherited (see row_security.py).
        inherited = " WITH INHERIT FALSE" if (engine.dialect.server_version_info or ()) >= INHERIT_EACH else ""
        connection.exec_driver_sql(f"GRANT {', '.join(ROLES)} TO {quoted}{inherited}")
        for sequence in SEQUENCES:
            connection.exec_driver_sql(f'GRANT USAGE ON SEQUENCE "{sequence}" TO {quoted}')
