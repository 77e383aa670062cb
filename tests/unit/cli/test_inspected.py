from __future__ import annotations

import httpx
import pytest
from click import ClickException

from singlewindow.cli import inspected
from singlewindow.shipped import EXAMPLES


def test_every_case_has_its_example_and_its_officer() -> None:
    for case in inspected.CASES:
        assert (EXAMPLES / "declarations" / case.file).is_file()
        assert case.agency in inspected.OFFICERS


def test_where_no_officer_is_asked_the_demonstration_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspected, "_WAIT_SECONDS", 0.01)
    nothing = httpx.MockTransport(lambda _: httpx.Response(200, json={"inspections": []}))
    with (
        httpx.Client(base_url="http://here", transport=nothing) as client,
        pytest.raises(ClickException, match="Nothing about 26GB1 waits for the officers of firearms"),
    ):
        inspected._listed(client, "firearms", "inspections", "26GB1")
