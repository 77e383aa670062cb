"""Notices to the trader, each a WCO RES message that is written when the trader reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import msgspec
from sqlalchemy import Engine

from singlewindow.decisions.merge import Verdict
from singlewindow.decisions.words import said_to_trader
from singlewindow.declarations.amending.differences import changed_values, changes_between
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.pointers import WcoStep, item_steps
from singlewindow.declarations.writing.response import (
    AdditionalInformation,
    Amendment,
    Response,
    response_tree,
    response_xml,
)
from singlewindow.enquiries.cursors import Cursor, Stream, cursor_of
from singlewindow.enquiries.shapes import Notice, NoticePage
from singlewindow.life_cycle.news import (
    ACCEPTED,
    AMENDED,
    CANCELLED,
    CLEARED,
    DOCUMENTS,
    EXIT_AWAITED,
    EXITED,
    RELEASED,
    UNINSPECTED,
    Detail,
)
from singlewindow.storage import streams
from singlewindow.storage.engine.row_security import of_party, reading_as
from singlewindow.storage.streams import NoticeMark
from singlewindow.times import iso, moment

DOCUMENTS_BY = "Documents are to be given by this time."
FURTHER_ITEMS = "Further goods items"
_RESULTS = (RELEASED, CLEARED)
_KINDS = {CANCELLED: "AFB", EXITED: "CEX", EXIT_AWAITED: "CEX"}
"""The kind of statement (WCO 369) of notices that have one of their own: a decision, and the office of exit."""

_verdict = msgspec.json.Decoder(Verdict)
_detail = msgspec.json.Decoder(Detail)
_PLAIN = Detail()


@dataclass(frozen=True)
class Page:
    """Notices in order, in either form; `next` is the cursor to continue from.

    `contents` are those of versions that amendments made, by the number of the notice.
    """

    rows: Sequence[streams.Notice]
    next: Cursor
    contents: Mapping[int, streams.Contents]

    def as_json(self) -> NoticePage:
        """The page with its numbers, each notice with its RES message."""
        return NoticePage([_notice_shown(row, self._notice_response(row)) for row in self.rows], str(self.next))

    def as_xml(self) -> bytes:
        """The RES messages in one envelope, which is valid if there is at least one."""
        return response_xml([self._notice_response(row) for row in self.rows])

    def _notice_response(self, row: streams.Notice) -> Response:
        contents = self.contents.get(row.number)
        return _notice_response(row) if contents is None else _with_changes(_notice_response(row), row, contents)


def read_notices(engine: Engine, party: str, after: Cursor, limit: int) -> Page:
    """A party's notices after a cursor, at most `limit`; numbers are assigned under a lock. Raises NotInStream."""
    with reading_as(engine, of_party(party)) as connection:
        stream = Stream(
            entries=partial(streams.read_notices, connection, party),
            newest=lambda: _notice_cursor(mark) if (mark := streams.newest_notice(connection, party)) else None,
            cursor=_notice_cursor,
        )
        rows, following = stream.page(after, limit)
        amended = [row.number for row in rows if row.function_code == AMENDED]
        contents = streams.amended_contents(connection, party, amended) if amended else {}
    return Page(rows, following, contents)


def _notice_cursor(notice: streams.Notice | NoticeMark) -> Cursor:
    return cursor_of(notice.number, notice.reference)


def _notice_shown(row: streams.Notice, response: Response) -> Notice:
    return Notice(
        number=row.number,
        mrn=row.mrn,
        lrn=row.lrn,
        version=row.version,
        function_code=row.function_code,
        issued_at=iso(row.issued_at) or "",
        response=response_tree(response),
    )


def _notice_response(row: streams.Notice) -> Response:
    code, issued_at = row.function_code, moment(row.issued_at)
    detail = _detail_of(row)
    return Response(
        function_code=code,
        reference=row.reference,
        issued_at=issued_at,
        lrn=row.lrn,
        mrn=row.mrn,
        version=row.version,
        accepted_at=moment(row.lodged_at) if code == ACCEPTED else None,
        cancelled_at=issued_at if code == CANCELLED else None,
        released_at=issued_at if code == RELEASED else None,
        status_code=detail.status if code not in _RESULTS and detail.status else None,
        effective_at=moment(detail.happened_at) if detail.happened_at is not None else None,
        information=(*_said(code, detail), *_reasons(row)),
    )


def _with_changes(response: Response, row: streams.Notice, contents: streams.Contents) -> Response:
    """The response with a pointer to each change and the new values."""
    old, new = decode_canonical(contents.before), decode_canonical(contents.now)
    changes = changes_between(old, new)
    detail = _detail_of(row)
    amendments = tuple(Amendment(detail.reason or None, change.pointer) for change in changes)
    words = tuple(_explained(detail.words, number) for number in range(1, len(changes) + 1) if detail.words)
    return replace(response, amendments=amendments, information=words, values=changed_values(new, changes))


def _explained(words: str, number: int) -> AdditionalInformation:
    """The words for an amendment, with a pointer to it (WCO 07B, then 06A with its number)."""
    return AdditionalInformation("AES", None, words, pointer=(WcoStep("07B"), WcoStep("06A", number)))


def _detail_of(row: streams.Notice) -> Detail:
    return _PLAIN if row.detail is None else _detail.decode(row.detail)


def _said(function_code: str, detail: Detail) -> Iterator[AdditionalInformation]:
    """What the notice itself says: words, and the last day for what it asks."""
    limit = None if detail.limit is None else moment(detail.limit)
    if function_code in _RESULTS:
        yield AdditionalInformation("AFB", detail.status or UNINSPECTED)
    if detail.items:
        yield from _about_items(detail)
    elif function_code == DOCUMENTS and limit is not None:
        yield AdditionalInformation("ACA", "ACA", detail.words or DOCUMENTS_BY, limit=limit)
    elif function_code not in _RESULTS and (detail.words or detail.office or limit is not None):
        yield AdditionalInformation(_KINDS.get(function_code, "AES"), detail.office or None, detail.words, limit=limit)


def _about_items(detail: Detail) -> Iterator[AdditionalInformation]:
    """The words for each goods item that they are about, with a pointer to it."""
    for item in detail.items:
        yield AdditionalInformation("AES", None, detail.words, pointer=item_steps(int(item)))


def _reasons(row: streams.Notice) -> Iterator[AdditionalInformation]:
    return iter(()) if row.decision is None else _trader_statements(row.function_code, _verdict.decode(row.decision))


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
