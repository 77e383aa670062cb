"""Who is calling: a bearer key becomes a `Caller`, and keys are made, listed, rotated and revoked.

What the record says of a key is remembered for two seconds, so that a request need not ask the database. When a key was
last used is noted in the background, at most once a minute for each key and process.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import Connection, Engine, Row
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.access.cache import REMEMBERED_SECONDS, Memory, Snapshot
from singlewindow.access.identifiers import agency_code, normal_party, party_code
from singlewindow.access.keys import Caller, NewKey, Role, matches, new_key, split
from singlewindow.access.permissions import permissions_of
from singlewindow.access.tokens import Tokens
from singlewindow.storage import events, keys, mandates
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import MICROSECONDS

__all__ = ["REMEMBERED_SECONDS", "Keyring", "create_key", "list_keys", "revoke_key", "rotate_key"]

log = logging.getLogger(__name__)

USE_NOTED_SECONDS: Final = 60.0
PARTIES_KNOWN_SECONDS: Final = 60.0
"""A party that gets its first key is protected from being named by others after this time at the latest."""
KEY_ID = re.compile(r"[0-9a-f]{16}")
NAMEABLE = re.compile(r"[!-~]{1,64}")
"""What a key may ever have been made for: nothing else is looked up."""
OWNED_BY: Final = {"party": (Role.TRADER, Role.BROKER), "agency": (Role.AGENCY,)}


class Keyring:
    """The live keys and mandates as one process knows them; safe to share between threads."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.monotonic, tokens: Tokens | None = None) -> None:
        """Over a record; `tokens` reads the tokens that stand for keys, without it there are none."""
        self._engine, self.tokens = engine, tokens
        self._keys = Memory(self._look_up, now)
        self._mandates = Memory(self._mandated, now)
        self._parties = Snapshot(self._with_keys, now, PARTIES_KNOWN_SECONDS)
        self._used: set[str] = set()
        self._noting = threading.Lock()

    def caller_of(self, text: str) -> Caller | None:
        """The caller a key's text or a token stands for, or None where it is none, wrong, revoked or expired."""
        parts = split(text)
        return self.holder(*parts) if parts is not None else self._bearer_of(text)

    def _bearer_of(self, token: str) -> Caller | None:
        claims = self.tokens.read(token) if self.tokens is not None else None
        row = self._live(claims.key_id) if claims is not None else None
        return None if row is None or claims is None else replace(_caller(row), scopes=claims.scopes)

    def holder(self, key_id: str, secret: str) -> Caller | None:
        """The caller of a key's id and secret, or None."""
        row = self._live(key_id)
        return _caller(row) if row is not None and matches(secret, row.secret_sha256) else None

    def may_act(self, broker: str, party: str) -> bool:
        """Whether a mandate lets the broker act for the party now; what can be no party's name is not looked up."""
        return bool(NAMEABLE.fullmatch(party) and self._mandates.get((broker, party)))

    def takes_part(self, party: str) -> bool:
        """Whether the party has a key here, as far as is known; a first key is known after a minute at the latest."""
        return normal_party(party) in self._parties.get()

    def note_uses(self) -> None:
        """Write down which keys were used since the last time; what cannot be written now is not tried again."""
        with self._noting:
            used, self._used = self._used, set()
        try:
            with self._engine.begin() as connection:
                keys.note_use(connection, used, clock(connection))
        except SQLAlchemyError as error:
            log.warning("the last use of %d keys could not be noted (%s)", len(used), type(error).__name__)

    def _live(self, key_id: str) -> Row[Any] | None:
        row = self._keys.get(key_id) if KEY_ID.fullmatch(key_id) else None
        if row is not None and key_id not in self._used:
            self._remember_use(key_id)
        return row

    def _remember_use(self, key_id: str) -> None:
        with self._noting:
            first = not self._used
            self._used.add(key_id)
        if first:
            later(USE_NOTED_SECONDS, self.note_uses)

    def _look_up(self, key_id: str) -> Row[Any] | None:
        with reading(self._engine) as connection:
            row = keys.by_key_id(connection, key_id)
            return row if row is not None and _lives(connection, row) else None

    def _with_keys(self) -> frozenset[str]:
        with reading(self._engine) as connection:
            return frozenset(map(normal_party, keys.parties(connection)))

    def _mandated(self, pair: tuple[str, str]) -> bool | None:
        with reading(self._engine) as connection:
            return mandates.in_force(connection, *pair, clock(connection)) or None


def later(seconds: float, act: Callable[[], None]) -> None:
    """Do something in the background after a while, if the process lives so long."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def _lives(connection: Connection, row: Row[Any]) -> bool:
    if row.revoked_at is not None:
        return False
    return row.expires_at is None or bool(clock(connection) < row.expires_at)


def _caller(row: Row[Any]) -> Caller:
    return Caller(row.key_id, Role(row.role), row.party, row.agency, frozenset(row.scopes.split()))


class Terms(TypedDict, total=False):
    """How a key is limited: who holds it, what of its role it may do (all without scopes), how long it lives."""

    name: str
    scopes: Iterable[str]
    lifetime_seconds: float | None


def create_key(
    engine: Engine, role: Role, party: str | None = None, agency: str | None = None, **terms: Unpack[Terms]
) -> NewKey:
    """Make and store a key; raises ValueError where party, agency or scopes do not fit the role.

    Party and agency are stored in the form in which they are compared.
    """
    _check_owner(role, party, agency)
    party = party and party_code("party", party)
    agency = agency and agency_code(agency)
    scopes, lifetime = sorted(set(terms.get("scopes", ()))), terms.get("lifetime_seconds")
    _check_scopes(role, scopes)
    if lifetime is not None and lifetime <= 0:
        raise ValueError("A key must live longer than no time")
    with engine.begin() as connection:
        now = clock(connection)
        expires_at = None if lifetime is None else now + int(lifetime * MICROSECONDS)
        row = {"name": terms.get("name", ""), "role": role, "party": party, "agency": agency,
               "scopes": " ".join(scopes), "expires_at": expires_at}  # fmt: skip
        made = _add(connection, row, now)
        detail = {"key_id": made.key_id, "role": role, "party": party, "agency": agency, "scopes": scopes}
        _record(connection, now, events.Kind.KEY_CREATED, detail)
    return made


def _add(connection: Connection, row: dict[str, Any], now: int) -> NewKey:
    made = new_key()
    own = {"key_id": made.key_id, "secret_sha256": made.secret_sha256, "created_at": now}
    keys.add(connection, row | own)
    return made


def _check_owner(role: Role, party: str | None, agency: str | None) -> None:
    for owner, given in (("party", party), ("agency", agency)):
        if role in OWNED_BY[owner] and not given:
            raise ValueError(f"A key of role {role} needs its {owner}: add --{owner} and its code")
        if role not in OWNED_BY[owner] and given is not None:
            owning = " or ".join(OWNED_BY[owner])
            raise ValueError(f"A key of role {role} has no {owner}: leave --{owner} out, or choose --role {owning}")


def _check_scopes(role: Role, scopes: Iterable[str]) -> None:
    offered = permissions_of(role)
    beyond = [scope for scope in scopes if scope not in offered]
    if beyond:
        raise ValueError(f"A key of role {role} cannot have the scope {beyond[0]}; there are {', '.join(offered)}")


def list_keys(engine: Engine) -> list[Row[Any]]:
    """All keys, oldest first, each with everything but its secret's use: owner, scopes, and the moments of its life."""
    with reading(engine) as connection:
        return keys.all_keys(connection)


def rotate_key(engine: Engine, key_id: str, overlap_seconds: float) -> NewKey | None:
    """A new key in the place of a live one, which goes on for `overlap_seconds`; None where there is no such live key.

    The new one has the same owner, name, scopes and length of life.
    """
    with engine.begin() as connection:
        row = keys.by_key_id(connection, key_id)
        if row is None or not _lives(connection, row):
            return None
        now = clock(connection)
        end = now + int(overlap_seconds * MICROSECONDS)
        heir = {name: getattr(row, name) for name in ("name", "role", "party", "agency", "scopes")}
        lifetime = None if row.expires_at is None else row.expires_at - row.created_at
        made = _add(connection, heir | {"expires_at": None if lifetime is None else now + lifetime}, now)
        keys.end_at(connection, key_id, end if row.expires_at is None else min(end, row.expires_at))
        detail = {"key_id": key_id, "successor": made.key_id}
        _record(connection, now, events.Kind.KEY_ROTATED, detail)
    return made


def revoke_key(engine: Engine, key_id: str) -> bool:
    """Revoke a key by its id; False where there is no such live key."""
    with engine.begin() as connection:
        now = clock(connection)
        revoked = keys.revoke(connection, key_id, now)
        if revoked:
            _record(connection, now, events.Kind.KEY_REVOKED, {"key_id": key_id})
    return revoked


def _record(connection: Connection, now: int, kind: events.Kind, detail: dict[str, Any]) -> None:
    """Append the event about the key that the detail names."""
    subject = events.about_key(detail["key_id"])
    events.record(connection, [events.Event(now, kind, events.OPERATOR, subject, detail)])
