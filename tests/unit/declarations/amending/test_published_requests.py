"""The published amendments, cancellations and arrivals are read, and do to their originals what they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from singlewindow.declarations.amending.apply import apply
from singlewindow.declarations.amending.differences import changed_values, changes_between
from singlewindow.declarations.amending.requests import Request, RequestKind, read_request
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.reading.schema import is_valid
from singlewindow.declarations.writing.binding import to_xml
from singlewindow.declarations.writing.response import Amendment, Response, response_xml
from tests.corpus import CORPUS, needs_corpus
from tests.published_requests import AMENDMENTS, OTHERS, applied_by_hand, published
from tests.unit.declarations.amending.messages import MRN

pytestmark = needs_corpus


@pytest.mark.parametrize("name", AMENDMENTS)
def test_a_published_amendment_changes_its_original_as_it_says(name: str) -> None:
    original, changes, warnings = AMENDMENTS[name]
    message = published(name)
    request = read_request(message.declaration, message.line_of)
    assert isinstance(request, Request)
    assert (request.kind, len(request.changes)) == (RequestKind.AMENDMENT, changes)
    assert request.values is not None
    assert len([change for change in request.changes if change.words]) == changes - (2 if changes == 32 else 0)
    old = decode_canonical(canonical_bytes(published(original).declaration))
    result = apply(old, request.changes, request.values, message.line_of)
    assert [fault.rule for fault in result.faults] == warnings
    by_hand = applied_by_hand(published(original).declaration.tree, message.declaration.tree)
    assert result.tree == decode_canonical(canonical_bytes(Declaration(by_hand)))
    assert result.tree != old


@pytest.mark.parametrize("name", AMENDMENTS)
def test_an_amended_declaration_is_valid_by_the_schema_and_tells_its_changes(name: str) -> None:
    message = published(name)
    request = read_request(message.declaration)
    assert isinstance(request, Request)
    assert request.values is not None
    old = decode_canonical(canonical_bytes(published(AMENDMENTS[name][0]).declaration))
    new = apply(old, request.changes, request.values).tree
    assert new is not None
    assert read_message(to_xml(Declaration(new), enveloped=False), Media.XML).faults == ()
    changes = changes_between(old, new)
    told = tuple(Amendment(change.reason, change.pointer) for change in changes)
    at = datetime(2026, 1, 31, tzinfo=UTC)
    response = Response("07", "0" * 32, at, "A", MRN, 2, amendments=told, values=changed_values(new, changes))
    assert is_valid(etree.fromstring(response_xml([response])))
    assert apply(old, changes, changed_values(new, changes)).tree == new


@pytest.mark.parametrize("name", OTHERS)
def test_a_published_cancellation_or_arrival_is_read(name: str) -> None:
    kind, original = OTHERS[name]
    request = read_request(published(name).declaration)
    assert isinstance(request, Request)
    assert (request.kind, request.mrn) == (kind, MRN)
    assert request.submitter
    assert bool(request.words) == (kind is RequestKind.CANCELLATION)
    assert published(original).declaration.function_code == "9"


def test_every_published_request_is_among_these() -> None:
    suffixes = ("__amend", "__cancel", "__arrival")
    found = {path.stem for path in (CORPUS / "uk").glob("*.xml") if path.stem.endswith(suffixes)}
    assert found == {*AMENDMENTS, *OTHERS}
