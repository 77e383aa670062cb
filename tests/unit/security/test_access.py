from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event

from singlewindow.security.access import REMEMBERED_SECONDS, Keyring, create_key, list_keys, revoke_key
from singlewindow.security.keys import Role
from singlewindow.storage import schema
from singlewindow.storage.engines import open_engine


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    schema.upgrade(engine)
    yield engine
    engine.dispose()


def test_a_fresh_key_stands_for_its_owner(engine: Engine) -> None:
    made = create_key(engine, Role.TRADER, party="GB1")
    principal = Keyring(engine).principal(made.text)
    assert principal is not None
    assert (principal.role, principal.party, principal.agency) == (Role.TRADER, "GB1", None)


@pytest.mark.parametrize(
    "text", ["", "sw", "sw_a_b", "xx_0123456789abcdef_00", "sw_0123456789abcdef_00", "sw_\0_\0", "é_é_é"]
)
def test_what_is_no_key_stands_for_nobody(engine: Engine, text: str) -> None:
    assert Keyring(engine).principal(text) is None


def test_the_right_id_with_another_secret_stands_for_nobody(engine: Engine) -> None:
    made = create_key(engine, Role.AUDITOR)
    keyring = Keyring(engine)
    assert keyring.principal(made.text) is not None
    assert keyring.principal(made.text[:-1] + ("0" if made.text[-1] != "0" else "1")) is None


def test_a_known_key_is_remembered_for_a_short_time(engine: Engine) -> None:
    made, clock, asked = create_key(engine, Role.AUDITOR), _Clock(), []
    keyring = Keyring(engine, clock)
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for clock.now in (0.0, REMEMBERED_SECONDS - 0.01):
        assert keyring.principal(made.text) is not None
    before = len(asked)
    clock.now = REMEMBERED_SECONDS
    assert keyring.principal(made.text) is not None
    assert len([statement for statement in asked[:before] if "SELECT" in statement]) == 1
    assert len(asked) > before


def test_a_revoked_key_is_refused_once_it_is_forgotten(engine: Engine) -> None:
    made, clock = create_key(engine, Role.AUDITOR), _Clock()
    keyring = Keyring(engine, clock)
    assert keyring.principal(made.text) is not None
    assert revoke_key(engine, made.key_id)
    clock.now = REMEMBERED_SECONDS
    assert keyring.principal(made.text) is None


def test_a_key_is_revoked_once(engine: Engine) -> None:
    made = create_key(engine, Role.OPERATOR)
    assert [revoke_key(engine, made.key_id), revoke_key(engine, made.key_id), revoke_key(engine, "none")] == [
        True, False, False,
    ]  # fmt: skip


def test_keys_are_listed_without_their_secret(engine: Engine) -> None:
    made = create_key(engine, Role.AGENCY, agency="customs", name="feed reader")
    (row,) = list_keys(engine)
    assert (row.key_id, row.agency, row.name, row.revoked_at) == (made.key_id, "customs", "feed reader", None)
    assert made.text.split("_")[2].encode() not in row.secret_sha256


@pytest.mark.parametrize(
    ("role", "party", "agency"),
    [
        (Role.TRADER, None, None),
        (Role.TRADER, "", None),
        (Role.TRADER, "GB1", "customs"),
        (Role.TRADER, "two words", None),
        (Role.AGENCY, None, None),
        (Role.AGENCY, "GB1", "customs"),
        (Role.AUDITOR, "GB1", None),
        (Role.OPERATOR, None, "customs"),
    ],
)
def test_a_key_needs_exactly_the_owner_of_its_role(
    engine: Engine, role: Role, party: str | None, agency: str | None
) -> None:
    with pytest.raises(ValueError, match=r"party|agency"):
        create_key(engine, role, party, agency)
