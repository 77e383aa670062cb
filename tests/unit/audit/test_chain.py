from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.audit.chain import GENESIS, Entry, Subject, event_bytes, event_link

WHOLE = st.integers(0, 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DETAILS = st.binary(max_size=20).map(lambda content: content.replace(b"\n", b""))
SUBJECTS = st.none() | WHOLE | st.builds(Subject, TEXT, TEXT)
STRANGE = st.tuples(TEXT, TEXT, WHOLE) | st.tuples(st.none(), TEXT) | st.tuples(TEXT, st.none())
"""Subjects that rows have which nobody wrote."""
ENTRIES = st.builds(Entry, st.integers(0, 15), WHOLE, WHOLE, TEXT, TEXT, SUBJECTS | STRANGE, DETAILS)
PLAIN = Entry(3, 7, 1_700_000_000_000_000, "lodged", "trader:GB1", 12, b'{"mrn":"26GB1"}')


@given(ENTRIES, ENTRIES)
def test_different_events_have_different_lines(one: Entry, other: Entry) -> None:
    assert (event_bytes(one) == event_bytes(other)) == (one == other)


@given(ENTRIES, st.sampled_from(Entry._fields), st.data())
def test_a_change_of_any_part_of_an_event_changes_its_link(entry: Entry, part: str, data: st.DataObject) -> None:
    other = data.draw(ENTRIES)
    changed = entry._replace(**{part: getattr(other, part)})
    assert (event_link(GENESIS, event_bytes(changed)) == event_link(GENESIS, event_bytes(entry))) == (changed == entry)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_link_depends_on_the_one_before_it(one: bytes, other: bytes) -> None:
    assert (event_link(one, event_bytes(PLAIN)) == event_link(other, event_bytes(PLAIN))) == (one == other)


@given(ENTRIES, SUBJECTS | STRANGE)
def test_events_that_differ_in_their_subjects_alone_have_different_lines(entry: Entry, subject: Any) -> None:
    other = entry._replace(subject=subject)
    assert (event_bytes(entry) == event_bytes(other)) == (entry == other)


@given(ENTRIES, st.dictionaries(TEXT, TEXT | WHOLE))
def test_a_line_tells_all_of_its_event(entry: Entry, detail: dict[str, Any]) -> None:
    told = json.loads(event_bytes(entry._replace(detail=json.dumps(detail).encode())))
    subject = list(entry.subject) if isinstance(entry.subject, tuple) else entry.subject
    assert told == [*entry[:5], subject, detail]


@pytest.mark.parametrize(
    ("subject", "written"),
    [(12, b"12"), (None, b"null"), (Subject("key", "12"), b'["key","12"]'), (Subject("a,b", '"]'), b'["a,b","\\"]"]')],
)
def test_an_event_is_one_line_of_json_with_its_detail_as_stored(subject: int | Subject | None, written: bytes) -> None:
    told = event_bytes(PLAIN._replace(subject=subject))
    assert told == b'[3,7,1700000000000000,"lodged","trader:GB1",' + written + b',{"mrn":"26GB1"}]'


def test_a_link_is_the_digest_of_the_link_before_it_and_the_line() -> None:
    assert event_link(GENESIS, event_bytes(PLAIN)) == hashlib.sha256(bytes(32) + event_bytes(PLAIN)).digest()


def test_a_detail_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="Event 7 of stream 3"):
        event_bytes(PLAIN._replace(detail=b"{}\n{}"))
