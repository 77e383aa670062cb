"""API keys: `sw_<key id>_<secret>`, a public id of 64 bits and a secret of 256 random bits; `swsim_...` to rehearse.

Nobody can guess such a secret, so it is enough to store its plain SHA-256. It is compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

PREFIX, SIMULATOR_PREFIX = "sw", "swsim"
"""How keys begin: those of the service, and those of its simulator, whose record is another."""


class Role(StrEnum):
    """A caller's role; `permissions.PERMISSIONS` says what each may do, and all else is refused."""

    TRADER = "trader"
    BROKER = "broker"
    CARRIER = "carrier"
    AGENCY = "agency"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller: `party` owns what traders and brokers lodge and read, `agency` is an agency's code.

    A broker that names its client has the client as `party` and itself as `broker`; acting for itself, it is both.
    `scopes` narrow what the role may do; without scopes nothing is narrowed. `person` is who uses the key, "" if it is
    a system's: two keys of one person are one person.
    """

    key_id: str
    role: Role
    party: str | None = None
    agency: str | None = None
    scopes: frozenset[str] = frozenset()
    broker: str | None = None
    person: str = ""

    @property
    def client(self) -> str:
        """The client that limits count for: all keys of one owner together."""
        return f"{self.role}:{self.broker or self.party or self.agency or self.key_id}"

    @property
    def actor(self) -> str:
        """How the event trail names this caller."""
        return f"{self.client} for {self.party}" if self.acts_for_another else self.client

    @property
    def own_party(self) -> str:
        """The party that the key itself belongs to, "" if none."""
        return self.broker or self.party or ""

    @property
    def acts_for_another(self) -> bool:
        """Whether a broker acts for another party."""
        return self.broker is not None and self.broker != self.party

    def acting_for(self, party: str) -> Caller:
        """The same caller, a broker, acting for a trader or expressly for itself."""
        return replace(self, party=party, broker=self.party)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key: `text` is shown once, only `secret_sha256` is stored."""

    key_id: str
    text: str
    secret_sha256: bytes


def new_key(prefix: str = PREFIX) -> NewKey:
    """A key with an id of 16 hexadecimal digits and a secret of 256 bits."""
    key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
    return NewKey(key_id, f"{prefix}_{key_id}_{secret}", _secret_digest(secret))


def split_key(text: str, prefix: str = PREFIX) -> tuple[str, str] | None:
    """Key id and secret of a key's text, or None if it is not a key."""
    parts = text.split("_")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == prefix else None


def secret_matches(secret: str, secret_sha256: bytes) -> bool:
    """Whether this is the secret, in constant time."""
    return hmac.compare_digest(_secret_digest(secret), secret_sha256)


def _secret_digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
