from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.settings import Address, load_settings, secret_of, take_apart

GOOD = "postgresql+psycopg://service:q8Zp-v77kfDe@db/x"


@pytest.mark.parametrize(
    "password",
    ["change-me", "CHANGE_ME", "changeme123", "postgres", "Password", "secret", "example", "replace-me", "your-secret",
     "singlewindow", "change%2Dme"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_secret_from_an_example_is_refused_without_being_shown(name: str, password: str) -> None:
    scheme = "postgresql+psycopg" if name == "DATABASE_URL" else "redis"
    with pytest.raises(ValueError, match=f"{name} holds a secret from an example") as caught:
        load_settings({name: f"{scheme}://service:{password}@db/0"})
    assert password not in str(caught.value).replace("secret from an example", "")


@pytest.mark.parametrize(
    "url", [GOOD, "postgresql+psycopg://postgres@db/postgres", "postgresql+psycopg:///x", "http://["]
)
def test_other_addresses_are_taken_as_they_are(url: str) -> None:
    assert load_settings({"DATABASE_URL": url}).database_url == url


def test_a_secret_from_an_example_is_refused_beside_several_hosts() -> None:
    with pytest.raises(ValueError, match="REDIS_URL holds a secret from an example"):
        load_settings({"REDIS_URL": "redis+sentinel://service:change-me@one,[::1]:7000/queues"})


def test_a_secret_from_an_example_is_refused_in_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:change-me@queue\n")
    with pytest.raises(ValueError, match="REDIS_URL"):
        load_settings({"REDIS_URL_FILE": str(tmp_path / "url")})


def test_an_agency_s_key_from_an_example_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREARMS_KEY", "change-me")
    with pytest.raises(ValueError, match="FIREARMS_KEY"):
        secret_of("FIREARMS_KEY")
    monkeypatch.setenv("FIREARMS_KEY", "q8Zp-v77kfDe")
    assert secret_of("FIREARMS_KEY") == "q8Zp-v77kfDe"
    assert secret_of("NO_SUCH_KEY") is None


def test_settings_are_shown_without_their_secrets() -> None:
    given = {"DATABASE_URL": GOOD, "REDIS_URL": "redis://:w8Yt-u6@q", "SW_TOKEN_KEY": "PEM-h3",
             "SW_AUDIT_KEY": "PEM-k9", "SW_RATE": "7"}  # fmt: skip
    settings = load_settings(given)
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert "sw_rate=7.0" in shown
        assert not [secret for secret in ("q8Zp", "w8Yt", "PEM-h3", "PEM-k9") if secret in shown]


def test_a_setting_that_does_not_fit_is_named_and_no_other_is_shown() -> None:
    with pytest.raises(ValueError, match=r"^SW_THREADS has a wrong value: Expected `int`, got `str`$"):
        load_settings({"SW_THREADS": "many", "DATABASE_URL": GOOD})
    with pytest.raises(ValueError, match=r"^SW_GATHER_SECONDS has a wrong value"):
        load_settings({"SW_GATHER_SECONDS": "q8Zp"})


@pytest.mark.parametrize(
    "written",
    [b"\xef\xbb\xbfsqlite:///x.db", b"sqlite:///x.db\r\n", b"\xef\xbb\xbfsqlite:///x.db\r\n", b"sqlite:///x.db\n"],
)
def test_a_file_that_came_through_windows_is_read_as_it_was(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "url").write_bytes(written)
    assert load_settings({"DATABASE_URL_FILE": str(tmp_path / "url")}).database_url == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("utf-16", "in UTF-16"), ("utf-16-le", "in UTF-16"), ("utf-16-be", "in UTF-16"), ("cp1252", "not in UTF-8")],
)
def test_a_file_in_other_letters_is_refused_without_being_shown(tmp_path: Path, encoding: str, words: str) -> None:
    (tmp_path / "url").write_text(GOOD.replace("q8Zp", "q8Zpü"), encoding=encoding)
    with pytest.raises(ValueError, match=f"The file that DATABASE_URL_FILE names is {words}") as caught:
        load_settings({"DATABASE_URL_FILE": str(tmp_path / "url")})
    assert "q8Zp" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "countries"),
    [("", ()), ("SE", ("SE",)), ("SE,FI", ("SE", "FI")), ("SE, FI", ("SE", "FI")), (" SE  FI ", ("SE", "FI"))],
)
def test_other_countries_are_apart_by_commas_or_blanks(written: str, countries: tuple[str, ...]) -> None:
    assert load_settings({"DATABASE_URL": GOOD, "SW_SERVES": written}).other_countries == countries


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://queue", ("redis", "", "queue", "", "")),
        ("redis://:own@queue:6379/0?a=b", ("redis", ":own", "queue:6379", "0", "a=b")),
        ("Redis+Sentinel://u:p%40@a,[::1]:7000/q/3", ("redis+sentinel", "u:p%40", "a,[::1]:7000", "q/3", "")),
        ("unix:///run/queue?db=1#end", ("unix", "", "", "run/queue", "db=1")),
        ("redis://a@b@queue", ("redis", "a@b", "queue", "", "")),
        ("sqlite:////data/a.db", ("sqlite", "", "", "/data/a.db", "")),
    ],
)  # fmt: skip
def test_every_part_of_an_address_is_found(url: str, parts: tuple[str, ...]) -> None:
    assert take_apart(url) == Address(*parts)


WORDS = st.text("abc:.,[]%-", min_size=1)


@given(st.builds(Address, st.sampled_from(["redis", "rediss+sentinel"]), WORDS, WORDS, WORDS, WORDS))
def test_an_address_that_is_put_together_is_taken_apart(parts: Address) -> None:
    scheme, credentials, hosts, path, query = parts
    assert take_apart(f"{scheme}://{credentials}@{hosts}/{path}?{query}") == parts
