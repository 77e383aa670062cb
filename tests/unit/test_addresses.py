"""Addresses of servers, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.addresses import Address, take_apart


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
def test_every_part_is_found(url: str, parts: tuple[str, ...]) -> None:
    assert take_apart(url) == Address(*parts)


WORDS = st.text("abc:.,[]%-", min_size=1)


@given(st.builds(Address, st.sampled_from(["redis", "rediss+sentinel"]), WORDS, WORDS, WORDS, WORDS))
def test_what_is_put_together_is_taken_apart(parts: Address) -> None:
    scheme, credentials, hosts, path, query = parts
    assert take_apart(f"{scheme}://{credentials}@{hosts}/{path}?{query}") == parts
