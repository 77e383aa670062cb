"""OAuth 2.0 client credentials (RFC 6749, 4.4): exchanges a key's id and secret for a token that lives five minutes."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import Caller
from singlewindow.access.permissions import is_permitted, permissions_of
from singlewindow.access.tokens import LIFETIME_SECONDS
from singlewindow.http.negotiation import CONTENT_PROBLEMS
from singlewindow.http.problems import OAUTH, ProblemError
from singlewindow.http.request import FORM, Request, Response
from singlewindow.http.route import PUBLIC, Discloses, ResponseShape, Route

LONGEST_FORM = 4_096
MOST_FIELDS = 10
FORM_SCHEMA = {
    "type": "object",
    "description": f"At most {LONGEST_FORM} bytes; you may send id and secret as Basic authorization instead",
    "properties": {
        "grant_type": {"const": "client_credentials"},
        "client_id": {"type": "string", "description": "The key's id: its middle part"},
        "client_secret": {"type": "string", "description": "The key's secret: its last part"},
        "scope": {"type": "string", "description": "Scopes of the key, separated by spaces; default: all of them"},
    },
    "additionalProperties": {"type": "string", "description": "Ignored"},
    "required": ["grant_type"],
    "maxProperties": MOST_FIELDS,
}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="singlewindow"'}


class Token(Struct, frozen=True):
    """A token to send as `Authorization: Bearer`; it lives `expires_in` seconds, and no longer than its key."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class PublicKeys(Struct, frozen=True):
    """The keys that tokens are signed with, as a JSON Web Key set (RFC 7517)."""

    keys: list[dict[str, Any]]


def post_token(request: Request) -> Response:
    """A token for a client that shows its key's id and secret, in the header (Basic) or in the form."""
    if request.service.keyring.tokens is None:
        raise ProblemError("NOT_FOUND", "This service issues no tokens. Send your key itself as the bearer token")
    form = _read_form(request.content)
    if form.get("grant_type") != "client_credentials":
        raise ProblemError("UNSUPPORTED_GRANT_TYPE", "The form's grant_type must be client_credentials")
    client_id, secret = _client_credentials(request.authorization, form)
    keyring, caller = _holder_of(request, client_id, secret)
    if caller is None:
        request.service.rate_limits.count_wrong_key(request.address)
        detail = "There is no live key with this client_id and client_secret"
        raise ProblemError("INVALID_CLIENT", detail).with_headers(CHALLENGE)
    scopes = _granted_scopes(caller, form.get("scope", ""))
    return Response(Token(keyring.issue_token(caller.key_id, scopes), "Bearer", LIFETIME_SECONDS, " ".join(scopes)))


def _holder_of(request: Request, client_id: str, secret: str) -> tuple[Keyring, Caller | None]:
    """The ring that has this key, and who holds it: the service's, or the simulator's."""
    own, simulator = request.service.keyring, request.service.simulator
    caller = own.caller_with_secret(client_id, secret)
    if caller is None and simulator is not None:
        return simulator.keyring, simulator.keyring.caller_with_secret(client_id, secret)
    return own, caller


def get_public_keys(request: Request) -> Response:
    """The keys that tokens are signed with."""
    tokens = request.service.keyring.tokens
    return Response(PublicKeys(tokens.public_keys() if tokens else []))


def _read_form(content: bytes) -> dict[str, str]:
    try:
        if len(content) > LONGEST_FORM:
            raise ValueError
        fields = parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise ProblemError("INVALID_REQUEST", "The body must be a short form, in UTF-8") from error
    if len({name for name, _ in fields}) != len(fields):
        raise ProblemError("INVALID_REQUEST", "A field of the form appears more than once")
    return dict(fields)


def _client_credentials(authorization: str, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise ProblemError("INVALID_REQUEST", "Send the secret only once: in the header or in the form")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _granted_scopes(caller: Caller, asked: str) -> list[str]:
    own = [permission.value for permission in permissions_of(caller.role) if is_permitted(caller, permission)]
    wanted = asked.split()
    if not set(wanted) <= set(own):
        raise ProblemError("INVALID_SCOPE", f"This key may only have these scopes: {', '.join(own)}")
    return [scope for scope in own if scope in wanted] if wanted else own


ROUTES = (
    Route(
        method="POST", path="/oauth/token", handler=post_token, permission=PUBLIC,
        discloses=Discloses.NOTHING, consumes=(FORM,),
        body=FORM_SCHEMA,
        summary="Get a token (OAuth 2.0 client credentials): client_id is the key's id, client_secret its secret",
        responses={200: ResponseShape("The token and its scopes", Token)},
        problems=("NOT_FOUND", "RATE_LIMITED", *OAUTH, *CONTENT_PROBLEMS),
    ),
    Route(
        method="GET", path="/.well-known/jwks.json", handler=get_public_keys, permission=PUBLIC,
        discloses=Discloses.NOTHING,
        summary="Fetch the public keys that verify tokens",
        responses={200: ResponseShape("A JSON Web Key set; empty if this service issues no tokens", PublicKeys)},
    ),
)  # fmt: skip
