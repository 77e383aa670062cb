from __future__ import annotations

import httpx
import pytest
from click import ClickException

from singlewindow.cli import lives


def test_a_life_that_is_refused_ends_the_demonstration() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(409, json={"detail": "It cannot be amended in this state."})

    with (
        httpx.Client(base_url="http://here", transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(ClickException, match=r"POST /v1/declarations was refused: .*cannot be amended"),
    ):
        lives._live(client, lives.LIVES[0])
