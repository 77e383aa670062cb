"""One answer for everybody: asked for anew by one thread, while nobody else waits."""

from __future__ import annotations

import threading

from singlewindow.access.cache import RefreshingCache


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_lasts_so_many_seconds() -> None:
    clock, answers = _Clock(), iter(["first", "second"])
    snapshot = RefreshingCache(lambda: next(answers), clock, 60.0)
    assert [snapshot.get(), snapshot.get()] == ["first", "first"]
    clock.now = 59.9
    assert snapshot.get() == "first"
    clock.now = 60.0
    assert snapshot.get() == "second"


def test_while_one_asks_anew_the_others_keep_the_last_answer() -> None:
    clock, asked, answer = _Clock(), threading.Event(), threading.Event()

    def ask() -> str:
        if clock.now:
            asked.set()
            assert answer.wait(10.0)
        return f"of {clock.now}"

    snapshot = RefreshingCache(ask, clock, 60.0)
    assert snapshot.get() == "of 0.0"
    clock.now = 61.0
    asking = threading.Thread(target=snapshot.get)
    asking.start()
    assert asked.wait(10.0)
    assert snapshot.get() == "of 0.0"
    answer.set()
    asking.join()
    assert snapshot.get() == "of 61.0"


def test_what_is_not_known_yet_is_waited_for_and_asked_once() -> None:
    asked: list[int] = []
    answer = threading.Event()

    def ask() -> str:
        asked.append(1)
        assert answer.wait(10.0)
        return "known"

    snapshot = RefreshingCache(ask, _Clock(), 60.0)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(snapshot.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    answer.set()
    for thread in threads:
        thread.join()
    assert (got, len(asked)) == (["known"] * 4, 1)


def test_an_answer_that_could_not_be_had_is_asked_for_again() -> None:
    clock, failing = _Clock(), [True]

    def ask() -> str:
        if failing[0]:
            raise OSError("no answer")
        return "known"

    snapshot = RefreshingCache(ask, clock, 60.0)
    for _ in range(2):
        try:
            snapshot.get()
        except OSError:
            failing[0] = False
    assert snapshot.get() == "known"
