"""Who is calling: a bearer key becomes a `Caller`, and keys are made, listed, rotated and revoked.

Keys are cached for two seconds, so that a request need not ask the database. The last use of a key is recorded in the
background, at most once a minute for each key and process.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.access.cache import CACHED_SECONDS, RefreshingCache, TtlCache
from singlewindow.access.identifiers import agency_code, normal_party, party_code
from singlewindow.access.keys import (
    PREFIX,
    SIMULATOR_PREFIX,
    Caller,
    NewKey,
    Role,
    new_key,
    secret_matches,
    split_key,
)
from singlewindow.access.permissions import permissions_of
from singlewindow.access.tokens import Tokens
from singlewindow.storage import keys, mandates
from singlewindow.storage.deliveries import subscriptions
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.keys import StoredKey
from singlewindow.storage.trail import events
from singlewindow.times import MICROSECONDS

__all__ = ["CACHED_SECONDS", "Keyring", "create_key", "list_keys", "revoke_key", "rotate_key"]

log = logging.getLogger(__name__)

USE_RECORDED_SECONDS: Final = 60.0
PARTIES_KNOWN_SECONDS: Final = 60.0
"""After this time at the latest, others cannot name a party that has got its first key."""
KEY_ID = re.compile(r"[0-9a-f]{16}")
NAMEABLE = re.compile(r"[!-~]{1,64}")
"""A party that a key may ever have been made for; nothing else is looked up."""
REHEARSING: Final = (Role.TRADER, Role.BROKER, Role.CARRIER)
"""Who may have a key of the simulator."""
OWNED_BY: Final = {"party": (Role.TRADER, Role.BROKER, Role.CARRIER), "agency": (Role.AGENCY,)}


class Keyring:
    """The live keys and mandates as one process knows them; threads may share it."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], float] = time.monotonic,
        tokens: Tokens | None = None,
        prefix: str = PREFIX,
    ) -> None:
        """Over a record; `tokens` reads tokens that stand for keys, None accepts none; keys begin with `prefix`."""
        self._engine, self.tokens, self._prefix = engine, tokens, prefix
        self._keys = TtlCache(self._look_up, now)
        self._mandates = TtlCache(self._has_mandate, now)
        self._parties = RefreshingCache(self._parties_with_key, now, PARTIES_KNOWN_SECONDS)
        self._used: set[str] = set()
        self._recording = threading.Lock()

    def caller_of(self, text: str) -> Caller | None:
        """The caller of a key's text or of a token; None if it is unknown, wrong, revoked or expired."""
        parts = split_key(text, self._prefix)
        return self.caller_with_secret(*parts) if parts is not None else self._caller_of_token(text)

    def _caller_of_token(self, token: str) -> Caller | None:
        token = token if self._prefix == PREFIX else token.removeprefix(f"{self._prefix}_")
        claims = self.tokens.read_claims(token) if self.tokens is not None else None
        stored = self._live_key(claims.key_id) if claims is not None else None
        return None if stored is None or claims is None else replace(_caller_from(stored), scopes=claims.scopes)

    def issue_token(self, key_id: str, scopes: Iterable[str]) -> str:
        """A token for a key of this ring; raises LookupError if it issues none."""
        if self.tokens is None:
            raise LookupError("this keyring issues no tokens")
        token = self.tokens.issue_token(key_id, scopes)
        return token if self._prefix == PREFIX else f"{self._prefix}_{token}"

    def caller_with_secret(self, key_id: str, secret: str) -> Caller | None:
        """The caller of a key's id and secret, or None."""
        stored = self._live_key(key_id)
        return _caller_from(stored) if stored is not None and secret_matches(secret, stored.secret_sha256) else None

    def holder_of(self, key_id: str) -> Caller | None:
        """The caller whose key this is, for what is sent to it; None if the key is unknown, revoked or expired."""
        stored = self._live_key(key_id)
        return None if stored is None else _caller_from(stored)

    def may_act(self, broker: str, party: str) -> bool:
        """Whether a mandate lets the broker act for the party now; impossible identifiers are not looked up."""
        return bool(NAMEABLE.fullmatch(party) and self._mandates.get((broker, party)))

    def takes_part(self, party: str) -> bool:
        """Whether the party has a key here; a first key is noticed after a minute at the latest."""
        return normal_party(party) in self._parties.get()

    def record_uses(self) -> None:
        """Record which keys were used since the last call; a failed write is not repeated."""
        with self._recording:
            used, self._used = self._used, set()
        try:
            with self._engine.begin() as connection:
                keys.record_use(connection, used, clock(connection))
        except SQLAlchemyError as error:
            log.warning("the last use of %d keys could not be recorded (%s)", len(used), type(error).__name__)

    def _live_key(self, key_id: str) -> StoredKey | None:
        stored = self._keys.get(key_id) if KEY_ID.fullmatch(key_id) else None
        if stored is not None and key_id not in self._used:
            self._remember_use(key_id)
        return stored

    def _remember_use(self, key_id: str) -> None:
        with self._recording:
            first = not self._used
            self._used.add(key_id)
        if first:
            run_later(USE_RECORDED_SECONDS, self.record_uses)

    def _look_up(self, key_id: str) -> StoredKey | None:
        with reading(self._engine) as connection:
            stored = keys.find_key(connection, key_id)
            return stored if stored is not None and _is_live(connection, stored) else None

    def _parties_with_key(self) -> frozenset[str]:
        with reading(self._engine) as connection:
            return frozenset(map(normal_party, keys.parties_with_key(connection)))

    def _has_mandate(self, pair: tuple[str, str]) -> bool | None:
        with reading(self._engine) as connection:
            return mandates.is_in_force(connection, *pair, clock(connection)) or None


def run_later(seconds: float, act: Callable[[], None]) -> None:
    """Run something in the background after a while, if the process still lives."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def _is_live(connection: Connection, stored: StoredKey) -> bool:
    if stored.revoked_at is not None:
        return False
    return stored.expires_at is None or bool(clock(connection) < stored.expires_at)


def _caller_from(stored: StoredKey) -> Caller:
    owner = (Role(stored.role), stored.party, stored.agency)
    return Caller(stored.key_id, *owner, frozenset(stored.scopes), person=stored.person)


class Terms(TypedDict, total=False):
    """The limits of a key: its holder, its scopes (none means all that its role may do), its length of life.

    `person` is who uses it, if it is not a system's. `simulated` keys are for the simulator, and stand in its record.
    """

    name: str
    person: str
    scopes: Iterable[str]
    lifetime_seconds: float | None
    simulated: bool


def create_key(
    engine: Engine, role: Role, party: str | None = None, agency: str | None = None, **terms: Unpack[Terms]
) -> NewKey:
    """Make and store a key; raises ValueError if party, agency or scopes do not fit the role.

    Party and agency are stored in the form in which they are compared.
    """
    _check_owner(role, party, agency)
    simulated = terms.get("simulated", False)
    if simulated and role not in REHEARSING:
        raise ValueError(f"The simulator has no {role}: choose --role {' or '.join(REHEARSING)}")
    party = party and party_code("party", party)
    agency = agency and agency_code(agency)
    scopes, lifetime = sorted(set(terms.get("scopes", ()))), terms.get("lifetime_seconds")
    person = _person_id(role, terms.get("person", ""))
    _check_scopes(role, scopes)
    if lifetime is not None and lifetime <= 0:
        raise ValueError("A key must live for more than zero days")
    made = new_key(SIMULATOR_PREFIX if simulated else PREFIX)
    with engine.begin() as connection:
        now = clock(connection)
        added = StoredKey(
            made.key_id, made.secret_sha256, role, party, agency, terms.get("name", ""), tuple(scopes), created_at=now,
            expires_at=None if lifetime is None else now + int(lifetime * MICROSECONDS), person=person,
        )  # fmt: skip
        keys.add_key(connection, added)
        detail = {"key_id": made.key_id, "role": role, "party": party, "agency": agency, "scopes": scopes}
        detail |= {"person": person} if person else {}
        events.record_command(connection, now, events.Kind.KEY_CREATED, events.about_key(made.key_id), detail)
    return made


def _check_owner(role: Role, party: str | None, agency: str | None) -> None:
    for owner, given in (("party", party), ("agency", agency)):
        if role in OWNED_BY[owner] and not given:
            raise ValueError(f"A key of role {role} needs its {owner}: add --{owner} and the identifier")
        if role not in OWNED_BY[owner] and given is not None:
            owning = " or ".join(OWNED_BY[owner])
            raise ValueError(f"A key of role {role} has no {owner}: leave --{owner} out, or choose --role {owning}")


def _person_id(role: Role, person: str) -> str:
    """The id in the form in which persons are compared."""
    normal = " ".join(person.split()).casefold()
    if normal and role is not Role.AGENCY:
        raise ValueError("Only keys of role agency name a person: leave --person out")
    return normal


def _check_scopes(role: Role, scopes: Iterable[str]) -> None:
    offered = permissions_of(role)
    beyond = [scope for scope in scopes if scope not in offered]
    if beyond:
        raise ValueError(f"A key of role {role} cannot have the scope {beyond[0]}. It can have {', '.join(offered)}")


def list_keys(engine: Engine) -> list[StoredKey]:
    """All keys, oldest first."""
    with reading(engine) as connection:
        return keys.list_keys(connection)


def rotate_key(engine: Engine, key_id: str, overlap_seconds: float, *, simulated: bool = False) -> NewKey | None:
    """A new key that replaces a live one, which works for another `overlap_seconds`; None if there is no live one.

    The new key has the same owner, name, scopes and length of life, and the subscriptions of the old one.
    """
    made = new_key(SIMULATOR_PREFIX if simulated else PREFIX)
    with engine.begin() as connection:
        old = keys.find_key(connection, key_id)
        if old is None or not _is_live(connection, old):
            return None
        now = clock(connection)
        end = now + int(overlap_seconds * MICROSECONDS)
        heir = old._replace(
            key_id=made.key_id, secret_sha256=made.secret_sha256, created_at=now, last_used_at=None,
            expires_at=None if old.expires_at is None else now + old.expires_at - old.created_at,
        )  # fmt: skip
        keys.add_key(connection, heir)
        subscriptions.hand_over(connection, key_id, made.key_id)
        keys.expire_key(connection, key_id, end if old.expires_at is None else min(end, old.expires_at))
        detail = {"key_id": key_id, "successor": made.key_id}
        events.record_command(connection, now, events.Kind.KEY_ROTATED, events.about_key(key_id), detail)
    return made


def revoke_key(engine: Engine, key_id: str) -> bool:
    """Revoke a key by its id; False if there is no such live key."""
    with engine.begin() as connection:
        now = clock(connection)
        revoked = keys.revoke_key(connection, key_id, now)
        if revoked:
            events.record_command(
                connection, now, events.Kind.KEY_REVOKED, events.about_key(key_id), {"key_id": key_id}
            )
    return revoked
