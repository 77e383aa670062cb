"""One inspection for all agencies: ordered once, booked, recorded, and concluded item by item; on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.ask_again import Round, ask_again
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.life_cycle.machine import NotPossible
from singlewindow.shipped import EXAMPLES
from singlewindow.storage.inspections import slots
from singlewindow.times import iso
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import rows
from tests.integration.test_amending import put
from tests.integration.test_life import codes, state_of

Officer = Callable[..., Caller]
DAY = 24 * 3600 * 10**6
KNIFE = {"kind": "undeclared goods", "words": "A knife between the layers", "quantity": "1", "unit": "H87"}


@pytest.fixture
def officer(app: Any, context: ClearanceContext) -> Officer:
    """Makes a key of a person at an agency."""

    def make(agency: str, person: str = "") -> Caller:
        return Caller(app, create_key(context.engine, Role.AGENCY, agency=agency, person=person).text)

    return make


@pytest.fixture
def mrn(trader: Caller, context: ClearanceContext) -> str:
    """A declaration of pistols whose inspection is ordered: customs and the firearms authority want to see them."""
    return ordered(trader, context)


def ordered(trader: Caller, context: ClearanceContext, lrn: str = "LRN1", seen: str = "LHRLHRANS") -> str:
    declared = tree(lrn, commodity=PISTOLS, description="Pistols")
    declared["GoodsShipment"]["Consignment"]["GoodsLocation"] = {
        "Name": seen, "TypeCode": "A", "Address": {"TypeCode": "U", "CountryCode": "GB"},
    }  # fmt: skip
    lodged = body_of(trader.lodge(declared))
    assert "mrn" in lodged, lodged
    found = str(lodged["mrn"])
    work(context)
    assert state_of(trader, found) == "inspection-ordered"
    pass_deadlines(context)
    return found


def path_of(officer: Caller, agency: str, mrn: str) -> str:
    listed = body_of(officer.get(f"/v1/agencies/{agency}/inspections"))["inspections"]
    (found,) = [each for each in listed if each["mrn"] == mrn]
    return f"/v1/agencies/{agency}/inspections/{found['inspection']}"


def send(caller: Caller, method: str, path: str, body: Mapping[str, Any]) -> Any:
    return caller.call(method, path, data=json.dumps(body).encode(), content_type="application/json")


def record(caller: Caller, path: str, control: str, **said: Any) -> Any:
    return send(caller, "POST", f"{path}/records", {"control": control, "recorded": "conform", **said})


def refuse(caller: Caller, path: str, control: str, result: str = "refused", **said: Any) -> Any:
    said = {"recorded": "not-conform", "found": [KNIFE], "result": result, "trader": "A knife was found.", **said}
    return record(caller, path, control, **said)


def kinds(context: ClearanceContext) -> list[str]:
    return [kind for (kind,) in rows(context, "SELECT kind FROM event WHERE version_id IS NOT NULL ORDER BY id")]


def test_one_order_whatever_the_number_of_agencies(
    context: ClearanceContext, trader: Caller, officer: Officer, mrn: str
) -> None:
    for _ in range(3):
        pass_deadlines(context)
    assert rows(context, "SELECT count(*) FROM inspection") == [(1,)]
    assert kinds(context).count("inspection-ordered") == 1
    paths = {path_of(officer(code), code, mrn).rpartition("/")[2] for code in ("firearms",)}
    assert len(paths) == 1
    shown = body_of(trader.get(f"/v1/declarations/{mrn}/inspection"))
    assert shown["place_name"] == "Heathrow, border inspection hall"
    assert shown["slot_at"] is not None
    assert shown["results"] == {}
    assert codes(trader)[-2:] == ["05", "05"]
    told = body_of(trader.get("/v1/notices?after=0&limit=100"))["notices"][-1]["response"]
    assert "Heathrow, border inspection hall on " in told["AdditionalInformation"][0]["StatementDescription"]


def test_what_conforms_is_released_when_every_control_is_recorded(
    context: ClearanceContext, trader: Caller, officer: Officer, mrn: str
) -> None:
    firearms = officer("firearms")
    path = path_of(firearms, "firearms", mrn)
    controls = body_of(firearms.get(path))["inspection"]["controls"]
    assert {each["control"] for each in controls if each["own"]}
    for each in controls:
        assert state_of(trader, mrn) != "released"
        receipt = record(firearms, path, each["control"])
        assert receipt.status_code == 200, receipt.text
    again = record(firearms, path, controls[0]["control"])
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert problem(record(firearms, path, controls[0]["control"], words="Once more")) == (409, "INSPECTION_ENDED")
    assert state_of(trader, mrn) == "released"
    assert codes(trader)[-1] == "08"
    assert body_of(trader.get(f"/v1/declarations/{mrn}/inspection"))["results"] == {"1": "released"}
    assert kinds(context)[-1] == "inspection-ended"


@pytest.mark.parametrize("result", ["refused", "impounded"])
def test_what_does_not_conform_is_refused_or_impounded(trader: Caller, officer: Officer, mrn: str, result: str) -> None:
    firearms = officer("firearms")
    path = path_of(firearms, "firearms", mrn)
    controls = [each["control"] for each in body_of(firearms.get(path))["inspection"]["controls"] if each["own"]]
    for control in controls[:-1]:
        assert record(firearms, path, control).status_code == 200
    assert refuse(firearms, path, controls[-1], result).get_json()["results"] == {"1": result}
    assert state_of(trader, mrn) == result
    told = body_of(trader.get("/v1/notices?after=0&limit=100"))["notices"][-1]
    assert told["function_code"] == "52"
    assert "A knife was found." in json.dumps(told["response"])


def test_a_record_that_does_not_fit_is_refused_and_stores_nothing(
    context: ClearanceContext, officer: Officer, mrn: str
) -> None:
    firearms = officer("firearms")
    path = path_of(firearms, "firearms", mrn)
    control = next(each["control"] for each in body_of(firearms.get(path))["inspection"]["controls"] if each["own"])
    other = ({"documents", "scan", "physical", "sample"} - {control}).pop()
    wrong = [
        record(firearms, path, control, items=["7"]),
        record(firearms, path, control, recorded="not-done"),
        record(firearms, path, control, done_by="XX-NOWHERE", evidence=["ab" * 32]),
        refuse(firearms, path, control, trader=""),
        refuse(firearms, path, control, found=[]),
    ]
    assert {problem(each) for each in wrong} == {(422, "RECORD_UNFIT")}, other
    assert rows(context, "SELECT count(*) FROM control_record") == [(0,)]
    assert "control-recorded" not in kinds(context)


def test_strangers_find_nothing(callers: Callers, officer: Officer, mrn: str) -> None:
    path = path_of(officer("firearms"), "firearms", mrn)
    health = officer("medicines")
    theirs = path.replace("firearms", "medicines")
    assert problem(health.get(theirs))[0] == 404
    assert problem(health.get(path))[0] == 404
    assert problem(record(health, theirs, "physical"))[0] == 404
    assert problem(send(health, "POST", f"{theirs}/overrides", {"result": "released", "reason": "x", "trader": "y"}))[
        0
    ] in {403, 404}
    assert problem(callers.trader("GB999999999000").get(f"/v1/declarations/{mrn}/inspection"))[0] == 404
    assert body_of(health.get("/v1/agencies/medicines/inspections"))["inspections"] == []


def test_an_override_needs_two_persons_and_not_two_keys(
    context: ClearanceContext, trader: Caller, officer: Officer, mrn: str
) -> None:
    anna, anna_again, ben = officer("firearms", "Anna"), officer("firearms", " ANNA "), officer("firearms", "Ben")
    path = path_of(anna, "firearms", mrn)
    wanted = {"result": "released", "reason": "The minister's own", "trader": "Released by order."}
    assert problem(send(officer("firearms"), "POST", f"{path}/overrides", wanted)) == (403, "PERSON_UNKNOWN")
    asked = body_of(send(anna, "POST", f"{path}/overrides", wanted))
    assert send(anna, "POST", f"{path}/overrides", wanted).headers["Idempotent-Replayed"] == "true"
    assert problem(send(ben, "POST", f"{path}/overrides", wanted | {"reason": "x"})) == (409, "OVERRIDE_WAITS")
    answer = f"{path}/overrides/{asked['override']}/answer"
    yes = {"agreed": True, "words": "I have seen the order."}
    assert problem(send(anna, "POST", answer, yes)) == (409, "SECOND_PERSON_NEEDED")
    assert problem(send(anna_again, "POST", answer, yes)) == (409, "SECOND_PERSON_NEEDED")
    assert problem(send(officer("firearms"), "POST", answer, yes)) == (403, "PERSON_UNKNOWN")
    assert state_of(trader, mrn) == "inspection-ordered"
    agreed = body_of(send(ben, "POST", answer, yes))
    assert send(ben, "POST", answer, yes).headers["Idempotent-Replayed"] == "true"
    assert (agreed["agreed"], agreed["person"], agreed["second_person"]) == (True, "anna", "ben")
    assert state_of(trader, mrn) == "released"
    said = rows(context, "SELECT detail FROM event WHERE kind LIKE 'override-%' ORDER BY id")
    assert [json.loads(detail)["person"] for (detail,) in said] == ["anna", "ben"]


def test_a_refused_override_changes_nothing(trader: Caller, officer: Officer, mrn: str) -> None:
    anna, ben = officer("firearms", "Anna"), officer("firearms", "Ben")
    path = path_of(anna, "firearms", mrn)
    wanted = {"result": "released", "reason": "Known importer", "trader": "Released."}
    for _ in range(2):  # it can be asked for again
        asked = body_of(send(anna, "POST", f"{path}/overrides", wanted))
        answer = f"{path}/overrides/{asked['override']}/answer"
        no = {"agreed": False, "words": "Not without an inspection."}
        assert body_of(send(ben, "POST", answer, no))["agreed"] is False
        assert send(ben, "POST", answer, no).headers["Idempotent-Replayed"] == "true"
        assert problem(send(ben, "POST", answer, no | {"agreed": True})) == (409, "OVERRIDE_ANSWERED")
    assert state_of(trader, mrn) == "inspection-ordered"


def test_slots_are_never_over_booked(context: ClearanceContext, trader: Caller, officer: Officer) -> None:
    mrns = [ordered(trader, context, f"LRN{number}") for number in range(14)]  # two slots of six, and two more
    taken = rows(context, "SELECT taken FROM slot ORDER BY starts_at")
    assert taken == [(6,), (6,), (2,)]
    firearms = officer("firearms")
    ((last,),) = rows(context, "SELECT max(starts_at) FROM slot")
    ((first,),) = rows(context, "SELECT min(starts_at) FROM slot")
    path = path_of(firearms, "firearms", mrns[-1])
    assert problem(move(firearms, path, first)) == (409, "SLOT_FULL")
    assert problem(move(firearms, path, first + 1)) == (422, "MOMENT_UNLIKELY")
    assert problem(move(firearms, path, first - 7 * DAY)) == (422, "MOMENT_UNLIKELY")
    paths = [path_of(firearms, "firearms", each) for each in mrns[:12]]
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda each: move(firearms, each, last).status_code, paths))
    assert sorted(outcomes) == [200] * 4 + [409] * 8
    assert sum(count for (count,) in rows(context, "SELECT taken FROM slot")) == 14
    assert max(count for (count,) in rows(context, "SELECT taken FROM slot")) == 6


def test_fifty_at_once_take_no_more_than_there_is_room(context: ClearanceContext) -> None:
    def take(_: int) -> bool:
        with context.engine.begin() as connection:
            return slots.book(connection, "LHR", 7, 1_000_000)

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(take, range(50))) == 7
    assert rows(context, "SELECT taken FROM slot") == [(7,)]


def move(officer: Caller, path: str, at: int, reason: str = "No scanner before then") -> Any:

    return send(officer, "PUT", f"{path}/slot", {"starts_at": iso(at), "reason": reason})


def test_the_party_asks_for_another_time_and_an_officer_moves_it(trader: Caller, officer: Officer, mrn: str) -> None:
    firearms = officer("firearms")
    wish = {"reason": "The broker is at sea", "starts_at": f"{in_days(30, weekday=0):%Y-%m-%d}T12:00:00Z"}
    before = body_of(send(trader, "PUT", f"/v1/declarations/{mrn}/inspection/wish", wish))
    (listed,) = body_of(firearms.get("/v1/agencies/firearms/inspections"))["inspections"]
    assert (listed["wish"], listed["slot_at"]) == (wish["reason"], before["slot_at"])
    path = path_of(firearms, "firearms", mrn)
    moved = send(firearms, "PUT", f"{path}/slot", {"starts_at": wish["starts_at"], "reason": "As you ask"})
    assert body_of(moved)["slot_at"].startswith(wish["starts_at"][:19])
    assert send(firearms, "PUT", f"{path}/slot", {"starts_at": wish["starts_at"], "reason": "As you ask"}).headers[
        "Idempotent-Replayed"
    ]
    assert "As you ask" in json.dumps(body_of(trader.get("/v1/notices?after=0&limit=100"))["notices"][-1])


def in_days(days: int, weekday: int) -> datetime:
    """The first such day of the week (0 is Monday) so many days from now."""
    when = datetime.now(UTC) + timedelta(days=days)
    return when + timedelta(days=(weekday - when.weekday()) % 7)


@pytest.mark.parametrize(
    "starts_at",
    ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-01-01T09:00:00Z", "2126-01-01T09:00:00Z"],
)
def test_a_time_out_of_reach_is_neither_wished_nor_booked(
    trader: Caller, officer: Officer, mrn: str, starts_at: str
) -> None:
    path = path_of(officer("firearms"), "firearms", mrn)
    before = officer("firearms").get(path).data
    said = {"reason": "Then", "starts_at": starts_at}
    wished = send(trader, "PUT", f"/v1/declarations/{mrn}/inspection/wish", said)
    assert problem(wished) == (422, "MOMENT_UNLIKELY")
    assert problem(send(officer("firearms"), "PUT", f"{path}/slot", said)) == (422, "MOMENT_UNLIKELY")
    assert officer("firearms").get(path).data == before


def test_when_agencies_are_asked_again_the_slot_is_free_and_the_next_decision_has_its_own_order(
    context: ClearanceContext, trader: Caller, officer: Officer, mrn: str
) -> None:
    path = path_of(officer("firearms"), "firearms", mrn)
    ((version_id,),) = rows(context, "SELECT id FROM version")
    ask_again(context, version_id, Round(["firearms"], "operator", "a new list"))
    assert rows(context, "SELECT taken FROM slot") == [(0,)]
    assert problem(record(officer("firearms"), path, "physical")) == (409, "INSPECTION_ENDED")
    work(context)
    pass_deadlines(context)
    assert rows(context, "SELECT decision_number FROM inspection ORDER BY id") == [(1,), (2,)]
    assert path_of(officer("firearms"), "firearms", mrn) != path


def test_cancelling_frees_the_slot(context: ClearanceContext, trader: Caller, callers: Callers, mrn: str) -> None:
    waiting = body_of(trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation"))
    grant = {"answer": "granted", "words": "Very well."}
    customs = callers.agency("customs")
    assert send(customs, "POST", f"/v1/agencies/customs/requests/{mrn}/{waiting['request']}", grant).status_code == 200
    assert rows(context, "SELECT taken FROM slot") == [(0,)]
    assert problem(trader.call("PUT", f"/v1/declarations/{mrn}/inspection/wish",
                               data=b'{"reason": "x"}', content_type="application/json"))[0] == 404  # fmt: skip


@pytest.mark.parametrize("between", ["nothing", "work"])
@pytest.mark.parametrize("end", ["cancelled", "amended"])
def test_a_slot_that_was_kept_for_the_next_order_is_held_once_or_free(
    trader: Caller, callers: Callers, context: ClearanceContext, between: str, end: str
) -> None:
    mrn = ordered(trader, context)
    beside = tree(commodity=PISTOLS, description="Pistols", InvoiceAmount={"@currencyID": "GBP", "#text": "100"})
    beside["GoodsShipment"]["Consignment"]["GoodsLocation"] = {
        "Name": "LHRLHRANS", "TypeCode": "A", "Address": {"TypeCode": "U", "CountryCode": "GB"},
    }  # fmt: skip
    assert body_of(put(trader, mrn, beside))["answer"] == "granted"
    assert state_of(trader, mrn) == "under-review"
    assert rows(context, "SELECT sum(taken) FROM slot") == [(1,)]
    if between == "work":
        settle(context)
    if end == "cancelled":
        waiting = body_of(trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation"))
    else:
        beside["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]["Commodity"]["Description"] = "Pistols, cased"
        waiting = body_of(put(trader, mrn, beside))
    path = f"/v1/agencies/customs/requests/{mrn}/{waiting['request']}"
    granted = send(callers.agency("customs"), "POST", path, {"answer": "granted", "words": "Very well."})
    assert granted.status_code == 200, granted.data
    assert rows(context, "SELECT sum(taken) FROM slot") == [(0,)]
    settle(context)
    assert rows(context, "SELECT sum(taken) FROM slot") == [(0 if end == "cancelled" else 1,)]
    assert rows(context, "SELECT count(*) FROM inspection WHERE ended_at IS NULL") == [(int(end == "amended"),)]


def settle(context: ClearanceContext) -> None:
    work(context)
    pass_deadlines(context)
    pass_deadlines(context)


def test_what_officers_have_said_of_one_item_is_not_lost(
    trader: Caller, callers: Callers, context: ClearanceContext, officer: Officer
) -> None:
    declared = tree(commodity=PISTOLS, description="Pistols", GoodsItemQuantity="2", TotalPackageQuantity="2")
    (item,) = declared["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    declared["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [item, item | {"SequenceNumeric": "2"}]
    mrn = str(body_of(trader.lodge(declared))["mrn"])
    work(context)
    pass_deadlines(context)
    path = path_of(officer("firearms"), "firearms", mrn)
    controls = body_of(officer("firearms").get(path))["inspection"]["controls"]
    for each in controls:
        said = refuse(officer("firearms"), path, each["control"], "impounded", items=["2"])
    assert body_of(said)["results"] == {"2": "impounded"}
    assert (body_of(said)["state"], state_of(trader, mrn)) == ("under-inspection", "under-inspection")
    assert problem(put(trader, mrn, declared | {"InvoiceAmount": {"@currencyID": "GBP", "#text": "9"}}))[0] == 409
    answer = send(trader, "POST", f"/v1/declarations/{mrn}/documents-answer", {"words": "Here", "documents": []})
    assert problem(answer) == (409, "NOT_POSSIBLE")
    ((version_id,),) = rows(context, "SELECT id FROM version")
    with pytest.raises(NotPossible):
        ask_again(context, version_id, Round(["firearms"], "operator", "a new list"))
    waiting = body_of(trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation"))
    ruling = f"/v1/agencies/customs/requests/{mrn}/{waiting['request']}"
    granted = send(callers.agency("customs"), "POST", ruling, {"answer": "granted", "words": "Very well."})
    assert problem(granted) == (409, "NOT_POSSIBLE")
    assert body_of(officer("firearms").get(path))["results"] == {"2": "impounded"}


def test_an_empty_list_is_not_all_items(officer: Officer, mrn: str) -> None:
    path = path_of(officer("firearms"), "firearms", mrn)
    assert problem(record(officer("firearms"), path, "physical", items=[])) == (422, "SCHEMA_INVALID")
    wanted = {"result": "released", "items": [], "reason": "Known", "trader": "Released."}
    assert problem(send(officer("firearms"), "POST", f"{path}/overrides", wanted)) == (422, "SCHEMA_INVALID")


def test_evidence_that_nobody_has_given_counts_for_nothing(officer: Officer, mrn: str) -> None:
    path = path_of(officer("firearms"), "firearms", mrn)
    said = record(officer("firearms"), path, "physical", done_by="FR-COQUELLES", evidence=["a" * 64])
    assert problem(said) == (422, "RECORD_UNFIT")


def test_nobody_agrees_to_what_was_asked_before_the_last_record(trader: Caller, officer: Officer, mrn: str) -> None:
    anna, ben = officer("firearms", "Anna"), officer("firearms", "Ben")
    path = path_of(anna, "firearms", mrn)
    wanted = {"result": "released", "reason": "The minister's own", "trader": "Released by order."}
    asked = body_of(send(anna, "POST", f"{path}/overrides", wanted))
    assert record(ben, path, "physical", recorded="not-done", words="No room").status_code == 200
    answer = f"{path}/overrides/{asked['override']}/answer"
    assert problem(send(ben, "POST", answer, {"agreed": True, "words": "Yes."})) == (409, "OVERRIDE_ANSWERED")
    assert state_of(trader, mrn) != "released"
    assert send(ben, "POST", answer, {"agreed": False, "words": "Look first."}).status_code == 200
    again = body_of(send(anna, "POST", f"{path}/overrides", wanted))
    answer = f"{path}/overrides/{again['override']}/answer"
    assert send(ben, "POST", answer, {"agreed": True, "words": "Yes."}).status_code == 200
    assert state_of(trader, mrn) == "released"


def test_what_does_not_conform_is_not_lost_before_there_is_a_result(
    callers: Callers, context: ClearanceContext, officer: Officer
) -> None:
    trader = callers.trader("GB381940275618")
    example = EXAMPLES / "declarations" / "31-peroxide-with-acetone.json"
    mrn = str(body_of(trader.post(example.read_bytes()))["mrn"])
    work(context)
    pass_deadlines(context)
    path = path_of(officer("explosives"), "explosives", mrn)
    said = refuse(officer("explosives"), path, "documents", "impounded", items=["1"])
    assert (body_of(said)["results"], body_of(said)["state"]) == ({}, "under-inspection"), "the sample is to come"
    waiting = body_of(trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation"))
    ruling = f"/v1/agencies/customs/requests/{mrn}/{waiting['request']}"
    granted = send(callers.agency("customs"), "POST", ruling, {"answer": "granted", "words": "Very well."})
    assert problem(granted) == (409, "NOT_POSSIBLE")
    assert len(body_of(officer("explosives").get(path))["records"]) == 1
