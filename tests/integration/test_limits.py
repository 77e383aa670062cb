from __future__ import annotations

import dataclasses
import time
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from singlewindow.access import quota
from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.access.quota import Quotas
from singlewindow.access.tokens import new_token_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage import backlog
from tests.integration.conftest import Caller, Callers, app_over, problem, work
from tests.integration.documents import tree


def _limited(context: ClearanceContext, **settings: Any) -> ClearanceContext:
    return dataclasses.replace(context, settings=msgspec.structs.replace(context.settings, **settings))


def test_a_client_that_asks_too_often_is_told_when_to_come_back(context: ClearanceContext) -> None:
    app = app_over(_limited(context, sw_rate=0.5))
    keys = [create_key(context.engine, Role.TRADER, party=party).text for party in ("A", "A", "B")]
    assert Caller(app, keys[0]).get("/v1/notices").status_code == 200
    answer = Caller(app, keys[1]).get("/v1/notices")
    assert problem(answer) == (429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert Caller(app, keys[2]).get("/v1/notices").status_code == 200


def test_wrong_keys_are_slowed_down_and_right_ones_pass(app: Flask, trader: Caller, context: ClearanceContext) -> None:
    assert _wrong_keys(app, 21) == ["INVALID_TOKEN"] * 20 + ["RATE_LIMITED"]
    assert trader.get("/v1/notices").status_code == 200
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answer = app_over(_limited(context, sw_token_key=new_token_key())).test_client().post("/oauth/token", data=form)
    assert problem(answer) == (401, "INVALID_CLIENT")


def _wrong_keys(app: Flask, times: int) -> list[str]:
    wrong = Caller(app, "sw_0123456789abcdef_00")
    return [problem(wrong.get("/v1/notices"))[1] for _ in range(times)]


def test_the_operator_says_how_many_wrong_keys_an_address_may_send(context: ClearanceContext) -> None:
    strict, without = (app_over(_limited(context, sw_wrong_keys=rate)) for rate in (0.05, 0))
    assert _wrong_keys(strict, 3) == ["INVALID_TOKEN"] * 2 + ["RATE_LIMITED"]
    assert _wrong_keys(without, 100) == ["INVALID_TOKEN"] * 100


def test_a_party_with_too_many_open_declarations_lodges_no_more_until_some_are_decided(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "COUNTED_SECONDS", 0.0)
    monkeypatch.setattr(quota, "REST", 0)
    limited = _limited(context, sw_open_limit=2)
    callers = Callers(app_over(limited), limited)
    full, other = callers.trader("FULL"), callers.trader("OTHER")
    numbers = iter(range(10_000))
    assert _until(429, lambda: full.lodge(tree(f"L{next(numbers)}")).status_code)
    assert other.lodge(tree()).status_code == 202
    refused = full.lodge(tree("ONE-MORE"))
    assert problem(refused) == (429, "QUOTA_EXCEEDED")
    assert refused.headers["Retry-After"].isdecimal()
    work(limited)
    assert _until(202, lambda: full.lodge(tree("ONE-MORE")).status_code)


def _until(status: int, ask: Any) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if ask() == status:
            return True
        time.sleep(0.02)
    return False


def test_counting_fails_without_harm(context: ClearanceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Quotas(context.engine, limit=1)
    monkeypatch.setattr(backlog, "parties_with_open", _away)
    counted._counting.acquire()
    counted._count_undecided()
    assert not counted.is_full("A")


def _away(*_: object) -> None:
    raise OperationalError("", {}, Exception())
