"""Pauses grow to a quarter of an hour; a receiver is blocked by messages that fail, not by one that fails often."""

from __future__ import annotations

from singlewindow.deliveries.schedule import (
    BLOCKED_AFTER,
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    Health,
    is_gone,
    pause_after,
)
from singlewindow.times import MICROSECONDS

NOW = 1_000 * MICROSECONDS


def test_pauses_double_from_five_seconds_to_a_quarter_of_an_hour_with_some_chance() -> None:
    for attempts in range(1, 400):
        plain = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
        assert plain * (1 - JITTER) <= pause_after(attempts) <= plain * (1 + JITTER)
    assert len({pause_after(3) for _ in range(20)}) > 1


def test_a_message_that_is_refused_again_and_again_blocks_nothing() -> None:
    health = Health().after_failure(NOW, first=True)
    for _ in range(1_000):
        health = health.after_failure(NOW, first=False)
    assert health == Health(failures=1)


def test_some_messages_in_a_row_that_fail_block_the_receiver_and_one_success_frees_it() -> None:
    health = Health()
    for _ in range(BLOCKED_AFTER):
        assert health.blocked_at is None
        health = health.after_failure(NOW, first=True)
    assert health.blocked_at == NOW
    assert health.due_at(NOW) > NOW
    assert health.after_success() == Health()
    assert health.after_success().due_at(NOW) == NOW


def test_a_success_in_between_begins_the_count_again() -> None:
    health = Health()
    for _ in range(10 * BLOCKED_AFTER):
        health = health.after_failure(NOW, first=True).after_success().after_failure(NOW, first=True)
        assert health.blocked_at is None


def test_a_receiver_that_fails_is_tried_after_longer_and_longer_pauses() -> None:
    health, pauses = Health(BLOCKED_AFTER, NOW), []
    for _ in range(12):
        health = health.after_failure(NOW, first=False)
        pauses.append(health.due_at(NOW) - NOW)
    assert health.blocked_at == NOW
    assert pauses[0] < pauses[2] < LONGEST_PAUSE
    assert all(pause >= LONGEST_PAUSE * (1 - JITTER) for pause in pauses[4:])


def test_a_receiver_that_asks_for_a_pause_gets_it() -> None:
    health = Health().after_failure(NOW, first=True, pause=120.0)
    assert (health.blocked_at, health.due_at(NOW)) == (None, NOW + 120 * MICROSECONDS)


def test_only_410_ends_a_subscription() -> None:
    assert [status for status in (None, *range(100, 600)) if is_gone(status)] == [410]
