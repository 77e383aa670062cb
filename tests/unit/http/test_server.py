"""Where the web process runs."""

from __future__ import annotations

import os
import threading

import pytest

from singlewindow.http.server import stay_on


@pytest.fixture
def processors() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def stayed_on(number: int) -> set[int]:
    """Where a thread that was told so may run; it and what it starts are the only ones that are bound."""
    found: list[set[int]] = []

    def stay() -> None:
        stay_on(number)
        found.append(os.sched_getaffinity(0))

    thread = threading.Thread(target=stay)
    thread.start()
    thread.join()
    return found[0]


def test_each_number_is_another_processor_until_all_are_taken(processors: list[int]) -> None:
    taken = [stayed_on(number + 1) for number in range(2 * len(processors))]
    assert taken == [{processor} for processor in reversed(processors)] * 2


def test_where_it_is_forbidden_the_process_goes_on_anywhere(
    processors: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forbidden(_pid: int, _processors: set[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    assert stayed_on(1) == set(processors)
    assert caplog.messages == ["this process cannot keep to one processor (PermissionError)"]


def test_other_threads_run_where_they_ran(processors: list[int]) -> None:
    stayed_on(1)
    assert sorted(os.sched_getaffinity(0)) == processors
