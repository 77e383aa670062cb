from __future__ import annotations

from typing import Any

import httpx
import pytest

from singlewindow.cli.auditor import release_times as command
from singlewindow.enquiries.release_times import Study
from singlewindow.release_times.report import Query, report
from tests.unit.cli.conftest import Run

SPAN = ("--from", "2026-01-01", "--to", "2026-02-01")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What a service is asked that answers with an empty report; it is final where a cut-off is given."""
    queries: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        queries.append(dict(request.url.params))
        settled: dict[str, Any] = {"settled": "cut_off" in queries[-1]}
        return httpx.Response(200, json=report([], Query(0, 1, 2)).plain_values() | settled)

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(command, "open_client", lambda url, _: httpx.Client(base_url=url, transport=transport))
    monkeypatch.setattr(command, "key_of_environment", lambda: "key")
    return queries


def test_what_is_not_given_is_left_to_the_service(run: Run, asked: list[dict[str, str]]) -> None:
    ran = run("release-times", *SPAN)
    assert (ran.status, asked) == (0, [{"from": "2026-01-01", "to": "2026-02-01"}])
    assert "These figures can still change. For final ones, use a --cut-off" in ran.out


def test_a_cut_off_and_the_mode_are_handed_on_and_the_report_is_final(run: Run, asked: list[dict[str, str]]) -> None:
    ran = run("release-times", *SPAN, "--cut-off", "2026-02-03", "--mode-milliseconds", "60000", "--by", "lane")
    more = {"cut_off": "2026-02-03", "mode_milliseconds": "60000", "by": "lane"}
    assert (ran.status, asked) == (0, [{"from": "2026-01-01", "to": "2026-02-01"} | more])
    assert "as of 1970-01-01T00:00:00.000002Z" in " ".join(ran.out.split())
    assert "can still change" not in ran.out


def test_the_end_may_be_left_to_the_cut_off(run: Run, asked: list[dict[str, str]]) -> None:
    ran = run("release-times", "--from", "2026-01-01", "--cut-off", "2026-02-03")
    assert (ran.status, asked) == (0, [{"from": "2026-01-01", "cut_off": "2026-02-03"}])
    assert "Mode rounded to 1 s; settled: yes." in ran.out


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (Study(start=50, cut_off=20), "The cut-off 1970-01-01T00:00:00.000020Z is before the range"),
        (Study(start=50, end=60, cut_off=20), "The cut-off 1970-01-01T00:00:00.000020Z is before the range"),
        (Study(start=200), "The range starts at 1970-01-01T00:00:00.000200Z, which is in the future"),
        (Study(start=50, cut_off=200), "The cut-off 1970-01-01T00:00:00.000200Z is in the future"),
        (Study(start=50, end=40), "The range ends at 1970-01-01T00:00:00.000040Z"),
    ],
)
def test_a_range_that_is_none_is_told_by_the_moments_that_were_asked(study: Study, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        study.query_at(100)
