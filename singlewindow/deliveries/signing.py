"""The signature of what is sent, as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body.

While a secret is being replaced, the old one and the new one both sign, so a receiver may know either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
SCHEME: Final = "v1"
_SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """A secret of 256 random bits."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """The form in which a secret is given to its owner, once."""
    return PREFIX + base64.b64encode(secret).decode("ascii")


def signed_headers(message_id: str, seconds: int, content: bytes, live: Iterable[bytes]) -> dict[str, str]:
    """The headers of one attempt at `seconds` since 1970 UTC, signed with every live secret."""
    signed = b".".join((message_id.encode("ascii"), str(seconds).encode("ascii"), content))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"{SCHEME},{_signature(secret, signed)}" for secret in live),
    }


def _signature(secret: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")
