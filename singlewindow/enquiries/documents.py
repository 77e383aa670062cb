"""Supporting documents as each reader may see them: a party its own, an auditor all, an agency those of its items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import UNSET
from sqlalchemy import Connection, Engine

from adapters.contract import GivenDocument, GivenDocuments
from singlewindow.access.keys import Caller
from singlewindow.agencies.agency import Agency
from singlewindow.agencies.document_access import AskedItems, asked_about, may_read
from singlewindow.declarations.mrn import is_mrn
from singlewindow.enquiries.audience import Audience, audience_of
from singlewindow.enquiries.declarations import seen_by, visible_party
from singlewindow.enquiries.shapes import DocumentList, DocumentShown
from singlewindow.storage import declarations
from singlewindow.storage.batches import Question
from singlewindow.storage.documents import answers, files
from singlewindow.storage.documents.answers import PartyAnswer
from singlewindow.storage.documents.files import Document
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.open_questions import OpenQuestion
from singlewindow.times import iso

PARTY_S = ""
"""In the place of an agency: the documents that the party gave."""


def read_documents(engine: Engine, reader: Caller, mrn: str) -> DocumentList | None:
    """What a party gave about its declaration, to the auditor also what officers gave; None if it sees no such one."""
    party = visible_party(reader)
    if not is_mrn(mrn):
        return None
    with reading_as(engine, seen_by(reader)) as connection:
        found = declarations.newest_with_decision(connection, mrn, party)
        if found is None:
            return None
        known = files.documents_of(connection, found.declaration_id, None if party is None else PARTY_S)
    return DocumentList([show_document(each, reader) for each in known])


def read_agency_documents(engine: Engine, agency: Agency, reader: Caller, mrn: str) -> DocumentList | None:
    """The documents that an agency may read about a declaration; None if it was never asked about it.

    Those that were given to later versions are not among them, if it was not asked about these.
    """
    with reading_as(engine, of_agency(agency.code)) as connection:
        version = files.newest_asked(connection, mrn, agency.code)
        if version is None:
            return None
        known = files.documents_of(connection, version.declaration_id)
    asked = asked_about(version.routing, agency.code)
    readable = (each for each in known if each.number <= version.number and _may_read(agency, asked, each))
    return DocumentList([show_document(each, reader) for each in readable])


def show_document(document: Document, reader: Caller) -> DocumentShown:
    """A document for its reader: only who asked or gave sees the query, the question and the finding."""
    audience = audience_of(reader)
    audits, own = audience is Audience.AUDITOR, reader.agency in (document.agency, document.for_agency)
    is_party = audience is Audience.TRADER
    return DocumentShown(
        sha256=document.sha256.hex(),
        name=document.name,
        media_type=document.media,
        size=document.size,
        given_at=iso(document.given_at) or "",
        given_by="officer" if document.agency else "party",
        version=document.number,
        scan=document.scan,
        scan_words=document.scan_words,
        scanned_at=iso(document.scanned_at) or "",
        item=document.item or None,
        line=document.line or None,
        query=(document.query or None) if is_party or audits or own else None,
        question=UNSET if is_party else ((document.question or None) if audits or own else None),
        finding=UNSET if is_party else ((document.finding or None) if audits or own else None),
        agency=document.agency if audits and document.agency else UNSET,
    )


def _may_read(agency: Agency, asked: AskedItems, document: Document) -> bool:
    return may_read(agency, asked, document.binding, document.for_agency, document.agency)


class DocumentsGiven(NamedTuple):
    """The parties' answers by id, and the documents of their declarations by version id."""

    answers: Mapping[int, PartyAnswer]
    documents: Mapping[int, list[Document]]

    def to(self, agency: Agency, question: Question | OpenQuestion) -> GivenDocuments | None:
        """What a question carries for its agency; None if it carries nothing."""
        if question.documents_answer_id is None:
            return None
        answer = self.answers[question.documents_answer_id]
        asked = AskedItems(question.items, whole=not question.items)
        readable = (
            each
            for each in self.documents.get(question.version_id, ())
            if each.sha256.hex() in answer.documents and _may_read(agency, asked, each)
        )
        return GivenDocuments(words=answer.words, documents=tuple(map(_for_agency, readable)))


_NOTHING = DocumentsGiven({}, {})


def read_given(connection: Connection, questions: Iterable[Question | OpenQuestion]) -> DocumentsGiven:
    """What questions carry where documents were asked; asks the database only if one of them carries something."""
    carrying = {each.version_id: each.documents_answer_id for each in questions if each.documents_answer_id is not None}
    if not carrying:
        return _NOTHING
    return DocumentsGiven(
        answers.answers_by_id(connection, carrying.values()), files.documents_behind(connection, carrying)
    )


def _for_agency(document: Document) -> GivenDocument:
    return GivenDocument(
        sha256=document.sha256.hex(),
        name=document.name,
        media_type=document.media,
        size=document.size,
        scan=document.scan,
        item=document.item,
        line=document.line,
    )
