from __future__ import annotations

import base64
import dataclasses
from typing import Any

import msgspec
import pytest
from flask import Flask

from singlewindow.access import cache
from singlewindow.access.keyring import create_key, revoke_key
from singlewindow.access.keys import NewKey, Role
from singlewindow.access.tokens import new_token_key
from singlewindow.clearance.context import ClearanceContext
from tests.integration.conftest import Caller, app_over, body_of

PEM = new_token_key()


@pytest.fixture
def app(context: ClearanceContext) -> Flask:
    settings = msgspec.structs.replace(context.settings, sw_token_key=PEM)
    return app_over(dataclasses.replace(context, settings=settings))


@pytest.fixture
def key(context: ClearanceContext) -> NewKey:
    return create_key(context.engine, Role.TRADER, party="GB1")


def _asked(app: Flask, key: NewKey, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    form = {"grant_type": "client_credentials", "client_id": key.key_id, "client_secret": key.text.split("_")[2]}
    form = {name: value for name, value in (form | changes).items() if value is not None}
    return app.test_client().post("/oauth/token", data=form, headers=headers)


def test_a_token_does_what_its_key_does(app: Flask, key: NewKey) -> None:
    answer = _asked(app, key)
    assert answer.status_code == 200
    token = body_of(answer)
    assert (token["token_type"], token["expires_in"], token["scope"]) == (
        "Bearer",
        300,
        "lodge report read notices subscriptions",
    )
    assert Caller(app, token["access_token"]).get("/v1/notices").status_code == 200
    assert Caller(app, token["access_token"]).get("/metrics").status_code == 403
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_can_be_narrowed_and_never_widened(app: Flask, key: NewKey, context: ClearanceContext) -> None:
    narrow = Caller(app, body_of(_asked(app, key, scope="read"))["access_token"])
    assert narrow.get("/v1/declarations").status_code == 200
    assert narrow.get("/v1/notices").status_code == 403
    small = create_key(context.engine, Role.TRADER, party="GB1", scopes=["read"])
    assert body_of(_asked(app, small))["scope"] == "read"
    for wide in (_asked(app, small, scope="read lodge"), _asked(app, key, scope="metrics")):
        assert (wide.status_code, body_of(wide)["error"]) == (400, "invalid_scope")


def test_a_token_dies_with_its_key(
    app: Flask, key: NewKey, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = body_of(_asked(app, key))["access_token"]
    revoke_key(context.engine, key.key_id)
    monkeypatch.setattr(cache, "MOST_CACHED", 0)
    # Another key is asked for, and what was remembered is forgotten.
    Caller(app, create_key(context.engine, Role.AUDITOR).text).get("/v1/declarations")
    assert Caller(app, token).get("/v1/notices").status_code == 401
    assert body_of(_asked(app, key))["error"] == "invalid_client"


def test_a_token_s_bearer_may_act_under_its_key_s_mandates_only(app: Flask, context: ClearanceContext) -> None:
    broker = create_key(context.engine, Role.BROKER, party="B")
    caller = Caller(app, body_of(_asked(app, broker))["access_token"])
    answer = caller.call("GET", "/v1/notices", headers={"Acting-For": "GB1"})
    assert (answer.status_code, body_of(answer)["code"]) == (403, "NOT_AUTHORISED_FOR_PARTY")


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_client_may_show_its_secret_in_the_header(app: Flask, key: NewKey) -> None:
    header = _basic(key.key_id, key.text.split("_")[2])
    without: dict[str, Any] = {"client_id": None, "client_secret": None}
    assert _asked(app, key, header, **without).status_code == 200
    assert body_of(_asked(app, key, header))["error"] == "invalid_request"
    assert body_of(_asked(app, key, {"Authorization": "Basic !"}, **without))["error"] == "invalid_client"


WRONG = [
    ({"client_secret": "0" * 64}, 401, "invalid_client"), ({"client_id": "0" * 16}, 401, "invalid_client"),
    ({"client_id": None}, 401, "invalid_client"), ({"client_id": "\0é"}, 401, "invalid_client"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"), ({"grant_type": None}, 400, "unsupported_grant_type"),
    ({"more": "x" * 5_000}, 400, "invalid_request"), ({"scope": ["read", "lodge"]}, 400, "invalid_request"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "error"), WRONG)
def test_a_wrong_request_is_told_in_both_languages(
    app: Flask, key: NewKey, changes: dict[str, Any], status: int, error: str
) -> None:
    answer = _asked(app, key, **changes)
    told = body_of(answer)
    assert (answer.status_code, told["error"], told["code"]) == (status, error, error.upper())
    assert answer.content_type == "application/problem+json"
    assert key.text.split("_")[2] not in answer.text


def test_the_public_keys_are_there_for_everybody(app: Flask) -> None:
    (public,) = body_of(app.test_client().get("/.well-known/jwks.json"))["keys"]
    assert public["alg"] == "ES256"
    assert "d" not in public


def test_without_a_signing_key_there_are_no_tokens(context: ClearanceContext, key: NewKey) -> None:
    plain = app_over(context)
    assert _asked(plain, key).status_code == 404
    assert body_of(plain.test_client().get("/.well-known/jwks.json")) == {"keys": []}
