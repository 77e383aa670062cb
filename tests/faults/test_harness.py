"""The harness by itself: an installation works, and the checker finds nothing wrong where nothing was done to it."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Install
from tests.faults.harness.processes import wait_until

pytestmark = pytest.mark.service


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_an_installation_left_in_peace_has_nothing_wrong(install: Install, engine: str) -> None:
    here = install(engine)
    here.start(workers=1)
    with here.load(rate=20) as load:
        wait_until(lambda: load.sent >= 20, 20)
    here.settle()
    assert here.verdict() == []
    assert here.log.statuses() == {202: load.sent}
