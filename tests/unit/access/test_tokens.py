from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from singlewindow.access import tokens as module
from singlewindow.access.tokens import LIFETIME_SECONDS, Claims, Tokens, new_token_key
from singlewindow.times import NANOSECONDS, application_clock

PEM = new_token_key()


def _claims(**changes: Any) -> dict[str, Any]:
    now = application_clock() // NANOSECONDS
    return {"iss": "singlewindow", "aud": "singlewindow", "sub": "k", "exp": now + 60, "scope": "read"} | changes


def _signed(claims: dict[str, Any], pem: str = PEM, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "typ": "at+jwt"} | header, claims, ECKey.import_key(pem), algorithms=["ES256"])


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_token_says_for_which_key_it_stands_and_what_it_may_do() -> None:
    given = Tokens(PEM).issue_token("k", ["read", "notices"])
    assert Tokens(PEM).read_claims(given) == Claims("k", frozenset({"read", "notices"}))
    assert len(given) < 1_000


def test_a_token_written_by_hand_with_the_right_key_is_believed() -> None:
    assert Tokens(PEM).read_claims(_signed(_claims())) == Claims("k", frozenset({"read"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1}, {"exp": None}, {"exp": "never"}, {"aud": "another"}, {"aud": []}, {"iss": "another"},
        {"scope": None}, {"sub": None}, {"nbf": 4_000_000_000},
    ],
)  # fmt: skip
def test_a_token_that_is_over_or_for_others_is_none(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in _claims(**changes).items() if value is not None}
    assert Tokens(PEM).read_claims(_signed(claims)) is None


def test_a_token_of_another_key_or_type_is_none() -> None:
    assert Tokens(PEM).read_claims(_signed(_claims(), new_token_key())) is None
    assert Tokens(PEM).read_claims(_signed(_claims(), typ="JWT")) is None


def test_neither_no_signature_nor_the_public_key_as_a_secret_makes_a_token() -> None:
    known = Tokens(PEM)
    unsigned = f"{_part({'alg': 'none', 'typ': 'at+jwt'})}.{_part(_claims())}."
    public = ECKey.import_key(PEM).as_pem(private=False)
    header = {"alg": "HS256", "typ": "at+jwt"}
    confused = jwt.encode(header, _claims(), OctKey.import_key(base64.b64encode(public)), algorithms=["HS256"])
    good = _signed(_claims())
    altered = ".".join([good.split(".")[0], _part(_claims(sub="other")), good.split(".")[2]])
    assert [known.read_claims(text) for text in (unsigned, confused, altered, good[:-3], good + "A", "x" * 5_000)] == [
        None
    ] * 6


HEADERS = ["alg", [], 1, None, {"alg": ["ES256"]}, {"alg": "ES256", "crit": 5}, {"alg": "ES256", "kid": {}},
           {"alg": "ES256", "crit": ["b64"], "b64": False}, {"alg": "dir", "enc": "A128GCM"}]  # fmt: skip


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "a.b.c.d.e", "é.é.é", "\0.\0.\0", "." * 2_000])
def test_what_is_no_token_is_none(text: str) -> None:
    assert Tokens(PEM).read_claims(text) is None


@pytest.mark.parametrize("header", HEADERS)
def test_a_token_with_any_other_header_is_none(header: Any) -> None:
    good = _signed(_claims())
    assert Tokens(PEM).read_claims(f"{_part(header)}.{good.partition('.')[2]}") is None


@pytest.mark.parametrize("nested", ["[" * 1_400, '{"a":' * 280, '{"alg":"ES256","kid":' + "[" * 1_400])
def test_a_token_whose_header_is_nested_deep_is_none(nested: str) -> None:
    packed = base64.urlsafe_b64encode(nested.encode()).decode().rstrip("=")
    assert Tokens(PEM).read_claims(f"{packed}.e30.AA") is None


def test_a_token_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given, now = Tokens(PEM).issue_token("k", ["read"]), application_clock()
    monkeypatch.setattr(module, "application_clock", lambda: now + (LIFETIME_SECONDS + 1) * NANOSECONDS)
    assert Tokens(PEM).read_claims(given) is None


def test_a_new_signing_key_leaves_the_tokens_of_the_old_one_valid() -> None:
    old = Tokens(PEM).issue_token("k", ["read"])
    both = Tokens(new_token_key() + PEM)
    assert both.read_claims(old) is not None
    assert Tokens(PEM).read_claims(both.issue_token("k", ["read"])) is None


def test_public_keys_have_no_private_part() -> None:
    (key,) = Tokens(PEM).public_keys()
    assert (key["kty"], key["crv"], key["alg"], "d" in key) == ("EC", "P-256", "ES256", False)


@pytest.mark.parametrize(
    "pem",
    [
        "", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ECKey.generate_key("P-384").as_pem(private=True).decode(), ECKey.import_key(PEM).as_pem(private=False).decode(),
    ],
)  # fmt: skip
def test_what_is_no_private_key_is_refused_at_the_start_without_being_shown(pem: str) -> None:
    with pytest.raises(ValueError, match="SW_TOKEN_KEY") as caught:
        Tokens(pem)
    assert "BEGIN" not in str(caught.value)
