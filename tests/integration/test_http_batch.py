"""A ZIP file of declarations: every member is answered as if it had been sent alone, in the order of the archive."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from singlewindow.access.keys import Role
from singlewindow.clearance.context import ClearanceContext
from tests.integration.conftest import Caller, Callers, body_of, problem
from tests.integration.documents import as_json, as_xml, tree

ZIP = "application/zip"
BATCH = "/v1/declarations/batch"
FAULTS = {
    "broken": (b"<a>", 400, "XML_NOT_WELL_FORMED"),
    "DOCTYPE": (b"<!DOCTYPE a><a/>", 400, "XML_DTD_FORBIDDEN"),
    "archive": (b"PK\3\4" + bytes(100), 400, "COMPRESSED_BODY"),
    "bomb": (b" " * 4_000_001, 413, "PAYLOAD_TOO_LARGE"),
    "empty": (b"", 400, "EMPTY_BODY"),
    "totals": (as_xml(tree("TOTALS", GoodsItemQuantity="2")), 422, "TOTALS_MISMATCH"),
    "foreign": (b"<html/>", 422, "UNKNOWN_DOCUMENT_TYPE"),
}


def packed(**members: bytes) -> bytes:
    """An archive; a name's last underscore stands for the dot."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(".".join(name.rsplit("_", 1)), content)
    return written.getvalue()


def send(caller: Caller, content: bytes) -> TestResponse:
    return caller.post(content, ZIP, BATCH)


def lines(answer: TestResponse) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson"), answer.data
    return [msgspec.json.decode(line) for line in answer.data.splitlines()]


def test_every_member_is_answered_on_its_own_and_in_order(trader: Caller) -> None:
    good = {f"g{number}_json": as_json(tree(f"LRN{number}")) for number in range(3)}
    bad = {f"{name}_xml": content for name, (content, _, _) in FAULTS.items()}
    names = [".".join(name.rsplit("_", 1)) for name in {**good, **bad}]
    first, *others = lines(send(trader, packed(**good, **bad)))
    assert first == {"members": 10}
    assert [line["name"] for line in others] == names
    assert [line["receipt"]["lrn"] for line in others[:3]] == ["LRN0", "LRN1", "LRN2"]
    told = [(line["status"], line["problem"]["code"]) for line in others[3:]]
    assert told == [(status, code) for _, status, code in FAULTS.values()]


def test_a_member_is_the_declaration_it_would_have_been_alone(trader: Caller) -> None:
    content = packed(a_json=as_json(tree("LRN1")), b_xml=as_xml(tree("LRN1")), c_json=as_json(tree("LRN2")))
    alone = body_of(trader.lodge(tree("LRN2")))
    receipts = [line["receipt"] for line in lines(send(trader, content))[1:]]
    assert receipts[0] == receipts[1]
    assert receipts[2] == alone
    assert [line["receipt"] for line in lines(send(trader, content))[1:]] == receipts


def test_a_member_that_was_stored_before_is_marked_as_a_replay(trader: Caller) -> None:
    trader.lodge(tree("BEFORE"))
    members = {"new_json": as_json(tree("NEW")), "before_json": as_json(tree("BEFORE")),
               "twice_xml": as_xml(tree("NEW")), "bad_xml": b"<a>",
               "other_json": as_json(tree("NEW", description="Hammers"))}  # fmt: skip
    first, again = ([line.get("replayed") for line in lines(send(trader, packed(**members)))[1:]] for _ in range(2))
    assert first == [None, True, True, None, None]
    assert again == [True, True, True, None, None]


def test_other_content_under_one_reference_is_a_conflict_within_a_batch_too(trader: Caller) -> None:
    content = packed(a_json=as_json(tree("LRN1")), b_json=as_json(tree("LRN1", description="Hammers")))
    _, first, second = lines(send(trader, content))
    assert (first["status"], second["status"]) == (202, 409)
    assert second["problem"]["mrn"] == first["receipt"]["mrn"]


def test_what_is_no_plain_archive_is_refused_whole(trader: Caller) -> None:
    assert problem(send(trader, b"<a/>")) == (400, "ARCHIVE_INVALID")
    assert problem(send(trader, packed(**{"../a_xml": b"<a/>"}))) == (400, "ARCHIVE_INVALID")
    assert problem(send(trader, b"PK\3\4" + bytes(14_000_000))) == (413, "PAYLOAD_TOO_LARGE")
    assert problem(trader.post(b"<a/>", "application/xml", BATCH)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("role", [Role.AGENCY, Role.AUDITOR, Role.OPERATOR])
def test_only_traders_lodge(callers: Callers, role: Role) -> None:
    assert problem(send(callers.of(role), packed(a_xml=b"<a/>"))) == (403, "FORBIDDEN")


def test_a_third_batch_at_once_is_asked_to_come_again(callers: Callers) -> None:
    content = packed(a_json=as_json(tree()))
    trader = callers.trader()
    headers = {"Authorization": f"Bearer {trader.key}"}
    # Answers that are not read to their end: the places stay taken until they are closed.
    open_ones = [
        trader.app.test_client().post(BATCH, data=content, content_type=ZIP, headers=headers, buffered=False)
        for _ in range(2)
    ]
    assert problem(send(trader, content)) == (503, "SERVICE_UNAVAILABLE")
    for answer in open_ones:
        answer.close()
    del open_ones, answer
    assert len(lines(send(trader, content))) == 2


@pytest.mark.service
def test_a_thousand_members_of_which_one_in_twenty_is_bad(trader: Caller, context: ClearanceContext) -> None:
    members = {f"m{n}_json": b"{}" if n % 20 == 0 else as_json(tree(f"LRN{n}")) for n in range(1_000)}
    answers = lines(send(trader, packed(**members)))[1:]
    assert [line["status"] for line in answers] == [422 if n % 20 == 0 else 202 for n in range(1_000)]
    assert len({line["receipt"]["mrn"] for line in answers if "receipt" in line}) == 950
