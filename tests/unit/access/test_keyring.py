from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from singlewindow.access import keyring as keyring_module
from singlewindow.access.keyring import CACHED_SECONDS, Keyring, create_key, list_keys, revoke_key, rotate_key
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate, list_mandates, revoke_mandate
from singlewindow.storage import keys
from singlewindow.storage.engine.connect import clock, open_engine


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_a_party_with_its_first_key_is_protected_within_a_minute(engine: Engine) -> None:
    clock = _Clock()
    keyring = Keyring(engine, clock)
    assert not keyring.takes_part("GB2")
    made = create_key(engine, Role.TRADER, party="GB2")
    clock.now = keyring_module.PARTIES_KNOWN_SECONDS
    assert keyring.takes_part("GB2")
    assert keyring.takes_part(" gb2")
    revoke_key(engine, made.key_id)
    clock.now *= 2
    assert not keyring.takes_part("GB2")


def test_a_fresh_key_stands_for_its_owner(engine: Engine) -> None:
    made = create_key(engine, Role.TRADER, party="GB1")
    caller = Keyring(engine).caller_of(made.text)
    assert caller is not None
    assert (caller.role, caller.party, caller.agency) == (Role.TRADER, "GB1", None)


@pytest.mark.parametrize(
    "text", ["", "sw", "sw_a_b", "xx_0123456789abcdef_00", "sw_0123456789abcdef_00", "sw_\0_\0", "é_é_é"]
)
def test_what_is_no_key_stands_for_nobody(engine: Engine, text: str) -> None:
    assert Keyring(engine).caller_of(text) is None


def test_the_right_id_with_another_secret_stands_for_nobody(engine: Engine) -> None:
    made = create_key(engine, Role.AUDITOR)
    keyring = Keyring(engine)
    assert keyring.caller_of(made.text) is not None
    assert keyring.caller_of(made.text[:-1] + ("0" if made.text[-1] != "0" else "1")) is None


def test_a_known_key_is_remembered_for_a_short_time(engine: Engine) -> None:
    made, clock, asked = create_key(engine, Role.AUDITOR), _Clock(), []
    keyring = Keyring(engine, clock)
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for clock.now in (0.0, CACHED_SECONDS - 0.01):
        assert keyring.caller_of(made.text) is not None
    before = len(asked)
    clock.now = CACHED_SECONDS
    assert keyring.caller_of(made.text) is not None
    assert len([statement for statement in asked[:before] if "SELECT" in statement]) == 1
    assert len(asked) > before


def test_a_revoked_key_is_refused_once_it_is_forgotten(engine: Engine) -> None:
    made, clock = create_key(engine, Role.AUDITOR), _Clock()
    keyring = Keyring(engine, clock)
    assert keyring.caller_of(made.text) is not None
    assert revoke_key(engine, made.key_id)
    clock.now = CACHED_SECONDS
    assert keyring.caller_of(made.text) is None


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
        (Role.BROKER, None, None),
        (Role.ANALYST, "GB1", None),
        (Role.AUDITOR, "GB1", None),
        (Role.OPERATOR, None, "customs"),
    ],
)
def test_a_key_needs_exactly_the_owner_of_its_role(
    engine: Engine, role: Role, party: str | None, agency: str | None
) -> None:
    with pytest.raises(ValueError, match=r"party|agency"):
        create_key(engine, role, party, agency)


def _later(engine: Engine, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the database's clock, as far as access asks it, go on."""
    monkeypatch.setattr("singlewindow.access.keyring.clock", lambda connection: clock(connection) + int(seconds * 1e6))


def test_a_key_expires(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = create_key(engine, Role.AUDITOR, lifetime_seconds=60)
    assert Keyring(engine).caller_of(made.text) is not None
    _later(engine, monkeypatch, 61)
    assert Keyring(engine).caller_of(made.text) is None


def test_a_key_carries_its_scopes(engine: Engine) -> None:
    made = create_key(engine, Role.TRADER, party="GB1", scopes=["read", "notices", "read"])
    caller = Keyring(engine).caller_of(made.text)
    assert caller is not None
    assert caller.scopes == {"read", "notices"}


@pytest.mark.parametrize("scopes", [["metrics"], ["read", "nothing"], ["read notices"], [""]])
def test_a_key_has_no_scope_beyond_its_role(engine: Engine, scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="It can have lodge, report, read, notices"):
        create_key(engine, Role.TRADER, party="GB1", scopes=scopes)


def test_a_rotated_key_and_its_successor_both_live_for_the_overlap(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = create_key(engine, Role.TRADER, party="GB1", name="office", scopes=["read"])
    new = rotate_key(engine, old.key_id, overlap_seconds=60)
    assert new is not None
    first, second = (Keyring(engine).caller_of(key.text) for key in (old, new))
    assert first is not None
    assert second is not None
    assert (first.party, first.scopes) == (second.party, second.scopes)
    assert {row.name for row in list_keys(engine)} == {"office"}
    _later(engine, monkeypatch, 61)
    assert Keyring(engine).caller_of(old.text) is None
    assert Keyring(engine).caller_of(new.text) is not None


def test_a_rotation_never_lengthens_a_key_s_life(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    old = create_key(engine, Role.AUDITOR, lifetime_seconds=10)
    new = rotate_key(engine, old.key_id, overlap_seconds=60)
    assert new is not None
    ends = {row.key_id: (row.expires_at or 0) - row.created_at for row in list_keys(engine)}
    assert ends[old.key_id] == 10_000_000
    assert ends[new.key_id] == 10_000_000
    _later(engine, monkeypatch, 11)
    assert rotate_key(engine, old.key_id, 60) is None


def test_what_does_not_live_cannot_be_rotated(engine: Engine) -> None:
    made = create_key(engine, Role.AUDITOR)
    revoke_key(engine, made.key_id)
    assert rotate_key(engine, made.key_id, 60) is None
    assert rotate_key(engine, "none", 60) is None


def test_the_last_use_is_noted_later_and_once_for_many_uses(engine: Engine) -> None:
    used, unused, keyring = create_key(engine, Role.AUDITOR), create_key(engine, Role.AUDITOR), Keyring(engine)
    written: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: written.append(given[2]))
    for _ in range(100):
        assert keyring.caller_of(used.text) is not None
    assert not any("UPDATE" in statement for statement in written), "a request wrote"
    keyring.record_uses()
    assert len([statement for statement in written if "UPDATE" in statement]) == 1
    noted = {row.key_id: row.last_used_at for row in list_keys(engine)}
    assert noted[used.key_id] is not None
    assert noted[unused.key_id] is None


def test_a_database_that_is_away_when_a_use_is_noted_harms_nobody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, made = Keyring(engine), create_key(engine, Role.AUDITOR)

    def away(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    assert keyring.caller_of(made.text) is not None
    monkeypatch.setattr(keys, "record_use", away)
    keyring.record_uses()
    assert keyring.caller_of(made.text) is not None


def test_a_mandate_lets_its_broker_act_for_its_party_only(engine: Engine) -> None:
    grant_mandate(engine, "BROKER", "GB1")
    keyring = Keyring(engine)
    pairs = [("BROKER", "GB1"), ("BROKER", "GB2"), ("GB1", "BROKER"), ("OTHER", "GB1"), ("", "")]
    assert [keyring.may_act(*pair) for pair in pairs] == [True, False, False, False, False]


@pytest.mark.parametrize("party", ["\0", "GB1\0", "\ud800", "GB 1", "é", "A" * 65, "A" * 30_000])
def test_what_can_be_no_party_s_name_has_no_mandate(engine: Engine, party: str) -> None:
    assert not Keyring(engine).may_act("BROKER", party)


def test_a_mandate_ends_when_it_says_or_when_it_is_revoked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine.connect() as connection:
        now = clock(connection)
    grant_mandate(engine, "B", "SOON", valid_from=now + 30_000_000)
    grant_mandate(engine, "B", "NOW", valid_to=now + 30_000_000)
    number = grant_mandate(engine, "B", "REVOKED")
    assert [revoke_mandate(engine, number), revoke_mandate(engine, number)] == [True, False]
    parties = ("SOON", "NOW", "REVOKED")
    assert [Keyring(engine).may_act("B", party) for party in parties] == [False, True, False]
    _later(engine, monkeypatch, 31)
    assert [Keyring(engine).may_act("B", party) for party in parties] == [True, False, False]
    assert [row.party for row in list_mandates(engine)] == [*parties]


def test_a_revoked_mandate_is_forgotten_as_a_key_is(engine: Engine) -> None:
    number, ticking = grant_mandate(engine, "B", "P"), _Clock()
    keyring = Keyring(engine, ticking)
    assert keyring.may_act("B", "P")
    revoke_mandate(engine, number)
    ticking.now = CACHED_SECONDS
    assert not keyring.may_act("B", "P")


def test_a_mandate_that_would_be_over_before_it_begins_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="later end"):
        grant_mandate(engine, "B", "P", valid_to=1)
    with pytest.raises(ValueError, match="broker"):
        grant_mandate(engine, "two words", "P")


def test_a_use_is_noted_once_a_minute_however_often_the_key_is_used(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[float] = []
    monkeypatch.setattr(keyring_module, "run_later", lambda seconds, _act: planned.append(seconds))
    keyring, made = Keyring(engine), create_key(engine, Role.AUDITOR)
    for _ in range(10):
        keyring.caller_of(made.text)
    assert planned == [keyring_module.USE_RECORDED_SECONDS]
    keyring.record_uses()
    keyring.caller_of(made.text)
    assert planned == [60.0, 60.0]
