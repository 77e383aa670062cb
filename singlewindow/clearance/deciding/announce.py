"""News for the trader and the agencies: the notices of a step, and the feed entries of questions and decisions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

import msgspec

from singlewindow.life_cycle.news import Detail, codes_of, has_limit, words_of
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.open_questions import NewQuestion
from singlewindow.storage.streams import ASKED, NewFeedEntry, NewNotice

NO_DECISION: Final = 0
"""The decision's number in a notice that reports none, whatever is decided later."""


def new_notice(party: str, version_id: int, function_code: str, issued_at: int) -> NewNotice:
    """A notice, numbered and written together with the step it reports; `function_code` is WCO 017 of the response."""
    return NewNotice(party, version_id, function_code, uuid.uuid4().hex, issued_at)


def detailed(notice: NewNotice, detail: Detail) -> NewNotice:
    """The notice with what it says beyond its code."""
    return notice._replace(detail=None if detail == Detail() else msgspec.json.encode(detail))


def notices_of(version: LockedVersion, move: Move, now: int) -> Iterator[NewNotice]:
    """The notices of a move of a version; those that ask for documents, or tell of a deadline, give the next one."""
    for code in codes_of(version.state, move.step, move.state):
        limit = move.until if has_limit(code, move.step) else None
        detail = Detail(words=words_of(code, move.step, move.state), limit=limit)
        notice = new_notice(version.party, move.version_id, code, now)._replace(decision_number=version.decision_number)
        yield detailed(notice, detail)


def asked_entry(question: NewQuestion) -> NewFeedEntry:
    """The feed entry of a question to an agency."""
    return NewFeedEntry(question.agency, question.version_id, ASKED, question.asked_at, question.round)
