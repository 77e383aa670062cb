"""Who may make a call: the route names its permission, and callers without it are refused.

With the header `Acting-For`, a broker makes this one call for a trader, under a mandate in force. A broker that acts
for itself names itself there.
"""

from __future__ import annotations

from werkzeug.datastructures import Headers

from singlewindow.access.identifiers import normal_party, party_code
from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import Caller, Role
from singlewindow.access.permissions import PERMISSIONS, is_permitted
from singlewindow.http.problems import ProblemError
from singlewindow.http.route import Public, Route

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="singlewindow"'}
ACTING_FOR = "Acting-For"


def authorise(route: Route, headers: Headers, keyring: Keyring) -> Caller | None:
    """The caller, None on public routes.

    Raises the problems UNAUTHENTICATED, INVALID_TOKEN, FORBIDDEN and NOT_AUTHORISED_FOR_PARTY, and for a header that
    names nobody ACTING_FOR_REQUIRED or INVALID_PARAMETER.
    """
    if isinstance(route.permission, Public):
        return None
    caller = keyring.caller_of(_bearer_key(headers.get("Authorization")))
    if caller is None:
        detail = (
            "The bearer key or token is unknown, wrong, expired or revoked. Check it, or ask the operator for a new key"
        )
        raise ProblemError("INVALID_TOKEN", detail).with_headers(CHALLENGE)
    if not is_permitted(caller, route.permission):
        known = caller.role in PERMISSIONS[route.permission]
        whose = f"A key without the scope {route.permission}" if known else f"A key of role {caller.role}"
        raise ProblemError("FORBIDDEN", f"{whose} may not make this call")
    party = headers.get(ACTING_FOR)
    return caller if party is None else _in_the_place_of(party, caller, keyring)


def _in_the_place_of(party: str, caller: Caller, keyring: Keyring) -> Caller:
    if caller.role is not Role.BROKER:
        raise ProblemError(
            "FORBIDDEN", f"A key of role {caller.role} cannot act for others. Remove the header {ACTING_FOR}"
        )
    own = caller.party or ""
    if not normal_party(party):
        raise ProblemError(
            "ACTING_FOR_REQUIRED", f"{ACTING_FOR} is empty. Name your client there, or {own} for yourself"
        )
    if normal_party(party) == normal_party(own):
        return caller.acting_for(own)
    # As it is sent before the form of today: a party may have its key from when small letters were kept.
    for name in dict.fromkeys((party, normal_party(party))):
        if keyring.may_act(own, name):
            return caller.acting_for(name)
    try:
        party_code(f"party in {ACTING_FOR}", party)
    except ValueError as error:
        raise ProblemError("INVALID_PARAMETER", str(error)) from error
    detail = f"No mandate in force lets this broker act for the party in {ACTING_FOR}"
    raise ProblemError("NOT_AUTHORISED_FOR_PARTY", detail)


def _bearer_key(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        detail = "Send the header Authorization: Bearer, a space, and your key"
        raise ProblemError("UNAUTHENTICATED", detail).with_headers(CHALLENGE)
    return key.strip()
