"""API keys: `sw_<key id>_<secret>`, 128 bits of chance in the id's shadow, compared in constant time.

The secret is 32 random bytes, so one plain SHA-256 is enough to store it by: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "sw"


class Role(StrEnum):
    """What a key may do: the routes name the roles they are open to, and all else is refused."""

    TRADER = "trader"
    AGENCY = "agency"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: `party` for traders (their declarations' owner), `agency` for agencies."""

    key_id: str
    role: Role
    party: str | None = None
    agency: str | None = None

    @property
    def actor(self) -> str:
        """How the event trail names this caller."""
        return f"{self.role}:{self.party or self.agency or self.key_id}"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key: `text` is shown once, `secret_sha256` is what is kept."""

    key_id: str
    text: str
    secret_sha256: bytes


def new_key() -> NewKey:
    """A key with 16 hex digits of id and 256 bits of secret."""
    key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
    return NewKey(key_id, f"{PREFIX}_{key_id}_{secret}", _digest(secret))


def split(text: str) -> tuple[str, str] | None:
    """Key id and secret of a key's text, or None where it is no key."""
    parts = text.split("_")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == PREFIX else None


def matches(secret: str, secret_sha256: bytes) -> bool:
    """Whether this is the secret, in constant time."""
    return hmac.compare_digest(_digest(secret), secret_sha256)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
