"""Notices to the trader, each a WCO RES message that is written when the trader reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from sqlalchemy import Engine

from singlewindow.decisions.merge import Verdict
from singlewindow.decisions.words import said_to_trader
from singlewindow.declarations.pointers import item_steps
from singlewindow.declarations.writing.response import AdditionalInformation, Response, response_tree, response_xml
from singlewindow.enquiries.cursors import Cursor, Stream, cursor_of
from singlewindow.enquiries.shapes import Notice, NoticePage
from singlewindow.storage import streams
from singlewindow.storage.engine.row_security import of_party, reading_as
from singlewindow.storage.streams import ACCEPTED, NoticeMark
from singlewindow.times import iso, moment

DOCUMENTS = "06"
RELEASED = "08"
FURTHER_ITEMS = "Further goods items"

_verdict = msgspec.json.Decoder(Verdict)


@dataclass(frozen=True)
class Page:
    """Notices in order, in either form; `next` is the cursor to continue from."""

    rows: Sequence[streams.Notice]
    next: Cursor

    def as_json(self) -> NoticePage:
        """The page with its numbers, each notice with its RES message."""
        return NoticePage([_notice_shown(row) for row in self.rows], str(self.next))

    def as_xml(self) -> bytes:
        """The RES messages in one envelope, which is valid if there is at least one."""
        return response_xml([_notice_response(row) for row in self.rows])


def read_notices(engine: Engine, party: str, after: Cursor, limit: int) -> Page:
    """A party's notices after a cursor, at most `limit`; numbers are assigned under a lock. Raises NotInStream."""
    with reading_as(engine, of_party(party)) as connection:
        stream = Stream(
            entries=partial(streams.read_notices, connection, party),
            newest=lambda: _notice_cursor(mark) if (mark := streams.newest_notice(connection, party)) else None,
            cursor=_notice_cursor,
        )
        return Page(*stream.page(after, limit))


def _notice_cursor(notice: streams.Notice | NoticeMark) -> Cursor:
    return cursor_of(notice.number, notice.reference)


def _notice_shown(row: streams.Notice) -> Notice:
    return Notice(
        number=row.number,
        mrn=row.mrn,
        lrn=row.lrn,
        version=row.version,
        function_code=row.function_code,
        issued_at=iso(row.issued_at) or "",
        response=response_tree(_notice_response(row)),
    )


def _notice_response(row: streams.Notice) -> Response:
    code, issued_at = row.function_code, moment(row.issued_at)
    return Response(
        function_code=code,
        reference=row.reference,
        issued_at=issued_at,
        lrn=row.lrn,
        mrn=row.mrn,
        version=row.version,
        accepted_at=moment(row.lodged_at) if code == ACCEPTED else None,
        released_at=issued_at if code == RELEASED else None,
        information=() if row.decision is None else tuple(_trader_statements(code, _verdict.decode(row.decision))),
    )


def _trader_statements(function_code: str, verdict: Verdict) -> Iterator[AdditionalInformation]:
    """The statements for the trader, one for each goods item concerned, with a pointer to the item."""
    kind, code = ("ACA", "ACA") if function_code == DOCUMENTS else ("AES", None)
    for each in said_to_trader(verdict):
        for item in each.items:
            yield AdditionalInformation(kind, code, each.words, pointer=item_steps(item))
        if not each.items:
            yield AdditionalInformation(kind, code, each.words)
        elif each.more:
            yield AdditionalInformation(kind, code, f"{FURTHER_ITEMS}: {each.words}")
