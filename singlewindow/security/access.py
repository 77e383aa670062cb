"""Who is calling: a bearer key becomes a `Principal`, and keys are made, listed and revoked.

What the record says of a key is remembered for `REMEMBERED_SECONDS`, so that a request need not ask the database; a
revoked key is refused by every process after that time at the latest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row

from singlewindow.security.keys import NewKey, Principal, Role, matches, new_key, split
from singlewindow.storage import events, principals
from singlewindow.storage.engines import clock, reading

REMEMBERED_SECONDS = 2.0
REMEMBERED_KEYS = 10_000
KEY_ID = re.compile(r"[0-9a-f]{16}")
OWNER = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class _Remembered:
    until: float
    secret_sha256: bytes
    principal: Principal


class Keyring:
    """The live keys as one process knows them; safe to share between threads."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._now = engine, now
        self._remembered: dict[str, _Remembered] = {}

    def principal(self, text: str) -> Principal | None:
        """The caller a key's text stands for, or None where it is no key, wrong or revoked."""
        parts = split(text)
        if parts is None or not KEY_ID.fullmatch(parts[0]):
            return None
        known = self._known(parts[0])
        return known.principal if known is not None and matches(parts[1], known.secret_sha256) else None

    def _known(self, key_id: str) -> _Remembered | None:
        known = self._remembered.get(key_id)
        return known if known is not None and self._now() < known.until else self._look_up(key_id)

    def _look_up(self, key_id: str) -> _Remembered | None:
        with reading(self._engine) as connection:
            row = principals.by_key_id(connection, key_id)
        if row is None or row.revoked_at is not None:
            self._remembered.pop(key_id, None)
            return None
        if len(self._remembered) >= REMEMBERED_KEYS:
            self._remembered.clear()
        known = _Remembered(self._now() + REMEMBERED_SECONDS, row.secret_sha256, _principal(row))
        self._remembered[key_id] = known
        return known


def _principal(row: Row[Any]) -> Principal:
    return Principal(row.key_id, Role(row.role), row.party, row.agency)


def create_key(
    engine: Engine, role: Role, party: str | None = None, agency: str | None = None, name: str = ""
) -> NewKey:
    """Make and store a key; raises ValueError where party or agency do not fit the role."""
    _check_owner(role, party, agency)
    made = new_key()
    with engine.begin() as connection:
        now = clock(connection)
        row = {"key_id": made.key_id, "secret_sha256": made.secret_sha256, "name": name, "role": role, "party": party,
               "agency": agency, "created_at": now}  # fmt: skip
        principals.add(connection, row)
        detail = {"key_id": made.key_id, "role": role, "party": party, "agency": agency}
        events.record(connection, [events.Event(now, events.Kind.KEY_CREATED, events.SYSTEM, None, detail)])
    return made


def _check_owner(role: Role, party: str | None, agency: str | None) -> None:
    for owner, given, owning in (("party", party, Role.TRADER), ("agency", agency, Role.AGENCY)):
        if role is owning and not given:
            raise ValueError(f"A key of role {role} needs its {owner}: add --{owner} and its code")
        if role is not owning and given is not None:
            raise ValueError(f"A key of role {role} has no {owner}: leave --{owner} out, or choose --role {owning}")
        if given and not OWNER.fullmatch(given):
            raise ValueError(f"The {owner} must be 1 to 64 visible ASCII characters without spaces")


def list_keys(engine: Engine) -> list[Row[Any]]:
    """All keys, oldest first, each with key_id, name, role, party, agency, created_at and revoked_at."""
    with reading(engine) as connection:
        return principals.all_keys(connection)


def revoke_key(engine: Engine, key_id: str) -> bool:
    """Revoke a key by its id; False where there is no such live key."""
    with engine.begin() as connection:
        now = clock(connection)
        revoked = principals.revoke(connection, key_id, now)
        if revoked:
            entry = events.Event(now, events.Kind.KEY_REVOKED, events.SYSTEM, None, {"key_id": key_id})
            events.record(connection, [entry])
    return revoked
