"""Who may make a call: the route names its roles, and whoever is not named is refused."""

from __future__ import annotations

from singlewindow.http.problems import ProblemError
from singlewindow.http.route import Public, Route
from singlewindow.security.access import Keyring
from singlewindow.security.keys import Principal

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="singlewindow"'}


def authorise(route: Route, authorization: str | None, keyring: Keyring) -> Principal | None:
    """The caller, None on public routes; raises the problems UNAUTHENTICATED, INVALID_TOKEN and FORBIDDEN."""
    if isinstance(route.roles, Public):
        return None
    principal = keyring.principal(_bearer(authorization))
    if principal is None:
        detail = "The bearer key is unknown, wrong or revoked; ask the operator for a new one"
        raise ProblemError("INVALID_TOKEN", detail).with_headers(CHALLENGE)
    if principal.role not in route.roles:
        raise ProblemError("FORBIDDEN", f"A key of role {principal.role} may not make this call")
    return principal


def _bearer(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        detail = "Send the header Authorization: Bearer, a space, and your key"
        raise ProblemError("UNAUTHENTICATED", detail).with_headers(CHALLENGE)
    return key.strip()
