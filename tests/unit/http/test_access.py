from __future__ import annotations

import pytest

from singlewindow.http.access import authorise
from singlewindow.http.call import Call, Reply
from singlewindow.http.problems import ProblemError
from singlewindow.http.route import PUBLIC, Public, Route
from singlewindow.security.keys import Principal, Role


class _Keys:
    """A ring with one key, "good", of a trader."""

    def principal(self, text: str) -> Principal | None:
        return Principal("k", Role.TRADER, party="P") if text == "good" else None


def _answer(_call: Call) -> Reply:
    return Reply(None)


def _route(roles: frozenset[Role] | Public) -> Route:
    return Route(method="GET", path="/x", handler=_answer, roles=roles, summary="x", answers={})


def _code(roles: frozenset[Role] | Public, header: str | None) -> str:
    with pytest.raises(ProblemError) as caught:
        authorise(_route(roles), header, _Keys())  # type: ignore[arg-type]
    return caught.value.code


def test_a_key_of_a_named_role_is_let_in() -> None:
    principal = authorise(_route(frozenset({Role.TRADER})), "Bearer good", _Keys())  # type: ignore[arg-type]
    assert principal is not None
    assert principal.party == "P"


def test_a_route_that_names_nobody_lets_nobody_in() -> None:
    assert _code(frozenset(), "Bearer good") == "FORBIDDEN"
    assert _code(frozenset(), None) == "UNAUTHENTICATED"


def test_a_public_route_asks_for_no_key() -> None:
    assert authorise(_route(PUBLIC), None, _Keys()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic Z29vZA==", "good", "Token good"])
def test_without_a_bearer_key_the_caller_is_unknown(header: str | None) -> None:
    assert _code(frozenset({Role.TRADER}), header) == "UNAUTHENTICATED"


def test_a_wrong_key_is_not_the_same_as_none() -> None:
    assert _code(frozenset({Role.TRADER}), "Bearer bad") == "INVALID_TOKEN"


def test_a_key_of_another_role_is_forbidden() -> None:
    assert _code(frozenset({Role.AUDITOR, Role.AGENCY, Role.OPERATOR}), "Bearer good") == "FORBIDDEN"
