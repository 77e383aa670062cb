"""Reading on in the three streams, by number and by cursor: notices, an agency's feed, the checkpoints."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.enquiries import audit_trail
from tests.integration.conftest import ON_ONE_ENGINE, Caller, Callers, body_of, problem
from tests.integration.documents import XML_TYPE, tree

SIGNER = Signer(new_key())


class Reader(NamedTuple):
    """Somebody who reads a stream, and how the stream grows by one entry."""

    caller: Caller
    path: str
    table: str
    grow: Callable[[], object]

    def read(self, after: str | None = None, limit: int = 50) -> TestResponse:
        """A page."""
        return self.caller.get(f"{self.path}?limit={limit}{'' if after is None else f'&after={after}'}")

    def fill(self, count: int) -> str:
        """Let the stream grow; where to go on from."""
        for _ in range(count):
            self.grow()
        return self.read().headers["X-Next-After"]


@pytest.fixture(params=["notice", "feed", "checkpoint"])
def reader(request: pytest.FixtureRequest, callers: Callers, context: ClearanceContext) -> Reader:
    trader, numbers = callers.trader(), iter(range(1_000))

    def lodge() -> None:
        assert trader.lodge(tree(f"LRN{next(numbers)}")).status_code == 202

    if request.param == "notice":
        return Reader(trader, "/v1/notices", "notice", lodge)
    if request.param == "feed":
        return Reader(callers.agency("customs"), "/v1/agencies/customs/feed", "feed", lodge)
    auditor = callers.auditor()
    return Reader(
        auditor, "/v1/audit/checkpoints", "checkpoint", lambda: audit_trail.sign_checkpoint(context.engine, SIGNER)
    )


def entries(answer: TestResponse) -> int:
    assert answer.status_code == 200, answer.data
    if answer.content_type == "text/plain":
        return len(answer.data.splitlines())
    body = body_of(answer)
    assert body["next"] == answer.headers["X-Next-After"]
    return len(body.get("notices", body.get("entries")))


def detail(answer: TestResponse) -> str:
    assert problem(answer) == (409, "CURSOR_CONFLICT")
    return str(body_of(answer)["detail"])


def test_every_page_names_the_next_with_a_digest_of_its_last_entry(reader: Reader) -> None:
    reader.fill(5)
    first = reader.read(limit=2)
    following = first.headers["X-Next-After"]
    assert re.fullmatch("2-[0-9a-f]{8}", following)
    assert f"after={following}&" in first.headers["Link"]
    assert [entries(first), entries(reader.read(following))] == [2, 3]


def test_the_end_of_a_stream_is_an_empty_page_that_names_itself_again(reader: Reader) -> None:
    end = reader.fill(3)
    again = reader.read(end)
    assert (entries(again), again.headers["X-Next-After"]) == (0, end)
    reader.grow()
    assert entries(reader.read(end)) == 1


@pytest.mark.parametrize("after", ["0", "000", None])
def test_the_beginning_is_no_entry_of_the_stream(reader: Reader, after: str | None) -> None:
    empty = reader.read(after)
    assert (entries(empty), empty.headers["X-Next-After"]) == (0, "0")
    reader.fill(2)
    assert entries(reader.read(after)) == 2


def test_a_number_alone_still_works_and_is_given_its_digest_at_the_end(reader: Reader) -> None:
    end = reader.fill(3)
    assert [entries(reader.read(after)) for after in ("1", "2", "3", "003")] == [2, 1, 0, 0]
    assert reader.read("3").headers["X-Next-After"] == end


@pytest.mark.parametrize("after", ["4", "4-01234567", "100000000000000000", "5-ffffffff"])
def test_a_number_past_the_end_is_refused_with_the_newest_and_what_to_do(reader: Reader, after: str) -> None:
    assert "has no entry yet" in detail(reader.read(after))
    reader.fill(3)
    words = detail(reader.read(after))
    assert f"does not reach number {after.partition('-')[0]}: its newest is number 3." in words
    keeps = "keep every line" if reader.table == "checkpoint" else "read it again from after=0"
    assert keeps in words


def test_a_cursor_of_another_entry_is_refused_with_the_newest(reader: Reader) -> None:
    digest = reader.fill(1).partition("-")[2]
    reader.fill(2)
    words = detail(reader.read(f"2-{digest}"))
    assert words.startswith(f"This stream has another entry under number 2 than 2-{digest}; its newest is number 3.")
    assert detail(reader.read(f"0-{digest}"))


@ON_ONE_ENGINE
@pytest.mark.parametrize("after", ["-1", "1-", "1-xyz", "1-5F3A9C0E", "1.5", "1-5f3a9c0", "1" * 19, "+1", "", "1 "])
def test_what_is_no_cursor_is_refused_as_a_parameter(reader: Reader, after: str) -> None:
    assert problem(reader.caller.get(f"{reader.path}?after={after}")) == (400, "INVALID_PARAMETER")


def test_a_stream_is_asked_once_and_its_end_only_where_a_number_alone_finds_nothing(
    reader: Reader, context: ClearanceContext
) -> None:
    end, asked = reader.fill(3), []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if f"FROM {reader.table}" in statement and "principal" not in statement:
            asked.append(statement)

    event.listen(context.engine, "before_cursor_execute", note)
    counts = []
    for after in ("0", "1", end, "3", "4"):
        asked.clear()
        reader.read(after)
        counts.append(len(asked))
    event.remove(context.engine, "before_cursor_execute", note)
    assert counts == [1, 1, 1, 2, 2]


def test_a_cursor_is_of_one_party_s_stream(callers: Callers) -> None:
    for party in ("GB1", "GB2"):
        assert callers.trader(party).lodge(tree("LRN1")).status_code == 202
    foreign = body_of(callers.trader("GB1").get("/v1/notices"))["next"]
    assert problem(callers.trader("GB2").get(f"/v1/notices?after={foreign}")) == (409, "CURSOR_CONFLICT")


def test_notices_in_xml_are_refused_alike(trader: Caller) -> None:
    assert problem(trader.get("/v1/notices?after=7", XML_TYPE)) == (409, "CURSOR_CONFLICT")
