from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers

from singlewindow.access.keys import Caller, Role
from singlewindow.access.permissions import Permission
from singlewindow.http.authorisation import authorise
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import Request, Response
from singlewindow.http.route import PUBLIC, Discloses, Public, Route

KEYS = {
    "trader": Caller("k", Role.TRADER, party="P"),
    "reader": Caller("k", Role.TRADER, party="P", scopes=frozenset({"read"})),
    "broker": Caller("k", Role.BROKER, party="B"),
}


class _Keys:
    """A ring with a few keys, and one mandate: B may act for P."""

    def caller_of(self, text: str) -> Caller | None:
        return KEYS.get(text)

    def may_act(self, broker: str, party: str) -> bool:
        return (broker, party) == ("B", "P")


def _answer(_request: Request) -> Response:
    return Response(None)


def _called(permission: Permission | Public, **headers: str) -> Caller | None:
    route = Route(
        method="GET", path="/x", handler=_answer, permission=permission, discloses=Discloses.NOTHING, summary="x",
        responses={},
    )  # fmt: skip
    sent = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return authorise(route, sent, _Keys())  # type: ignore[arg-type]


def _code(permission: Permission | Public, **headers: str) -> str:
    with pytest.raises(ProblemError) as caught:
        _called(permission, **headers)
    return caught.value.code


def test_a_key_whose_role_has_the_permission_is_let_in() -> None:
    assert _called(Permission.LODGE, Authorization="Bearer trader") == KEYS["trader"]


def test_a_public_route_asks_for_no_key() -> None:
    assert _called(PUBLIC) is None


@pytest.mark.parametrize(
    ("party", "code"),
    [
        ("", "ACTING_FOR_REQUIRED"), (" ", "ACTING_FOR_REQUIRED"), ("a b", "INVALID_PARAMETER"),
        ("GB1,GB2", "INVALID_PARAMETER"), ("\u0420", "INVALID_PARAMETER"), ("P\u200b", "INVALID_PARAMETER"),
        ("X" * 18, "INVALID_PARAMETER"), ("Q", "NOT_AUTHORISED_FOR_PARTY"),
    ],
)  # fmt: skip
def test_a_header_that_names_nobody_is_no_matter_of_mandates(party: str, code: str) -> None:
    assert _code(Permission.LODGE, Authorization="Bearer broker", Acting_For=party) == code


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic Z29vZA==", "trader", "Token trader"])
def test_without_a_bearer_key_the_caller_is_unknown(header: str) -> None:
    assert _code(Permission.LODGE) == "UNAUTHENTICATED"
    assert _code(Permission.LODGE, Authorization=header) == "UNAUTHENTICATED"


def test_a_wrong_key_is_not_the_same_as_none() -> None:
    assert _code(Permission.LODGE, Authorization="Bearer bad") == "INVALID_TOKEN"


def test_a_key_of_another_role_is_forbidden() -> None:
    for permission in (Permission.METRICS, Permission.FEED, Permission.RELEASE_TIMES):
        assert _code(permission, Authorization="Bearer trader") == "FORBIDDEN"


def test_a_key_does_no_more_than_its_scopes() -> None:
    assert _called(Permission.READ, Authorization="Bearer reader") == KEYS["reader"]
    assert _code(Permission.LODGE, Authorization="Bearer reader") == "FORBIDDEN"


def test_a_broker_under_a_mandate_stands_in_the_trader_s_place_and_remains_itself() -> None:
    caller = _called(Permission.LODGE, Authorization="Bearer broker", Acting_For="P")
    assert caller is not None
    assert (caller.party, caller.broker, caller.actor, caller.client) == ("P", "B", "broker:B for P", "broker:B")


def test_a_broker_without_the_header_has_not_said_for_whom_it_acts() -> None:
    assert _called(Permission.LODGE, Authorization="Bearer broker") == KEYS["broker"]


@pytest.mark.parametrize("party", ["p", " P ", "P\t"])
def test_the_party_is_compared_without_white_space_and_in_capitals(party: str) -> None:
    caller = _called(Permission.LODGE, Authorization="Bearer broker", Acting_For=party)
    assert caller is not None
    assert caller.party == "P"


@pytest.mark.parametrize("party", ["B", "b "])
def test_a_broker_says_that_it_acts_for_itself_and_needs_no_mandate(party: str) -> None:
    caller = _called(Permission.LODGE, Authorization="Bearer broker", Acting_For=party)
    assert caller is not None
    assert (caller.party, caller.broker, caller.actor, caller.client) == ("B", "B", "broker:B", "broker:B")


@pytest.mark.parametrize("party", ["Q", "PP", "B2", "p.q", "P-"])
def test_a_broker_without_a_mandate_is_refused(party: str) -> None:
    assert _code(Permission.LODGE, Authorization="Bearer broker", Acting_For=party) == "NOT_AUTHORISED_FOR_PARTY"


def test_nobody_but_a_broker_acts_for_another_not_even_for_itself() -> None:
    assert _code(Permission.LODGE, Authorization="Bearer trader", Acting_For="P") == "FORBIDDEN"
