"""Short-lived tokens instead of keys: OAuth 2.0 client credentials, answered with signed JWTs (form of RFC 9068).

A token stands for its key and lives no longer: when the key is revoked or ends, so do its tokens.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from singlewindow.times import NANOSECONDS, application_clock

LIFETIME_SECONDS: Final = 300
LONGEST_TOKEN: Final = 2_000
ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
ISSUER: Final = "singlewindow"
MEDIA: Final = "at+jwt"
PEM: Final = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


class Claims(NamedTuple):
    """What a token says: the key it stands for, and what it may do."""

    key_id: str
    scopes: frozenset[str]


class Tokens:
    """Issues and reads tokens; the first of its keys signs, all of them are trusted."""

    def __init__(self, pem: str) -> None:
        """Read one or several private keys (P-256) in PEM; raises ValueError if there are none."""
        self._keys = [_read_key(block) for block in PEM.findall(pem)]
        if not self._keys:
            raise ValueError("SW_TOKEN_KEY holds no private key in PEM. `singlewindow keys token-key` makes one")
        self._known = KeySet([*self._keys])

    def issue_token(self, key_id: str, scopes: Iterable[str]) -> str:
        """A new token for a key."""
        now, signing = application_clock() // NANOSECONDS, self._keys[0]
        claims = {"iss": ISSUER, "aud": ISSUER, "sub": key_id, "client_id": key_id, "iat": now,
                  "exp": now + LIFETIME_SECONDS, "jti": secrets.token_hex(16), "scope": " ".join(scopes)}  # fmt: skip
        header = {"alg": ALGORITHM, "typ": MEDIA, "kid": signing.kid}
        return jwt.encode(header, claims, signing, algorithms=[ALGORITHM])

    def read_claims(self, text: str) -> Claims | None:
        """The claims of a token; None if it is not a token, not ours, or expired."""
        if len(text) > LONGEST_TOKEN:
            return None
        try:
            token = jwt.decode(text, self._known, algorithms=[ALGORITHM])
            _expected_claims().validate(token.claims)
        except Exception:  # noqa: BLE001 - another token, or none: whatever the library trips over, strangers write it
            return None
        scopes, typed = token.claims["scope"], token.header.get("typ") == MEDIA
        return Claims(str(token.claims["sub"]), frozenset(scopes.split())) if typed else None

    def public_keys(self) -> list[dict[str, Any]]:
        """The keys to check tokens with, as JSON Web Keys without their private part."""
        return [dict(key.as_dict(private=False)) for key in self._keys]


def new_token_key() -> str:
    """A new private key in PEM."""
    return ECKey.generate_key(CURVE).as_pem(private=True).decode()


def _read_key(block: str) -> ECKey:
    try:
        key = ECKey.import_key(block, {"use": "sig", "alg": ALGORITHM})
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("SW_TOKEN_KEY holds a key that cannot be read. Use a private P-256 key") from error
    if not key.is_private or key.curve_name != CURVE:
        raise ValueError("SW_TOKEN_KEY holds another kind of key. Use a private P-256 key")
    key.ensure_kid()
    return key


def _expected_claims() -> jwt.JWTClaimsRegistry:
    own = {"essential": True, "value": ISSUER}
    some = {"essential": True}
    now = application_clock() // NANOSECONDS
    return jwt.JWTClaimsRegistry(now=now, iss=own, aud=own, sub=some, exp=some, scope=some)  # type: ignore[arg-type]
