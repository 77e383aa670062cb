from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from singlewindow.access import rate_limit
from singlewindow.access.rate_limit import Buckets


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_client_has_its_burst_and_then_its_rate() -> None:
    clock = _Clock()
    buckets = Buckets(10, 20, clock)
    assert [buckets.take_request("a") for _ in range(20)] == [0.0] * 20
    assert 0 < buckets.take_request("a") <= 0.1
    clock.now += 0.1
    assert buckets.take_request("a") == 0
    assert buckets.take_request("a") > 0


def test_one_client_s_requests_are_not_another_s() -> None:
    buckets = Buckets(1, 1, _Clock())
    assert [buckets.take_request("a"), buckets.take_request("b")] == [0, 0]
    assert buckets.take_request("a") > 0


def test_no_rate_is_no_limit() -> None:
    buckets = Buckets(0, 0, _Clock())
    assert not any(buckets.take_request("a") for _ in range(10_000))


def test_what_is_remembered_of_clients_that_are_gone_is_forgotten() -> None:
    clock = _Clock()
    buckets = Buckets(1, 1, clock)
    for number in range(rate_limit.MOST_CLIENTS):
        buckets.take_request(str(number))
    clock.now += 60
    buckets.take_request("new")
    assert len(buckets._full_at) == 1


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_in_any_time_no_more_passes_than_burst_and_rate_allow(pauses: list[float]) -> None:
    clock = _Clock()
    buckets, passed = Buckets(5, 3, clock), 0
    for pause in pauses:
        clock.now += pause
        passed += buckets.take_request("a") == 0
    assert passed <= 3 + 5 * (clock.now - 100) + 1e-6
