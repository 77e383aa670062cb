"""A reference keeps its first answer though its content was stored in an earlier canonical form; on both engines."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.store import Conflict, Lodgement, Receipt
from singlewindow.declarations.canonical import FORM, decode_canonical
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.writing.binding import to_json
from tests.documents import original
from tests.integration.lodging import arrival, one, store
from tests.integration.test_engine import work_off

_IMPORTER = re.compile(rb"(<Importer>\s*<ID>)([^<]+)")
UNSEEN = {"blank": " ", "tab": "\t", "no-break space": "\u00a0", "zero width space": "\u200b", "mark": "\ufeff"}


def _with_blank(lrn: str, unseen: str = " ") -> bytes:
    """An example whose importer is written with an unseen character at its end."""
    changed, count = _IMPORTER.subn(rb"\g<1>\g<2>" + unseen.encode(), original(lrn))
    assert count == 1
    return changed


def _store_in_first_form(context: ClearanceContext, lrn: str, unseen: str) -> tuple[Receipt, bytes]:
    """The receipt of a declaration whose row is then as an earlier version of the service has left it."""
    first = one(context, lrn)
    with context.engine.begin() as connection:
        standing = connection.execute(text("SELECT canonical FROM version")).scalar_one()
        importer = decode_canonical(standing)["GoodsShipment"]["Importer"]["ID"].encode()
        older = standing.replace(b'"Importer":{"ID":"' + importer, b'"Importer":{"ID":"' + importer + unseen.encode())
        older = older.replace(b"\t", b"\\t")
        assert older != standing
        connection.execute(
            text("UPDATE version SET form = 1, canonical = :canonical, content_sha256 = :digest"),
            {"canonical": older, "digest": hashlib.sha256(older).digest()},
        )
    return first, older


def _json_arrival(context: ClearanceContext, content: bytes) -> Lodgement:
    reading = read_message(content, Media.XML)
    body = to_json(reading.declaration, reading.enveloped)
    return arrival(context, "", body, media=Media.JSON)


@pytest.mark.parametrize("kind", UNSEEN)
def test_the_same_bytes_get_the_first_answer_after_an_upgrade(kind: str, context: ClearanceContext) -> None:
    first, older = _store_in_first_form(context, "FORM1", UNSEEN[kind])
    content = _with_blank("FORM1", UNSEEN[kind])
    assert store(context, [arrival(context, "FORM1", content)]) == [replace(first, replayed=True)]
    with context.engine.connect() as connection:
        assert connection.execute(text("SELECT canonical, form FROM version")).all() == [(older, 1)]


def test_its_json_and_the_document_without_white_space_get_it_too(context: ClearanceContext) -> None:
    first, _ = _store_in_first_form(context, "FORM1", " ")
    again = [_json_arrival(context, _with_blank("FORM1")), arrival(context, "FORM1")]
    assert store(context, again) == [replace(first, replayed=True)] * 2


def test_other_content_is_a_conflict_with_what_is_stored_in_the_first_form(context: ClearanceContext) -> None:
    first, _ = _store_in_first_form(context, "FORM1", " ")
    other = _with_blank("FORM1").replace(b"<TotalPackageQuantity>", b"<TotalPackageQuantity>1")
    assert store(context, [arrival(context, "FORM1", other)]) == [Conflict(first.mrn, "FORM1")]


def test_what_is_stored_in_the_first_form_is_decided_as_it_would_be_today(context: ClearanceContext) -> None:
    _store_in_first_form(context, "FORM1", "\u200b")
    work_off(context)
    with context.engine.connect() as connection:
        assert connection.execute(text("SELECT outcome FROM decision")).all() == [("release",)]


@pytest.mark.parametrize("kind", UNSEEN)
def test_both_spellings_are_one_declaration_stored_without_white_space(kind: str, context: ClearanceContext) -> None:
    (first,) = store(context, [arrival(context, "FORM2", _with_blank("FORM2", UNSEEN[kind]))])
    assert isinstance(first, Receipt)
    assert store(context, [arrival(context, "FORM2")]) == [replace(first, replayed=True)]
    with context.engine.connect() as connection:
        canonical, form = connection.execute(text("SELECT canonical, form FROM version")).one()
    importer = decode_canonical(canonical)["GoodsShipment"]["Importer"]["ID"]
    assert (form, importer) == (FORM, importer.strip(UNSEEN[kind]))
