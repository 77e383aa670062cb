from __future__ import annotations

import itertools

from adapters.circuit_breaker import Breaker


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(5, 10.0, clock)
    for _ in range(5):
        assert breaker.seconds_to_wait() == 0
        breaker.note_failure()
    return breaker


def test_a_fresh_breaker_lets_every_call_through() -> None:
    breaker = Breaker(5, 10.0, Clock())
    assert [breaker.seconds_to_wait() for _ in range(100)] == [0] * 100


def test_failures_in_a_row_open_it() -> None:
    assert opened(Clock()).seconds_to_wait() == 10


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(5, 10.0, Clock())
    for _ in range(20):
        for _ in range(4):
            breaker.note_failure()
        breaker.note_success()
    assert breaker.seconds_to_wait() == 0


def test_open_it_lets_one_call_through_every_ten_seconds() -> None:
    clock = Clock()
    breaker, let_through = opened(clock), []
    for tenth in range(601):
        clock.now = 1000 + tenth / 10
        if breaker.seconds_to_wait() == 0:
            let_through.append(tenth / 10)
            breaker.note_failure()
    assert let_through == [10, 20, 30, 40, 50, 60]


def test_while_a_probe_is_under_way_nobody_else_calls() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    assert breaker.seconds_to_wait() == 0
    assert breaker.seconds_to_wait() > 0


def test_a_probe_that_succeeds_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    breaker.seconds_to_wait()
    breaker.note_success()
    assert [breaker.seconds_to_wait(), breaker.seconds_to_wait()] == [0, 0]


def test_a_probe_that_hangs_is_followed_by_a_pause_too() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    breaker.seconds_to_wait()
    clock.now += 9
    breaker.note_failure()
    assert breaker.seconds_to_wait() == 10


def test_a_pause_that_was_asked_for_is_kept_and_not_shortened() -> None:
    clock = Clock()
    breaker = Breaker(5, 10.0, clock)
    breaker.pause_calls(30)
    breaker.pause_calls(5)
    clock.now += 10
    assert breaker.seconds_to_wait() == 20
    clock.now += 20
    assert breaker.seconds_to_wait() == 0


def test_an_agency_that_flaps_every_five_seconds_is_probed_once_in_ten() -> None:
    clock = Clock()
    breaker, while_open, opened_at = Breaker(5, 10.0, clock), [], 0.0
    for tenth in range(1200):
        clock.now = 1000 + tenth / 10
        was_open = opened_at > 0
        if breaker.seconds_to_wait() > 0:
            opened_at = opened_at or clock.now
            continue
        if was_open:
            while_open.append(clock.now)
        if int(tenth / 50) % 2:
            breaker.note_failure()
        else:
            breaker.note_success()
            opened_at = 0.0
    assert all(later - earlier >= 9.9 for earlier, later in itertools.pairwise(while_open))
