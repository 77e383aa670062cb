from __future__ import annotations

import copy
import gzip
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from singlewindow.access.mandates import grant_mandate
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging import lodge
from singlewindow.declarations.faults import FaultReport, Severity
from singlewindow.declarations.rules import Rulebooks
from singlewindow.storage.tables import declaration, event, open_question, version
from tests.integration.conftest import ON_ONE_ENGINE, Caller, Callers, app_over, body_of, problem
from tests.integration.documents import JSON_TYPE, TRADER, XML_TYPE, as_json, as_xml, tree

MOMENTS = ("received_at", "lodged_at")


def _stored(context: ClearanceContext) -> int:
    with context.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(declaration)).scalar_one())


def test_a_declaration_is_stored_before_it_is_accepted(trader: Caller, context: ClearanceContext) -> None:
    content = as_json(tree())
    answer = trader.post(content)
    assert answer.status_code == 202, answer.data
    with context.engine.connect() as connection:
        columns = (version.c.received, version.c.media, declaration.c.mrn, declaration.c.party)
        row = connection.execute(select(*columns).join_from(version, declaration)).one()
        assert connection.execute(select(func.count()).select_from(open_question)).scalar_one() >= 1
        assert connection.execute(select(event.c.actor)).scalars().all()[-1] == "trader:GB123456789000"
    assert tuple(row) == (content, JSON_TYPE, body_of(answer)["mrn"], "GB123456789000")


def imported(lrn: str, declarant: str, importer: str) -> dict[str, Any]:
    """An import in the name of one party for another."""
    document = tree(lrn, Declarant={"ID": declarant}, Agent={"FunctionCode": "2"})
    return document | {"GoodsShipment": document["GoodsShipment"] | {"Importer": {"ID": importer}}}


def test_nobody_lodges_in_the_name_of_another_party_of_the_service_without_its_mandate(
    callers: Callers, context: ClearanceContext
) -> None:
    callers.trader("GB1"), callers.trader("GB2")
    broker = callers.broker("BROKER1")
    for caller, party in ((callers.trader("GB1"), "GB1"), (broker, "BROKER1")):
        place = {"Acting-For": party} if caller is broker else {}
        for declarant in ("GB2", "GB2 "):
            content = as_json(imported("L0", declarant, party))
            answer = caller.call("POST", "/v1/declarations", data=content, content_type=JSON_TYPE, headers=place)
            assert problem(answer) == (403, "NOT_AUTHORISED_FOR_PARTY")
    assert _stored(context) == 0
    grant_mandate(context.engine, "BROKER1", "GB2")
    content, own = as_json(imported("L1", "GB2", "BROKER1")), {"Acting-For": "BROKER1"}
    answer = broker.call("POST", "/v1/declarations", data=content, content_type=JSON_TYPE, headers=own)
    assert answer.status_code == 202, answer.data
    for number, declarant in enumerate(("GB1", "GB135791113000")):
        answer = callers.trader("GB1").post(as_json(imported(f"L{number}", declarant, "GB1")))
        assert answer.status_code == 202, answer.data


def test_the_receipt_names_the_declaration_and_where_to_go_on(trader: Caller) -> None:
    answer = trader.lodge(tree("LRN7"))
    receipt = body_of(answer)
    own = f"/v1/declarations/{receipt['mrn']}"
    assert (receipt["lrn"], receipt["version"], receipt["status"]) == ("LRN7", 1, "lodged")
    assert receipt["links"] == {"self": own, "decision": f"{own}/decision", "document": f"{own}/document"}
    assert answer.headers["Location"] == own
    standing = body_of(trader.get(own))
    assert {name: receipt[name] for name in MOMENTS} == {name: standing[name] for name in MOMENTS}
    assert receipt["received_at"] < receipt["lodged_at"]
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize(("first", "second"), [(JSON_TYPE, JSON_TYPE), (XML_TYPE, JSON_TYPE), (JSON_TYPE, XML_TYPE)])
def test_the_same_declaration_again_in_either_form_gets_the_first_answer(
    trader: Caller, context: ClearanceContext, first: str, second: str
) -> None:
    forms = {JSON_TYPE: as_json(tree()), XML_TYPE: as_xml(tree())}
    original, again = trader.post(forms[first], first), trader.post(forms[second], second)
    assert (original.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert body_of(again) == body_of(original)
    assert _stored(context) == 1


@pytest.mark.parametrize("unseen", [" ", "\t", "\u00a0", "\u200b", "\ufeff"], ids=ascii)
def test_white_space_around_a_value_makes_no_other_declaration(
    unseen: str, trader: Caller, context: ClearanceContext
) -> None:
    spaced = tree(f"{unseen}LRN1{unseen}", Declarant={"ID": f"{TRADER}{unseen}"})
    first = trader.post(as_xml(spaced), XML_TYPE)
    assert (first.status_code, body_of(first)["lrn"]) == (202, "LRN1")
    for again in (trader.lodge(tree()), trader.lodge(spaced), trader.post(as_xml(tree()), XML_TYPE)):
        assert again.headers["Idempotent-Replayed"] == "true"
        assert body_of(again) == body_of(first)
    assert _stored(context) == 1


def test_json_may_begin_with_a_byte_order_mark(trader: Caller) -> None:
    assert trader.post(b"\xef\xbb\xbf" + as_json(tree())).status_code == 202


@pytest.fixture
def later(trader: Caller, context: ClearanceContext) -> Caller:
    """The same trader, after an edition of the rules that refuses every declaration with goods."""
    rules = context.rulebooks
    stricter = Rulebooks(rules.profiles, 0, rules.home, rules.rates)
    return trader._replace(app=app_over(replace(context, rulebooks=stricter)))


def test_what_newer_rules_refuse_gets_its_first_answer_when_it_is_sent_again(
    trader: Caller, later: Caller, context: ClearanceContext
) -> None:
    first = trader.lodge(tree())
    for again in (later.lodge(tree()), later.post(as_xml(tree()), XML_TYPE)):
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
        assert body_of(again) == body_of(first)
    assert _stored(context) == 1


def test_what_newer_rules_warn_of_is_not_in_the_answer_to_what_was_lodged_before(
    trader: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tree()
    first = trader.lodge(content)
    newer = FaultReport(
        rule="NEWER", code="RULE_VIOLATED", severity=Severity.WARNING, text="newer", advice="", xpath="",
        json_pointer="", wco_pointer="",
    )  # fmt: skip
    monkeypatch.setattr(lodge.Examined, "warnings", property(lambda _: [newer]))
    for again in (trader.lodge(content), trader.post(as_xml(content), XML_TYPE)):
        assert again.headers["Idempotent-Replayed"] == "true"
        assert body_of(again) == body_of(first)
    noted = trader.lodge(tree("LRN2"))
    assert [warning["rule"] for warning in body_of(noted)["warnings"]] == ["NEWER"]
    assert body_of(trader.lodge(tree("LRN2"))) == body_of(noted)


def test_what_newer_rules_refuse_is_refused_where_it_was_never_lodged(
    trader: Caller, later: Caller, callers: Callers, context: ClearanceContext
) -> None:
    trader.lodge(tree())
    another = callers.trader("GB2")._replace(app=later.app)
    answers = [later.lodge(tree("LRN2")), later.lodge(tree(description="Hammers")), another.lodge(tree())]
    assert [problem(answer) for answer in answers] == [(422, "TOO_MANY_ITEMS")] * 3
    assert _stored(context) == 1


def test_what_is_accepted_is_not_looked_up_before(trader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object) -> bool:
        raise AssertionError("a statement more")

    monkeypatch.setattr(lodge, "stands_already", look_up)
    assert trader.lodge(tree()).status_code == 202
    assert trader.lodge(tree()).headers["Idempotent-Replayed"] == "true"
    assert problem(trader.lodge(tree("LRN2", TypeCode="TOOLONG"))) == (422, "VALUE_TOO_LONG")


def test_other_content_under_the_same_reference_is_a_conflict_with_the_first(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = body_of(trader.lodge(tree()))["mrn"]
    answer = trader.lodge(tree(description="Hammers"))
    assert problem(answer) == (409, "DUPLICATE_LRN")
    assert body_of(answer)["mrn"] == mrn
    assert _stored(context) == 1


def test_another_party_may_use_the_same_reference(callers: Callers) -> None:
    mrns = {body_of(callers.trader(party).lodge(tree()))["mrn"] for party in ("GB1", "GB2")}
    assert len(mrns) == 2


def test_a_refused_declaration_stores_nothing_and_leaves_its_reference_free(
    trader: Caller, context: ClearanceContext
) -> None:
    answer = trader.lodge(tree(GoodsItemQuantity="2"))
    assert problem(answer) == (422, "TOTALS_MISMATCH")
    assert _stored(context) == 0
    assert trader.lodge(tree()).status_code == 202


def test_a_refusal_says_what_is_wrong_and_where(trader: Caller) -> None:
    refused = body_of(trader.post(as_xml(tree(GoodsItemQuantity="2")), XML_TYPE))
    (fault,) = [fault for fault in refused["faults"] if fault["code"] == "TOTALS_MISMATCH"]
    assert fault["severity"] == "hard"
    assert fault["xpath"].endswith("GoodsItemQuantity") or "GoodsItemQuantity" in fault["xpath"]
    assert fault["json_pointer"].startswith("/Declaration")
    assert fault["wco_pointer"].startswith("42A")
    assert fault["line"] >= 1
    assert refused["faults_total"] == len(refused["faults"])
    assert refused["truncated"] is False


def _items(count: int, mass: str = "0", country: str = "UK") -> dict[str, Any]:
    """A declaration whose every item has two faults, unless another mass or country is given."""
    declaration = tree(GoodsItemQuantity=str(count), TotalPackageQuantity=str(count))
    (item,) = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    items = [copy.deepcopy(item) | {"SequenceNumeric": str(number)} for number in range(1, count + 1)]
    for entry in items:
        entry["Commodity"]["GoodsMeasure"] = {"GrossMassMeasure": {"@unitCode": "KGM", "#text": mass}}
        entry["Origin"] = [{"CountryCode": country, "TypeCode": "1"}]
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = items
    return declaration


MANY = {
    "two rules in each item": (_items(150), 300),
    "one rule in each item": (_items(120, mass="1"), 120),
    "exactly as many as are shown": (_items(50), 100),
    "one more than are shown": (_items(50) | {"TotalPackageQuantity": "51"}, 101),
    "values that the schema refuses": (_items(110, mass="1", country="FRANCE"), 110),
}


@ON_ONE_ENGINE
@pytest.mark.parametrize("media", [JSON_TYPE, XML_TYPE])
@pytest.mark.parametrize("name", MANY)
def test_the_true_number_of_faults_is_told_however_many_are_shown(trader: Caller, name: str, media: str) -> None:
    declaration, total = MANY[name]
    content = (as_json if media == JSON_TYPE else as_xml)(declaration)
    refused = body_of(trader.post(content, media))
    validated = body_of(trader.post(content, media, "/v1/declarations/validate"))
    assert (refused["faults_total"], validated["faults_total"]) == (total, total)
    assert len(validated["faults"]) == min(total, 100)
    assert len(refused["faults"]) <= min(total, 100)
    assert (refused["truncated"], validated["truncated"]) == (len(refused["faults"]) < total, total > 100)


@ON_ONE_ENGINE
@pytest.mark.parametrize("numbers", [["1", "1"], ["2", "1"], ["7", "7"], ["1", "3"], ["1", "2", "2"]])
@pytest.mark.parametrize("media", [JSON_TYPE, XML_TYPE])
def test_a_fault_points_to_the_item_that_stands_there_whatever_number_it_declares(
    trader: Caller, numbers: list[str], media: str
) -> None:
    declaration = _items(len(numbers), mass="1", country="FR")
    items = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    for item, number in zip(items, numbers, strict=True):
        item["SequenceNumeric"] = number
    items[-1]["Origin"] = [{"CountryCode": "UK", "TypeCode": "1"}]
    refused = body_of(trader.post((as_json if media == JSON_TYPE else as_xml)(declaration), media))
    (fault,) = [fault for fault in refused["faults"] if fault["rule"] == "WCO-COUNTRY-KNOWN"]
    place = len(numbers)
    assert fault["wco_pointer"] == f"42A/67A/68A[{place}]/92A[1]#063"
    assert f"GovernmentAgencyGoodsItem[{place}]" in fault["xpath"]
    assert f"/GovernmentAgencyGoodsItem/{place - 1}/" in fault["json_pointer"]


def test_a_fault_of_the_schema_names_the_problem_before_a_breach_of_a_rule(trader: Caller) -> None:
    refused = trader.lodge(tree(GoodsItemQuantity="2", TypeCode="IMA4567"))
    assert body_of(refused)["faults_total"] >= 2
    assert problem(refused) == (422, "VALUE_TOO_LONG")


def test_a_declaration_sent_as_a_request_is_told_what_a_request_needs(trader: Caller) -> None:
    refused = trader.lodge(tree(FunctionCode="13"))
    assert problem(refused) == (422, "RULE_VIOLATED")
    assert [fault["rule"] for fault in body_of(refused)["faults"]] == ["REQUEST-TYPE", "REQUEST-MRN"]


def test_a_function_that_nobody_explains_is_not_supported_yet(trader: Caller) -> None:
    assert problem(trader.lodge(tree(FunctionCode="14"))) == (422, "NOT_SUPPORTED_YET")


def test_a_declaration_without_a_reference_is_refused(trader: Caller, context: ClearanceContext) -> None:
    declaration_without = tree()
    del declaration_without["FunctionalReferenceID"]
    assert trader.lodge(declaration_without).status_code == 422
    assert _stored(context) == 0


@pytest.mark.parametrize("code", ["G1", "gbr", "\u00e9\u00e9", "X", "ﬀ"])
def test_a_country_code_that_is_none_is_refused(trader: Caller, code: str) -> None:
    document = {"MetaData": {"ResponsibleCountryCode": code, "Declaration": tree()}}
    assert problem(trader.call("POST", "/v1/declarations", json=document))[0] == 422


def test_validation_lists_faults_and_stores_nothing(trader: Caller, context: ClearanceContext) -> None:
    path = "/v1/declarations/validate"
    good, bad = trader.post(as_json(tree()), path=path), trader.post(as_json(tree(GoodsItemQuantity="2")), path=path)
    assert (good.status_code, bad.status_code) == (200, 200)
    assert body_of(good)["valid"] is True
    assert body_of(bad)["valid"] is False
    assert "TOTALS_MISMATCH" in {fault["code"] for fault in body_of(bad)["faults"]}
    assert _stored(context) == 0


BAD_BODIES: list[tuple[str, dict[str, Any], int, str]] = [
    ("empty", {"data": b"", "content_type": XML_TYPE}, 400, "EMPTY_BODY"),
    ("blank", {"data": b" \n ", "content_type": JSON_TYPE}, 400, "EMPTY_BODY"),
    ("no type", {"data": b"{}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("plain", {"data": b"{}", "content_type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("form", {"data": {"a": "b"}, "content_type": "multipart/form-data"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("xml as json", {"data": b"<a/>", "content_type": JSON_TYPE}, 400, "JSON_MALFORMED"),
    ("json as xml", {"data": b"{}", "content_type": XML_TYPE}, 400, "XML_NOT_WELL_FORMED"),
    ("utf-16", {"data": b"<a/>", "content_type": "application/xml; charset=utf-16"}, 415, "ENCODING_NOT_UTF8"),
    ("gzip said", {"data": gzip.compress(b"{}"), "content_type": JSON_TYPE, "headers": {"Content-Encoding": "gzip"}},
     415, "CONTENT_ENCODING_UNSUPPORTED"),
    ("gzip unsaid", {"data": gzip.compress(b"{}"), "content_type": JSON_TYPE}, 400, "COMPRESSED_BODY"),
    ("too large", {"data": b" " * 4_000_001, "content_type": JSON_TYPE}, 413, "PAYLOAD_TOO_LARGE"),
    ("dtd", {"data": b"<!DOCTYPE a><a/>", "content_type": XML_TYPE}, 400, "XML_DTD_FORBIDDEN"),
    ("html", {"data": b"<html/>", "content_type": XML_TYPE}, 422, "UNKNOWN_DOCUMENT_TYPE"),
    ("duplicate key", {"data": b'{"Declaration":{},"Declaration":{}}', "content_type": JSON_TYPE}, 400,
     "JSON_DUPLICATE_KEY"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/declarations", "/v1/declarations/validate"])
def test_an_unreadable_body_gets_its_own_answer(trader: Caller, context: ClearanceContext, path: str) -> None:
    for name, request, status, code in BAD_BODIES:
        assert (name, *problem(trader.call("POST", path, **dict(request)))) == (name, status, code)
    assert _stored(context) == 0
    assert trader.lodge(tree()).status_code == 202


def test_a_number_drawn_twice_is_drawn_again(
    trader: Caller, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader.lodge(tree("LRN1"))
    with context.engine.connect() as connection:
        taken = int(connection.execute(select(version.c.id)).scalar_one())
    drawn = iter([taken + 1, taken, taken + 2, taken + 3])
    monkeypatch.setattr("singlewindow.clearance.lodging.store.new_id", lambda: next(drawn))
    assert trader.lodge(tree("LRN2")).status_code == 202
    assert _stored(context) == 2


def test_a_declaration_number_drawn_twice_is_drawn_again(
    trader: Caller, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader.lodge(tree("LRN1"))
    with context.engine.connect() as connection:
        taken = int(connection.execute(select(declaration.c.id)).scalar_one())
    drawn = iter([taken, taken + 1, taken + 2, taken + 3, taken + 4])
    monkeypatch.setattr("singlewindow.clearance.lodging.store.new_id", lambda: next(drawn))
    assert trader.lodge(tree("LRN2")).status_code == 202
    assert _stored(context) == 2


def test_a_failing_statement_is_answered_without_its_words(trader: Caller, context: ClearanceContext) -> None:
    trader.lodge(tree("LRN1"))
    with context.engine.begin() as connection:
        connection.execute(text("ALTER TABLE version RENAME TO version_elsewhere"))
    answer = trader.lodge(tree("LRN2"))
    assert answer.status_code in (500, 503)  # SQLite tells of a missing table as it tells of an outage
    assert b"version_elsewhere" not in answer.data
    assert b"SELECT" not in answer.data
