"""The verifier must find whatever was done to events that a kept checkpoint covers, and say what none covers yet."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.audit.chain import GENESIS, STREAMS, Entry, Subject, event_bytes, event_link
from singlewindow.audit.verify import MOST_FINDINGS, verify
from tests.unit.audit.trails import SIGNER, Trail, filled

EDITS_EACH = 250


def rewrite(trail: Trail) -> None:
    """Number and link all events again, so that the trail follows from itself: what a clever operator would do."""
    for place, mine in enumerate(trail.streams):
        previous, again = GENESIS, []
        for number, (entry, _) in enumerate(mine, start=1):
            placed = entry._replace(stream=place, number=number)
            previous = event_link(previous, event_bytes(placed))
            again.append((placed, previous))
        trail.streams[place] = again


def _some(trail: Trail, chance: random.Random) -> tuple[list[tuple[Entry, bytes]], int]:
    mine = chance.choice([mine for mine in trail.streams if len(mine) > 1])
    return mine, chance.randrange(len(mine))


def edit(trail: Trail, chance: random.Random) -> None:
    mine, place = _some(trail, chance)
    entry, its = mine[place]
    changes: dict[str, Any] = {
        "at": entry.at + 1, "kind": "late", "actor": "system", "subject": Subject("mandate", "7"),
        "number": entry.number + 1, "stream": (entry.stream + 1) % STREAMS,
        "detail": entry.detail.replace(b"customs", b"health"),
    }  # fmt: skip
    part = chance.choice([*changes, "link"])
    mine[place] = (entry, bytes(32)) if part == "link" else (entry._replace(**{part: changes[part]}), its)


def delete(trail: Trail, chance: random.Random) -> None:
    mine, place = _some(trail, chance)
    del mine[place]


def swap(trail: Trail, chance: random.Random) -> None:
    mine, place = _some(trail, chance)
    other = (place + chance.randrange(1, len(mine))) % len(mine)
    (one, first), (two, second) = mine[place], mine[other]
    if chance.random() < 0.5:  # whole lines, or their contents under the same numbers
        mine[place], mine[other] = (two, second), (one, first)
    else:
        mine[place] = (two._replace(number=one.number), first)
        mine[other] = (one._replace(number=two.number), second)


def insert(trail: Trail, chance: random.Random) -> None:
    mine, place = _some(trail, chance)
    entry, its = mine[place]
    mine.insert(place, (entry._replace(at=entry.at + chance.randrange(1, 9)), its))


TAMPERINGS = (edit, delete, swap, insert)


@pytest.mark.parametrize("rewritten", [False, True], ids=["as it stands", "and all hashes computed again"])
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_whatever_is_done_to_covered_events_is_found(
    tamper: Callable[[Trail, random.Random], None], rewritten: bool
) -> None:
    original, done, unseen = filled(120), 0, []
    for seed in range(EDITS_EACH):
        chance = random.Random(seed)
        altered = Trail([list(mine) for mine in original.streams], original.kept)
        tamper(altered, chance)
        if rewritten:
            rewrite(altered)
        if altered.streams != original.streams:  # numbers and links that were altered come back when all are rewritten
            done += 1
            unseen += [seed] if verify(altered.export(), altered.kept).intact else []
    assert unseen == []
    assert done > EDITS_EACH / 2


@pytest.mark.parametrize("stream", range(STREAMS))
def test_a_deleted_stream_is_found(stream: int) -> None:
    trail = filled()
    trail.streams[stream] = []
    verdict = verify(trail.export(), trail.kept)
    assert any(words.startswith(f"stream {stream} ends at number 0") for words in verdict.findings)


@pytest.mark.parametrize("kept", range(200, 0, -17))
def test_a_cut_off_end_is_found_where_a_checkpoint_covers_it(kept: int) -> None:
    trail = Trail()
    for at in range(200):
        trail.append(at % STREAMS, at)
    trail.sign()
    for mine in trail.streams:
        mine[:] = [(entry, its) for entry, its in mine if entry.at < kept]
    assert verify(trail.export(), trail.kept).intact == (kept == 200)


def test_streams_that_change_places_are_found() -> None:
    trail = filled()
    trail.streams[1], trail.streams[2] = trail.streams[2], trail.streams[1]
    rewrite(trail)
    assert not verify(trail.export(), trail.kept).intact


def test_a_history_written_anew_and_signed_anew_is_found_by_the_checkpoint_that_was_kept() -> None:
    kept, forged = filled(seed=1).kept, filled(seed=2)
    assert verify(forged.export(), forged.kept).intact
    assert not verify(forged.export(), kept).intact
    assert any("two histories" in words for words in verify(forged.export(), [*kept, *forged.kept]).findings)


def test_a_trail_that_nobody_touched_is_intact_and_covered() -> None:
    trail = filled()
    verdict = verify(trail.export(), trail.kept)
    assert (verdict.intact, verdict.events, verdict.tail.events, verdict.tail.since) == (True, 200, 0, None)


def test_what_no_checkpoint_covers_yet_is_said_with_how_much_it_is_and_since_when() -> None:
    trail = filled(100)
    for at in (900, 800, 950):
        trail.append(at % STREAMS, at)
    verdict = verify(trail.export(), trail.kept)
    assert (verdict.intact, verdict.events, verdict.tail.events, verdict.tail.since) == (True, 103, 3, 800)


def test_an_edit_behind_the_newest_checkpoint_is_found_unless_it_is_chained_again() -> None:
    trail = filled(100)
    for at in range(100, 110):
        trail.append(3, at)
    entry, its = trail.streams[3][-5]
    trail.streams[3][-5] = (entry._replace(actor="system"), its)
    assert verify(trail.export(), trail.kept).found == 1
    rewrite(trail)
    assert verify(trail.export(), trail.kept).intact


def test_the_newest_of_several_checkpoints_covers_most_and_the_others_say_where_it_began() -> None:
    trail = filled(100)
    trail.append(5, 100)
    trail.sign()
    trail.append(5, 101)
    verdict = verify(trail.export(), trail.kept)
    assert (verdict.intact, verdict.tail.events, verdict.newest) == (True, 1, trail.kept[1])
    entry, _ = trail.streams[5][-2]
    trail.streams[5][-2] = (entry._replace(actor="system"), bytes(32))
    rewrite(trail)
    (words,) = verify(trail.export(), trail.kept).findings
    assert f"number {entry.number} differs from what checkpoint 2 saw" in words


def test_an_export_of_what_came_after_a_checkpoint_is_checked_from_there() -> None:
    trail = filled(100)
    heads = trail.heads()
    for at in range(100, 150):
        trail.append(at % STREAMS, at)
    newest = trail.sign()
    part = trail.export(after=heads)
    assert verify(part, trail.kept).events == 50
    assert verify(part, trail.kept).intact
    unseen = verify(part, [newest])
    assert all("none of the checkpoints confirms" in words for words in unseen.findings)
    assert not unseen.intact


def test_a_file_that_is_cut_short_is_not_whole() -> None:
    trail = filled(100)
    for at in range(100, 110):
        trail.append(STREAMS - 1, at)
    (words,) = verify(trail.export()[:-1], trail.kept).findings
    assert "it is incomplete" in words


def test_events_outside_the_chain_are_said() -> None:
    trail = filled()
    (words,) = verify(trail.export(outside=3), trail.kept).findings
    assert words.startswith("3 events are outside the chain")


NOISE = [b"", b"hello", b"00\t[1]", b"zz\t[1,2,3,4]", b"\xff\t\xff", b'00\t[99,1,0,"a","b",null,{}]',
         b'00\t[-1,1,0,"a","b",null,{}]', b'00\t[1.0,1,0,"a","b",null,{}]',
         b'00\t[0,1,0,"a","b","7",{}]', b'00\t[0,1,0,"a","b",["key"],{}]', b'00\t[0,1,0,"a","b",["key",7],{}]',
         b'00\t[0,1,0,"a","b",["key","k",7],{}]', b'00\t[0,1,0,"a","b",[null,"k"],{}]']  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
def test_a_line_that_is_no_event_is_found(noise: bytes) -> None:
    lines = filled().export()
    verdict = verify([*lines[:5], noise + b"\n", *lines[5:]], filled().kept)
    assert verdict.findings == ["line 6 of the file is not an event"]


@pytest.mark.parametrize("first", [b"", b"\n", b"{}\n", b"[1]\n", b'{"format":"singlewindow trail 1","heads":[]}\n'])
def test_a_file_that_is_no_export_is_refused(first: bytes) -> None:
    with pytest.raises(ValueError, match="not an export of the audit trail"):
        verify([first], filled().kept)


def test_only_the_first_findings_are_told_and_all_are_counted() -> None:
    trail = filled()
    for mine in trail.streams:
        mine[:] = [(entry._replace(actor="system"), its) for entry, its in mine]
    verdict = verify(trail.export(), trail.kept)
    assert (len(verdict.findings), verdict.found) == (MOST_FINDINGS, 200)


def test_two_checkpoints_of_one_number_and_streams_that_grew_shorter_are_two_histories() -> None:
    trail, other = filled(100), filled(100)
    first = trail.kept[0]
    other.streams[0].pop()
    twin, later = SIGNER.sign(1, 2, other.heads(), None), SIGNER.sign(2, 2, other.heads(), first)
    for second in (twin, later):
        findings = verify(trail.export(), [first, second]).findings
        assert any("two histories" in words for words in findings)


MARK = b"\xef\xbb\xbf"


def crlf(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b"\n", b"\r\n") for line in lines]


def marked(lines: list[bytes]) -> list[bytes]:
    return [MARK + lines[0], *lines[1:]]


def marked_crlf(lines: list[bytes]) -> list[bytes]:
    return marked(crlf(lines))


def partly_crlf(lines: list[bytes]) -> list[bytes]:
    return [*lines[:7], *crlf(lines[7:])]


def last_end_lost(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].rstrip(b"\n")]


@pytest.mark.parametrize(
    ("through", "told"),
    [
        (crlf, ["Windows line ends (CRLF)"]),
        (marked, ["a byte order mark"]),
        (marked_crlf, ["a byte order mark", "Windows line ends (CRLF)"]),
        (partly_crlf, []),
        (last_end_lost, []),
    ],
)
def test_an_export_that_came_through_windows_proves_the_same(
    through: Callable[[list[bytes]], list[bytes]], told: list[str]
) -> None:
    trail = filled()
    verdict = verify(through(trail.export()), trail.kept)
    assert (verdict.intact, verdict.events, verdict.added) == (True, 200, told)
    trail.streams[3][2] = (trail.streams[3][2][0]._replace(actor="system"), trail.streams[3][2][1])
    assert not verify(through(trail.export()), trail.kept).intact


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_export_in_utf_16_is_no_altered_one_and_is_told_how_to_be_turned_back(encoding: str) -> None:
    trail = filled()
    written = b"".join(trail.export()).decode().encode(encoding)
    with pytest.raises(ValueError, match=r"in UTF-16: .* Set-Content -Encoding utf8") as caught:
        verify(written.splitlines(keepends=True), trail.kept)
    assert "altered" not in str(caught.value)
