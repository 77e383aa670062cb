"""Signatures are checked with the public library that receivers use."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from singlewindow.deliveries.signing import new_secret, secret_text, signed_headers

CONTENT = b'{"type":"notice","data":{"words":"T\xc3\xa9a"}}'


def headers(live: list[bytes], at: datetime | None = None) -> dict[str, str]:
    seconds = int((at or datetime.now(UTC)).timestamp())
    return signed_headers("msg_1_7-00ff00ff", seconds, CONTENT, live)


def test_the_public_library_accepts_what_is_signed_with_any_live_secret() -> None:
    old, new = new_secret(), new_secret()
    signed = headers([new, old])
    for secret in (old, new):
        assert Webhook(secret_text(secret)).verify(CONTENT, signed) == json.loads(CONTENT)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_it_refuses_what_was_signed_too_long_ago_or_is_of_the_future(minutes: int) -> None:
    secret = new_secret()
    signed = headers([secret], datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(secret)).verify(CONTENT, signed)


@pytest.mark.parametrize("change", ["content", "id", "timestamp", "secret"])
def test_it_refuses_what_was_altered_or_signed_by_another(change: str) -> None:
    secret = new_secret()
    signed, content = headers([secret]), CONTENT
    if change == "content":
        content = content.replace(b"notice", b"Notice")
    elif change == "secret":
        secret = new_secret()
    else:
        signed[f"webhook-{change}"] = {"id": "msg_2", "timestamp": str(int(signed["webhook-timestamp"]) + 1)}[change]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(secret)).verify(content, signed)


def test_no_two_secrets_are_alike_and_each_has_256_bits() -> None:
    made = {new_secret() for _ in range(100)}
    assert {len(secret) for secret in made} == {32}
    assert len(made) == 100
