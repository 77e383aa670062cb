from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from singlewindow.storage.engine import ids


def test_ids_of_one_process_never_repeat_whatever_the_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(20_000)))
    assert len(set(made)) == len(made)


def test_ids_rise_even_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.new_id()
    monkeypatch.setattr(ids, "application_clock", lambda: ids.EPOCH_MILLISECONDS * 1_000_000)
    assert ids.new_id() > before


def test_an_id_fits_a_bigint() -> None:
    assert 0 < ids.new_id() < 2**63
