"""News for the trader and the agencies: the notice of a step, and the feed entries of questions and decisions."""

from __future__ import annotations

import uuid

from singlewindow.storage.open_questions import NewQuestion
from singlewindow.storage.streams import ASKED, NewFeedEntry, NewNotice


def new_notice(party: str, version_id: int, function_code: str, issued_at: int, decision_number: int = 1) -> NewNotice:
    """A notice, numbered and written together with the step it reports; `function_code` is WCO 017 of the response."""
    return NewNotice(party, version_id, function_code, uuid.uuid4().hex, issued_at, decision_number)


def asked_entry(question: NewQuestion) -> NewFeedEntry:
    """The feed entry of a question to an agency."""
    return NewFeedEntry(question.agency, question.version_id, ASKED, question.asked_at, question.round)
