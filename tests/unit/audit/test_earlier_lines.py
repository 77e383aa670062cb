"""What was exported and signed before events had subjects proves what it did, alone and with what came later."""

from __future__ import annotations

import json

import pytest

from singlewindow.audit.chain import Entry, Head, Subject
from singlewindow.audit.checkpoint import Checkpoint, read_checkpoints
from singlewindow.audit.verify import verify
from tests.records import CHECKPOINTS, EXPORT
from tests.unit.audit.test_verify import rewrite
from tests.unit.audit.trails import Trail

BEFORE = EXPORT.read_bytes().splitlines(keepends=True)
EVENTS = len(BEFORE) - 1


def kept_then() -> list[Checkpoint]:
    """The checkpoints that were kept then."""
    return read_checkpoints(CHECKPOINTS.read_bytes().splitlines(), ())


@pytest.fixture
def trail() -> Trail:
    """The trail as it stood then, and what an auditor kept of it."""
    found = Trail(kept=kept_then())
    for written in BEFORE[1:]:
        claimed, _, body = written.rstrip(b"\n").partition(b"\t")
        stream, number, at, kind, actor, version_id, _ = json.loads(body)
        detail = body[body.index(b"{") : -1]
        found.streams[stream].append(
            (Entry(stream, number, at, kind, actor, version_id, detail), bytes.fromhex(claimed.decode()))
        )
    return found


def heads_then() -> list[Head]:
    return [Head(*head) for head in json.loads(BEFORE[0])["heads"]]


def test_an_export_of_before_is_as_its_checkpoints_saw_it() -> None:
    verdict = verify(BEFORE, kept_then())
    assert (verdict.findings, verdict.events, verdict.tail.events) == ([], EVENTS, 1)


def test_its_events_have_the_lines_today_that_they_had_then(trail: Trail) -> None:
    assert trail.export()[1:] == BEFORE[1:]


def test_a_later_export_with_subjects_verifies_with_the_checkpoints_of_before_and_after(trail: Trail) -> None:
    for at in range(100):
        trail.append(at % 16, at)
    assert {type(entry.subject) for mine in trail.streams for entry, _ in mine} == {int, Subject, type(None)}
    trail.sign()
    verdict = verify(trail.export(), trail.kept)
    assert (verdict.findings, verdict.events, verdict.tail.events) == ([], EVENTS + 100, 0)
    assert verify(trail.export(), kept_then()).tail.events == 101


def test_an_export_of_what_came_since_goes_on_from_the_checkpoint_of_before(trail: Trail) -> None:
    then = trail.kept[-1].statement.heads
    trail.append(3, 1)
    trail.sign()
    verdict = verify(trail.export(after=then), trail.kept)
    assert (verdict.findings, verdict.events) == ([], 2)


def test_a_subject_given_to_an_event_of_before_is_found(trail: Trail) -> None:
    assert trail.heads() == heads_then()
    stream = next(place for place, mine in enumerate(trail.streams) if len(mine) > 1)
    entry, link = trail.streams[stream][0]
    trail.streams[stream][0] = entry._replace(subject=Subject("version", str(entry.subject))), link
    assert not verify(trail.export(), trail.kept).intact
    rewrite(trail)
    assert not verify(trail.export(), trail.kept).intact
