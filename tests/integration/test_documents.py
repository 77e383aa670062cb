"""Supporting documents on both databases: given, refused, listed, downloaded, and read by the agencies they concern."""

from __future__ import annotations

import io
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.document_access import ITEM_LINE
from singlewindow.clearance.context import ClearanceContext
from singlewindow.declarations.projection import Entitlement
from tests.e2e.service import wait_until
from tests.integration.conftest import ON_ONE_ENGINE, Caller, Callers, app_over, body_of, problem
from tests.integration.documents import tree
from tests.integration.record import rows
from tests.integration.supporting import LICENCE, PDF, download, give, path_of, sha256_of, stored, two_items

PHOTOGRAPH = b"\x89PNG\r\n\x1a\n the seal"


@pytest.fixture
def mrn(trader: Caller) -> str:
    """Hand tools in item 1, which concern customs; pistols in item 2, which concern the firearms authority, too."""
    receipt = trader.lodge(two_items())
    assert receipt.status_code == 202, receipt.text
    return str(body_of(receipt)["mrn"])


def listed(caller: Caller, mrn: str, agency: str = "") -> list[dict[str, Any]]:
    address = path_of(mrn, b"", agency).rpartition("/")[0]
    found: list[dict[str, Any]] = body_of(caller.get(address))["documents"]
    return found


def events_of(context: ClearanceContext, kind: str) -> list[dict[str, Any]]:
    found = rows(context, f"SELECT detail FROM event WHERE kind = '{kind}' ORDER BY id")
    return [msgspec.json.decode(bytes(detail)) for (detail,) in found]


def configured(context: ClearanceContext, **changes: Any) -> Callers:
    """Callers of a service with other settings."""
    changed = replace(context, settings=msgspec.structs.replace(context.settings, **changes))
    return Callers(app_over(changed), changed)


def test_a_document_is_kept_listed_and_given_back_byte_for_byte(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    receipt = give(trader, mrn, item="2", name="licence 4711.pdf")
    assert receipt.status_code == 200, receipt.text
    said = body_of(receipt)
    assert (said["sha256"], said["size"], said["media_type"]) == (sha256_of(LICENCE), len(LICENCE), PDF)
    assert (said["item"], said["name"], said["given_by"], said["version"]) == ("2", "licence 4711.pdf", "party", 1)
    assert (said["scan"], said["scan_words"]) == ("not-scanned", "no scanner is configured")
    assert listed(trader, mrn) == [said]
    assert "question" not in said
    got = download(trader, path_of(mrn, LICENCE))
    assert got.data == LICENCE
    assert stored(context) == [sha256_of(LICENCE)]
    (event,) = events_of(context, "document")
    assert event["document"] == sha256_of(LICENCE)
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["timeline"][-1]["text"] == (
        "Document given: licence 4711.pdf, about item 2"
    )


def test_a_download_is_a_file_to_save_and_nothing_that_a_browser_shows(trader: Caller, mrn: str) -> None:
    give(trader, mrn, b"<html><script>1</script>", item="1", name='../x";é.html', content_type="text/plain")
    got = download(trader, path_of(mrn, b"<html><script>1</script>"))
    assert got.content_type == "application/octet-stream"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''x__%C3%A9.html.txt"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"].startswith("sandbox;")
    assert got.headers["X-Document-Scan"] == "not-scanned"
    assert got.headers["Content-Length"] == "24"
    assert got.headers["Cache-Control"] == "no-store"
    assert download(trader, path_of(mrn, b"<html><script>1</script>"), "HEAD").headers["Content-Length"] == "24"


def test_files_are_private_and_cannot_be_run(trader: Caller, context: ClearanceContext, mrn: str) -> None:
    give(trader, mrn, item="1")
    folder = Path(context.settings.sw_documents)
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_same_document_again_gets_the_first_receipt_and_about_something_else_one_of_its_own(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    first = give(trader, mrn, item="1", line="1", name="a.pdf")
    again = give(trader, mrn, item="1", line="1", name="b.pdf")
    assert body_of(again) == body_of(first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in give(trader, mrn, item="2").headers
    assert [(each["item"], each["line"]) for each in listed(trader, mrn)] == [("1", 1), ("2", None)]
    assert stored(context) == [sha256_of(LICENCE)]
    assert len(events_of(context, "document")) == 2


def test_what_names_no_item_is_about_the_only_one_there_is(trader: Caller, mrn: str) -> None:
    single = str(body_of(trader.lodge(tree("LRN2")))["mrn"])
    assert body_of(give(trader, single))["item"] == "1"
    assert body_of(give(trader, mrn))["item"] is None


@pytest.mark.parametrize(
    ("content", "changes", "refusal"),
    [
        (LICENCE, {"path": "wrong hash"}, (422, "DOCUMENT_DIFFERS")),
        (LICENCE, {"path": "no hash"}, (404, "NOT_FOUND")),
        (b"", {}, (400, "EMPTY_BODY")),
        (b"%PDF-" + b"x" * 2_000, {}, (413, "PAYLOAD_TOO_LARGE")),
        (b"MZ\x90\x00", {}, (422, "DOCUMENT_NOT_ITS_TYPE")),
        (LICENCE, {"content_type": "image/png"}, (422, "DOCUMENT_NOT_ITS_TYPE")),
        (LICENCE, {"content_type": "text/html"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (LICENCE, {"content_type": "image/svg+xml"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (LICENCE, {"item": "3"}, (422, "DOCUMENT_PLACE_UNKNOWN")),
        (LICENCE, {"item": "1", "line": "2"}, (422, "DOCUMENT_PLACE_UNKNOWN")),
        (LICENCE, {"line": "1"}, (422, "DOCUMENT_PLACE_UNKNOWN")),
        (LICENCE, {"query": "0" * 32}, (422, "DOCUMENT_PLACE_UNKNOWN")),
        (LICENCE, {"finding": "x"}, (400, "INVALID_PARAMETER")),
        (LICENCE, {"name": "x\n.pdf"}, (400, "INVALID_PARAMETER")),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(
    context: ClearanceContext, content: bytes, changes: dict[str, str], refusal: tuple[int, str]
) -> None:
    trader = configured(context, sw_document_largest=1_000).trader()
    mrn = str(body_of(trader.lodge(two_items()))["mrn"])
    paths = {"wrong hash": path_of(mrn, b"another"), "no hash": path_of(mrn, b"")[:-1]}
    sent = changes | ({"path": paths[changes["path"]]} if "path" in changes else {})
    assert problem(give(trader, mrn, content, **sent)) == refusal
    assert stored(context) == []
    assert rows(context, "SELECT count(*) FROM document") == [(0,)]


@ON_ONE_ENGINE
def test_an_upload_that_is_cut_in_the_middle_leaves_nothing(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    half = {"wsgi.input": io.BytesIO(LICENCE[:10]), "CONTENT_LENGTH": str(len(LICENCE))}
    answer = trader.call("PUT", path_of(mrn, LICENCE), content_type=PDF, environ_overrides=half)
    assert problem(answer) == (400, "BAD_REQUEST")
    assert stored(context) == []
    assert give(trader, mrn, item="1").status_code == 200


def test_a_hundred_at_once_are_all_kept_or_told_to_come_again(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    papers = [b"%%PDF-1.7 invoice %d" % number for number in range(100)]

    def until_kept(content: bytes) -> int:
        tries = 0
        while (answer := give(trader, mrn, content, item="1")).status_code == 503:
            assert body_of(answer)["detail"].endswith("Send the same request again: nothing is ever stored twice")
            tries += 1
        assert answer.status_code == 200, answer.text
        return tries

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(until_kept, papers))
    assert {each["sha256"] for each in listed(trader, mrn)} == {sha256_of(each) for each in papers}
    assert stored(context) == sorted(sha256_of(each) for each in papers)
    assert len(events_of(context, "document")) == 100


def test_the_same_document_many_times_at_once_is_one(trader: Caller, context: ClearanceContext, mrn: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: give(trader, mrn, item="1"), range(8)))
    assert {body_of(each)["given_at"] for each in answers if each.status_code == 200} == {
        listed(trader, mrn)[0]["given_at"]
    }
    assert (len(listed(trader, mrn)), len(events_of(context, "document"))) == (1, 1)


def test_more_than_a_declaration_may_have_is_refused(context: ClearanceContext) -> None:
    callers = configured(context, sw_documents_most=2)
    trader = callers.trader()
    mrn = str(body_of(trader.lodge(two_items()))["mrn"])
    for number in range(2):
        assert give(trader, mrn, b"%%PDF-%d" % number, item="2").status_code == 200
    assert problem(give(trader, mrn, b"%PDF-2", item="2")) == (409, "TOO_MANY_DOCUMENTS")
    assert give(trader, mrn, b"%PDF-1", item="2").headers["Idempotent-Replayed"] == "true"
    assert give(callers.agency("firearms"), mrn, b"%PDF-2", "firearms", item="2").status_code == 200


def test_more_bytes_than_a_declaration_may_have_are_refused(context: ClearanceContext) -> None:
    trader = configured(context, sw_documents_bytes=len(LICENCE)).trader()
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    assert give(trader, mrn).status_code == 200
    assert problem(give(trader, mrn, b"%PDF-2")) == (409, "TOO_MANY_DOCUMENTS")


def test_a_strangers_declaration_gets_what_does_not_exist(trader: Caller, callers: Callers, mrn: str) -> None:
    give(trader, mrn, item="1")
    stranger = callers.trader("GB999999999000")
    for answer in (
        give(stranger, mrn, item="1"), download(stranger, path_of(mrn, LICENCE)),
        stranger.get(f"/v1/declarations/{mrn}/documents"), give(stranger, "26ZZ00000000000000"),
    ):  # fmt: skip
        assert problem(answer) == (404, "NOT_FOUND")
    assert problem(download(trader, path_of(mrn, b"not given"))) == (404, "NOT_FOUND")


def test_a_store_that_is_away_is_an_outage_and_nothing_is_recorded(trader: Caller, context: ClearanceContext) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    folder = Path(context.settings.sw_documents)
    folder.write_text("in the place of the folder")
    answer = give(trader, mrn)
    assert problem(answer) == (503, "SERVICE_UNAVAILABLE")
    assert body_of(answer)["detail"].startswith("The store of documents cannot be used at the moment.")
    assert "Retry-After" in answer.headers
    assert rows(context, "SELECT count(*) FROM document") == [(0,)]
    folder.unlink()
    assert give(trader, mrn).status_code == 200
    folder.rename(folder.with_name("elsewhere"))
    assert problem(download(trader, path_of(mrn, LICENCE))) == (503, "SERVICE_UNAVAILABLE")


def scanner(folder: Path, status: int) -> str:
    """A command that ends with this status for files with the word."""
    script = folder / "scanner"
    script.write_text(f'#!/bin/sh\ngrep -q MALWARE "$1" && exit {status}\nexit 0\n')
    script.chmod(0o700)
    return str(script)


def test_an_infected_document_is_refused_and_not_kept(context: ClearanceContext, tmp_path: Path) -> None:
    trader = configured(context, sw_scanner=scanner(tmp_path, 1)).trader()
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    infected = b"%PDF-1.7 MALWARE"
    assert problem(give(trader, mrn, infected, name="invoice.pdf")) == (422, "DOCUMENT_INFECTED")
    assert (stored(context), listed(trader, mrn)) == ([], [])
    (event,) = events_of(context, "document-refused")
    assert (event["document"], event["name"], event["scan"]) == (sha256_of(infected), "invoice.pdf", "infected")
    assert body_of(give(trader, mrn))["scan"] == "clean"
    assert download(trader, path_of(mrn, LICENCE)).headers["X-Document-Scan"] == "clean"


def test_what_could_not_be_scanned_is_kept_and_says_so(context: ClearanceContext, tmp_path: Path) -> None:
    trader = configured(context, sw_scanner=scanner(tmp_path, 2)).trader()
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    said = body_of(give(trader, mrn, b"%PDF-1.7 MALWARE"))
    assert (said["scan"], said["scan_words"]) == ("not-scanned", "the scanner ended with 2")
    assert listed(trader, mrn) == [said]


def test_an_agency_reads_what_is_about_its_items_and_no_more(trader: Caller, callers: Callers, mrn: str) -> None:
    tools, pistols, all_goods = b"%PDF-tools", b"%PDF-pistols", b"%PDF-all"
    for content, sent in ((tools, {"item": "1", "line": "1"}), (pistols, {"item": "2"}), (all_goods, {})):
        assert give(trader, mrn, content, **sent).status_code == 200
    officer, customs = callers.agency("firearms"), callers.agency("customs")
    assert [each["sha256"] for each in listed(officer, mrn, "firearms")] == [sha256_of(pistols)]
    assert len(listed(customs, mrn, "customs")) == 3
    assert download(officer, path_of(mrn, pistols, "firearms")).data == pistols
    for hidden in (tools, all_goods, b"nothing"):
        assert problem(download(officer, path_of(mrn, hidden, "firearms"))) == (404, "NOT_FOUND")
        assert (download(customs, path_of(mrn, hidden, "customs")).status_code == 200) == (hidden != b"nothing")


def test_an_agency_that_was_not_asked_finds_nothing(trader: Caller, callers: Callers, mrn: str) -> None:
    give(trader, mrn, item="2")
    medicines = callers.agency("medicines")
    for path in (path_of(mrn, LICENCE, "medicines"), f"/v1/agencies/medicines/declarations/{mrn}/documents",
                 path_of(mrn, LICENCE, "firearms"), path_of(mrn, LICENCE, "nosuch")):  # fmt: skip
        assert problem(medicines.get(path)) == (404, "NOT_FOUND")
    assert problem(give(medicines, mrn, PHOTOGRAPH, "medicines", content_type="image/png")) == (404, "NOT_FOUND")
    assert problem(give(medicines, mrn, PHOTOGRAPH, "firearms", content_type="image/png")) == (404, "NOT_FOUND")


def without(agencies: Mapping[str, Agency], code: str, element: str) -> dict[str, Agency]:
    """The agencies, one of them without one element."""
    shown = agencies[code].entitlement
    less = Entitlement(shown.minimum - {element}, shown.maximum - {element})
    return {**agencies, code: replace(agencies[code], entitlement=less)}


@pytest.mark.parametrize("element", sorted(ITEM_LINE))
def test_an_agency_without_the_elements_of_the_line_gets_what_does_not_exist(
    context: ClearanceContext, element: str
) -> None:
    narrowed = replace(context, agencies=without(context.agencies, "firearms", element))
    callers = Callers(app_over(narrowed), narrowed)
    trader, officer = callers.trader(), callers.agency("firearms")
    mrn = str(body_of(trader.lodge(two_items()))["mrn"])
    give(trader, mrn, item="2")
    assert listed(officer, mrn, "firearms") == []
    assert problem(download(officer, path_of(mrn, LICENCE, "firearms"))) == (404, "NOT_FOUND")


def test_officers_files_are_read_by_officers_of_these_items_and_never_by_the_party(
    trader: Caller, callers: Callers, context: ClearanceContext, mrn: str
) -> None:
    officer, customs = callers.agency("firearms"), callers.agency("customs")
    made = give(officer, mrn, PHOTOGRAPH, "firearms", content_type="image/png", item="2", name="seal.png")
    assert (made.status_code, body_of(made)["given_by"]) == (200, "officer"), made.text
    assert [each["name"] for each in listed(customs, mrn, "customs")] == ["seal.png"]
    inner = b"\x89PNG\r\n\x1a\n of item 1"
    assert give(customs, mrn, inner, "customs", content_type="image/png", item="1").status_code == 200
    assert [each["name"] for each in listed(officer, mrn, "firearms")] == ["seal.png"]
    assert problem(give(officer, mrn, inner, "firearms", content_type="image/png", item="1")) == (
        422, "DOCUMENT_PLACE_UNKNOWN",
    )  # fmt: skip
    assert listed(trader, mrn) == []
    for content in (PHOTOGRAPH, inner):
        assert problem(download(trader, path_of(mrn, content))) == (404, "NOT_FOUND")
    shown = trader.get(f"/v1/declarations/{mrn}").data + trader.get("/v1/notices").data
    assert b"seal.png" not in shown
    audited = listed(callers.auditor(), mrn)
    assert [each["agency"] for each in audited] == ["firearms", "customs"]
    assert len(events_of(context, "evidence")) == 2


def test_every_download_of_somebody_elses_is_recorded_before_it_is_sent(
    trader: Caller, callers: Callers, context: ClearanceContext, mrn: str
) -> None:
    give(trader, mrn, item="2")
    for caller, agency in ((trader, ""), (callers.agency("firearms"), "firearms"), (callers.auditor(), "")):
        assert download(caller, path_of(mrn, LICENCE, agency)).data == LICENCE
    read = events_of(context, "read")
    assert [each["call"] for each in read] == [
        "GET /v1/agencies/<code>/declarations/<mrn>/documents/<sha256>",
        "GET /v1/declarations/<mrn>/documents/<sha256>",
    ]
    assert {(*each["mrns"], *each["documents"]) for each in read} == {(mrn, sha256_of(LICENCE))}


def test_what_is_bound_to_a_finding_or_a_question_is_the_agencys_own(
    callers: Callers, context: ClearanceContext, mrn: str
) -> None:
    officer = callers.agency("firearms")
    entry = body_of(officer.get("/v1/agencies/firearms/feed"))["entries"][0]
    assert entry["mrn"] == mrn
    for sent in ({"finding": "NOSUCH"}, {"question": "0000000000000"}):
        assert problem(give(officer, mrn, LICENCE, "firearms", item="2", **sent)) == (422, "DOCUMENT_PLACE_UNKNOWN")
    assert stored(context) == []


def test_when_all_places_are_taken_one_is_told_to_come_again(context: ClearanceContext, tmp_path: Path) -> None:
    begun, over = tmp_path / "begun", tmp_path / "over"
    script = tmp_path / "slow"
    script.write_text(f"#!/bin/sh\ntouch {begun}\nwhile [ ! -e {over} ]; do sleep 0.05; done\n")
    script.chmod(0o700)
    trader = configured(context, sw_documents_at_once=1, sw_scanner=str(script)).trader()
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(give, trader, mrn)
        wait_until(begun.exists, 20)
        answer = give(trader, mrn, b"%PDF-second")
        assert problem(answer) == (503, "SERVICE_UNAVAILABLE")
        assert body_of(answer)["detail"].startswith("All places for documents are taken at the moment.")
        over.touch()
        assert first.result().status_code == 200
