"""Reading declarations: the list, one declaration's state, its document, its decision.

Every query is limited to the reader: a trader, or its broker, sees the party's own declarations, an auditor sees all.
For a declaration that a reader may not see the answer is None, as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Engine

from singlewindow.access.keys import Caller, Role
from singlewindow.agencies.agency import Agency
from singlewindow.decisions.merge import Verdict
from singlewindow.decisions.words import said_to_trader
from singlewindow.declarations.mrn import is_mrn
from singlewindow.declarations.pointers import item_steps, pointer_text
from singlewindow.enquiries.audience import Disclosure, audience_of, disclosure_to
from singlewindow.enquiries.shapes import (
    Decision,
    DeclarationPage,
    DeclarationStatus,
    DeclarationSummary,
    ItemReasons,
    Undecided,
)
from singlewindow.enquiries.timeline import agencies_asked, agencies_not_asked, timeline_steps
from singlewindow.life_cycle.machine import WORDS
from singlewindow.storage import assessments, declarations
from singlewindow.storage.declarations import Decided, Received, Summary
from singlewindow.storage.engine.row_security import AUDITOR, Reader, of_party, reading_as
from singlewindow.storage.trail import events
from singlewindow.times import iso

_verdict = msgspec.json.Decoder(Verdict)


class NotVisible(Exception):  # noqa: N818 - like a refusal, an answer to the reader
    """The reader's role may see no declarations."""


def visible_party(reader: Caller) -> str | None:
    """The party whose declarations this reader sees, None for all; raises NotVisible if it may see none."""
    if reader.role is Role.AUDITOR:
        return None
    if reader.role in (Role.TRADER, Role.BROKER) and reader.party:
        return reader.party
    raise NotVisible(f"a key of role {reader.role} cannot see declarations")


def seen_by(reader: Caller) -> Reader:
    """As whom the database shows this reader's rows; raises NotVisible."""
    party = visible_party(reader)
    return AUDITOR if party is None else of_party(party)


def list_declarations(
    engine: Engine, reader: Caller, after: str | None, limit: int, lrn: str | None
) -> DeclarationPage | None:
    """Declarations lodged after the one named `after` (an MRN); None if there is no such declaration."""
    party = visible_party(reader)
    with reading_as(engine, seen_by(reader)) as connection:
        start = 0
        if after is not None:
            cursor = declarations.newest_with_decision(connection, after, party) if is_mrn(after) else None
            if cursor is None:
                return None
            start = cursor.declaration_id
        rows = declarations.list_newest(connection, party, start, limit + 1, lrn)
    shown = rows[:limit]
    return DeclarationPage([_summary_of(row) for row in shown], shown[-1].mrn if len(rows) > limit else None)


def _summary_of(row: Summary) -> DeclarationSummary:
    return DeclarationSummary(
        mrn=row.mrn, lrn=row.lrn, version=row.number, type=row.type_code, state=row.state,
        lodged_at=iso(row.lodged_at) or "", decided_at=iso(row.decided_at),
    )  # fmt: skip


def read_status(engine: Engine, agencies: Mapping[str, Agency], reader: Caller, mrn: str) -> DeclarationStatus | None:
    """A declaration's state, with as much of its history as this reader may see."""
    party, shown = visible_party(reader), disclosure_to(audience_of(reader))
    if not is_mrn(mrn):
        return None
    with reading_as(engine, seen_by(reader)) as connection:
        current = declarations.newest_version(connection, mrn, party)
        if current is None:
            return None
        row = current.summary
        trail = events.of_declaration(connection, row.declaration_id)
        answered = assessments.newest_answers(connection, row.version_id) if shown.agencies else {}
    return DeclarationStatus(
        mrn=row.mrn,
        lrn=row.lrn,
        version=row.number,
        type=row.type_code,
        state=row.state,
        state_words=WORDS[row.state],
        state_until=iso(row.state_until),
        received_at=iso(row.received_at) or "",
        lodged_at=iso(row.lodged_at) or "",
        decided_at=iso(row.decided_at),
        timeline=timeline_steps(agencies, trail, shown),
        agencies=agencies_asked(agencies, current.routing, answered) if shown.agencies else msgspec.UNSET,
        not_asked=agencies_not_asked(agencies, current.routing, answered) if shown.agencies else msgspec.UNSET,
        warnings=msgspec.json.decode(current.warnings),
    )


def read_document(engine: Engine, reader: Caller, mrn: str) -> Received | None:
    """The newest version's document as it was received."""
    party = visible_party(reader)
    if not is_mrn(mrn):
        return None
    with reading_as(engine, seen_by(reader)) as connection:
        return declarations.newest_document(connection, mrn, party)


def read_decision(engine: Engine, reader: Caller, mrn: str) -> Decision | Undecided | None:
    """The decision on the newest version, with reasons worded for this reader."""
    party = visible_party(reader)
    if not is_mrn(mrn):
        return None
    with reading_as(engine, seen_by(reader)) as connection:
        row = declarations.newest_with_decision(connection, mrn, party)
    if row is None:
        return None
    return _decision_shown(row, disclosure_to(audience_of(reader)))


def _decision_shown(row: Decided, shown: Disclosure) -> Decision | Undecided:
    decision = row.decision
    if decision is None:
        return Undecided(row.mrn, row.number, row.state)
    verdict = _verdict.decode(decision.body)
    return Decision(
        mrn=row.mrn,
        version=row.number,
        number=decision.number,
        outcome=decision.outcome,
        controls=[str(control) for control in verdict.controls],
        reasons=list(shown.reasons(verdict)),
        items=_item_reasons(verdict),
        decided_at=iso(decision.decided_at) or "",
        lane=str(verdict.lane) if shown.assessment else msgspec.UNSET,
        contradictory=verdict.contradictory if shown.assessment else msgspec.UNSET,
        fingerprint=decision.fingerprint if shown.assessment else msgspec.UNSET,
    )


def _item_reasons(verdict: Verdict) -> list[ItemReasons]:
    words: dict[int, list[str]] = {}
    for each in said_to_trader(verdict):
        for item in each.items:
            words.setdefault(item, []).append(each.words)
    return [
        ItemReasons(item=str(item), wco_pointer=pointer_text(item_steps(item)), reasons=words[item])
        for item in sorted(words)
    ]
