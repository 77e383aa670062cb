from __future__ import annotations

import re
import threading
from typing import Any

from sqlalchemy import select, text

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.announce import new_notice
from singlewindow.clearance.deciding.late_answers import Given, Receipt, reconcile
from singlewindow.clearance.lodging.store import Lodgement
from singlewindow.decisions.assessment import Answer, Assessment, Lane
from singlewindow.declarations.reading.message import Limits, Media
from singlewindow.declarations.reading.schema import is_valid, parse
from singlewindow.enquiries.cursors import START, Cursor
from singlewindow.enquiries.notices import read_notices
from singlewindow.storage import declarations, streams
from singlewindow.storage.tables import version
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import HAND_TOOLS, PISTOLS, XML_TYPE, as_json, tree
from tests.integration.lodging import arrival, store

RES = "{urn:wco:datamodel:WCO:RES-DMS:2}"


def _lodged(caller: Caller, lrn: str = "LRN1", commodity: str = HAND_TOOLS) -> str:
    answer = caller.lodge(tree(lrn, commodity))
    assert answer.status_code == 202, answer.data
    return str(body_of(answer)["mrn"])


def test_a_trader_is_told_of_acceptance_and_then_of_the_decision(trader: Caller, context: ClearanceContext) -> None:
    mrn = _lodged(trader)
    work(context)
    page = body_of(trader.get("/v1/notices"))
    codes = [notice["function_code"] for notice in page["notices"]]
    decision = body_of(trader.get(f"/v1/declarations/{mrn}/decision"))
    assert codes[0] == "01"
    assert codes[1] in (("08",) if decision["outcome"] == "release" else ("05", "06"))
    assert [notice["number"] for notice in page["notices"]] == [1, 2]
    assert re.fullmatch("2-[0-9a-f]{8}", page["next"])


def test_a_notice_carries_its_response_message(trader: Caller) -> None:
    mrn = _lodged(trader, "LRN9")
    (notice,) = body_of(trader.get("/v1/notices"))["notices"]
    response = notice["response"]
    assert response["FunctionCode"] == "01"
    declaration = response["Declaration"]
    assert (declaration["ID"], declaration["FunctionalReferenceID"], declaration["VersionID"]) == (mrn, "LRN9", "1")
    assert declaration["AcceptanceDateTime"]["DateTimeString"]["@formatCode"] == "304"


def test_the_same_notices_come_as_wco_xml(trader: Caller, context: ClearanceContext) -> None:
    _lodged(trader, commodity=PISTOLS)
    work(context)
    answer = trader.get("/v1/notices", XML_TYPE)
    assert answer.content_type == XML_TYPE
    root = parse(answer.data, Limits())
    assert is_valid(root)
    codes = [node.text for node in root.iter(f"{RES}FunctionCode")]
    assert codes == [notice["function_code"] for notice in body_of(trader.get("/v1/notices"))["notices"]]
    following = body_of(trader.get("/v1/notices"))["next"]
    assert answer.headers["X-Next-After"] == following
    assert answer.headers["Link"] == f'</v1/notices?after={following}&limit=50>; rel="next"'


def test_no_further_notice_is_no_xml_document(trader: Caller) -> None:
    answer = trader.get("/v1/notices", XML_TYPE)
    assert (answer.status_code, answer.data, answer.headers["X-Next-After"]) == (204, b"", "0")
    _lodged(trader)
    following = trader.get("/v1/notices", XML_TYPE).headers["X-Next-After"]
    answer = trader.get(f"/v1/notices?after={following}", XML_TYPE)
    assert (answer.status_code, answer.data, answer.headers["X-Next-After"]) == (204, b"", following)


def test_reading_goes_on_where_it_ended(trader: Caller) -> None:
    for number in range(5):
        _lodged(trader, f"LRN{number}")
    after, seen = "0", []
    for _ in range(4):
        page = body_of(trader.get(f"/v1/notices?after={after}&limit=2"))
        seen += [notice["number"] for notice in page["notices"]]
        after = page["next"]
    assert seen == [1, 2, 3, 4, 5]
    assert after.startswith("5-")


def test_a_trader_is_told_of_its_own_declarations_only(callers: Callers) -> None:
    _lodged(callers.trader("GB1"))
    assert body_of(callers.trader("GB2").get("/v1/notices")) == {"notices": [], "next": "0"}


def _lodgement(context: ClearanceContext, party: str, lrn: str) -> Lodgement:
    content = as_json(tree(lrn, Declarant={"ID": party}))
    return arrival(context, lrn, content, party, Media.JSON)


def test_a_reader_never_passes_a_number_that_can_still_commit(context: ClearanceContext) -> None:
    writers, each, party = 4, 12, "GB1"
    done, failures = threading.Event(), []

    def write(name: int) -> None:
        try:
            for number in range(each):
                store(context, [_lodgement(context, party, f"L{name}-{number}")])
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    seen: list[int] = []

    def read_on() -> None:
        page = read_notices(context.engine, party, Cursor(seen[-1]) if seen else START, 200)
        seen.extend(row.number for row in page.rows)

    def follow() -> None:
        while not done.is_set():
            read_on()

    threads = [threading.Thread(target=write, args=[name]) for name in range(writers)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    read_on()
    assert failures == []
    assert seen == list(range(1, writers * each + 1))


def test_a_number_taken_and_not_committed_is_never_passed(context: ClearanceContext) -> None:
    """The sharpest case: a writer holds a number open while another one would like the next."""
    store(context, [_lodgement(context, "GB1", "L1")])
    with context.engine.connect() as connection:
        version_id = connection.execute(version.select()).one().id
    taken, may_end = threading.Event(), threading.Event()

    def hold_open() -> None:
        with context.engine.begin() as connection:
            streams.publish(connection, [new_notice("GB1", version_id, "08", 0)], [])
            taken.set()
            may_end.wait(5)

    def follow_on() -> None:
        with context.engine.begin() as connection:
            streams.publish(connection, [new_notice("GB1", version_id, "05", 0)], [])

    first = threading.Thread(target=hold_open)
    first.start()
    assert taken.wait(5)
    second = threading.Thread(target=follow_on)
    second.start()
    second.join(0.3)
    assert second.is_alive(), "the second number was given out while the first was still open"
    assert [row.number for row in read_notices(context.engine, "GB1", START, 10).rows] == [1]
    may_end.set()
    first.join()
    second.join()
    assert [row.function_code for row in read_notices(context.engine, "GB1", Cursor(1), 10).rows] == ["08", "05"]


def test_an_agency_reads_what_it_was_asked_and_what_was_decided(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = _lodged(trader)
    customs = callers.agency("customs")
    before = body_of(customs.get("/v1/agencies/customs/feed"))
    work(context)
    after = body_of(customs.get(f"/v1/agencies/customs/feed?after={before['next']}"))
    (asked,), (decided,) = before["entries"], after["entries"]
    assert (asked["kind"], asked["mrn"], asked["assessment"], asked["decision"]) == ("asked", mrn, None, None)
    assert decided["kind"] == "decided"
    assert decided["assessment"]["agency"] == "customs"
    assert decided["decision"]["outcome"] in ("release", "inspect")
    assert (asked["cursor"], decided["cursor"], after["next"][:2]) == (1, 2, "2-")


def test_an_entry_is_what_it_was_however_late_it_is_read(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _lodged(trader)
    customs = callers.agency("customs")
    (before,) = body_of(customs.get("/v1/agencies/customs/feed"))["entries"]
    work(context)
    asked, decided = body_of(customs.get("/v1/agencies/customs/feed"))["entries"]
    assert asked == before
    assert None not in (decided["assessment"], decided["decision"])


def test_a_late_answer_never_shows_in_the_entry_of_the_decision(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _lodged(trader)
    with context.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET deadline_at = 0"))
    dispatch.answer_for_silence(context)
    customs = callers.agency("customs")
    before = body_of(customs.get("/v1/agencies/customs/feed"))
    with context.engine.begin() as connection:
        (locked,) = declarations.lock_versions(connection, list(connection.execute(select(version.c.id)).scalars()))
        late = Given("customs", locked, Assessment(agency="customs", answer=Answer.ASSESSED, lane=Lane.RED), 1)
        assert isinstance(reconcile(connection, late), Receipt)
    assert body_of(customs.get("/v1/agencies/customs/feed")) == before
    asked, decided = before["entries"]
    assert (asked["assessment"], asked["decision"]) == (None, None)
    assert (decided["assessment"]["answer"], decided["decision"]["outcome"]) == ("silent", "inspect")


def test_a_feed_holds_entitled_elements_only(callers: Callers, context: ClearanceContext) -> None:
    agency = context.agencies["firearms"]
    item = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"
    assert callers.trader().lodge(tree(commodity=PISTOLS, description="TOKEN-DESCRIPTION")).status_code == 202
    (entry,) = body_of(callers.agency("firearms").get("/v1/agencies/firearms/feed"))["entries"]
    leaves = set(_leaf_paths(entry["view"], "Declaration"))
    assert leaves
    assert leaves <= agency.entitlement.maximum
    entitled = f"{item}/Commodity/Description" in agency.entitlement.maximum
    assert ("TOKEN-DESCRIPTION" in str(entry["view"])) == entitled


def _leaf_paths(value: Any, path: str) -> list[str]:
    if isinstance(value, list):
        return [leaf for entry in value for leaf in _leaf_paths(entry, path)]
    if isinstance(value, dict):
        return [leaf for name, entry in value.items() for leaf in _leaf_paths(entry, _join(path, name))]
    return [path]


def _join(path: str, name: str) -> str:
    return path if name == "#text" else f"{path}/{name}"


def test_a_feed_shows_only_the_items_the_interest_rests_on(callers: Callers) -> None:
    declaration = tree(commodity=PISTOLS)
    first = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    second = {
        **first,
        "SequenceNumeric": "2",
        "Commodity": {
            "Description": "Spanners",
            "Classification": [{"ID": HAND_TOOLS, "IdentificationTypeCode": "TSP"}],
        },
    }
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = [first, second]
    declaration |= {"GoodsItemQuantity": "2", "TotalPackageQuantity": "2"}
    answer = callers.trader().lodge(declaration)
    assert answer.status_code == 202, answer.data
    (entry,) = body_of(callers.agency("firearms").get("/v1/agencies/firearms/feed"))["entries"]
    assert entry["items"] == ["1"]
    assert [item["SequenceNumeric"] for item in entry["view"]["GoodsShipment"]["GovernmentAgencyGoodsItem"]] == ["1"]


def test_another_agencys_feed_is_answered_as_one_that_does_not_exist(callers: Callers) -> None:
    customs = callers.agency("customs")
    foreign, unknown = customs.get("/v1/agencies/firearms/feed"), customs.get("/v1/agencies/nobody/feed")
    assert problem(foreign) == problem(unknown) == (404, "NOT_FOUND")
    assert body_of(foreign)["detail"] == body_of(unknown)["detail"]


def test_release_times_count_decided_and_open_cases(callers: Callers, context: ClearanceContext) -> None:
    trader, auditor = callers.trader(), callers.auditor()
    _lodged(trader, "LRN1", PISTOLS)
    work(context)
    _lodged(trader, "LRN2")
    report = body_of(auditor.get("/v1/release-times?by=agency"))
    rows = {row["interval"]: row for row in report["total"]["rows"]}
    assert (report["total"]["cases"], report["total"]["open_cases"]) == (2, 1)
    decided = rows["lodgement_to_decision"]
    assert (decided["statistics"]["n"], decided["open"]) == (1, 1)
    assert decided["statistics"]["mean"] > 0
    assert {"customs", "firearms"} <= {group["key"] for group in report["groups"]}


def test_release_times_are_of_what_was_lodged_in_the_range(callers: Callers) -> None:
    _lodged(callers.trader())
    auditor = callers.auditor()
    cases = [
        body_of(auditor.get(f"/v1/release-times?{query}"))["total"]["cases"]
        for query in ("from=2000-01-01&to=2001-01-01", "from=2000-01-01", "to=2999-01-01T00:00:00%2B01:00", "")
    ]
    assert cases == [0, 1, 1, 1]


def test_release_times_with_a_cut_off_are_derived_again(callers: Callers, context: ClearanceContext) -> None:
    trader, auditor = callers.trader(), callers.auditor()
    _lodged(trader, "LRN1")
    lodged_at = body_of(trader.get("/v1/declarations"))["declarations"][0]["lodged_at"]
    ask = f"/v1/release-times?cut_off={lodged_at}&by=agency&mode_milliseconds=1"
    first = auditor.get(ask)
    _lodged(trader, "LRN2", PISTOLS)
    work(context)
    assert auditor.get(ask).data == first.data
    report = body_of(first)
    assert (report["query"]["cut_off"], report["query"]["mode_resolution"]) == (lodged_at, 0.001)
    assert (report["total"]["cases"], report["total"]["open_cases"], report["settled"]) == (1, 1, False)
    assert body_of(auditor.get("/v1/release-times"))["total"]["cases"] == 2


def test_a_cut_off_two_minutes_back_is_final_and_the_mode_is_of_seconds(callers: Callers) -> None:
    old = body_of(callers.auditor().get("/v1/release-times?cut_off=2026-01-01"))
    assert (old["settled"], old["query"]["mode_resolution"], old["total"]["cases"]) == (True, 1.0, 0)
    assert old["query"]["end"] == "2026-01-01T00:00:00.000001Z"


def test_a_range_that_is_none_is_refused(callers: Callers) -> None:
    auditor = callers.auditor()
    for query in (
        "cut_off=2999-01-01",
        "cut_off=2026-01-01&from=2026-01-02",
        "cut_off=soon",
        "mode_milliseconds=0",
        "from=2026-01-02&to=2026-01-01",
        "by=colour",
        "from=2026-01-01T00:00:00",
        "from=2999-01-01",
    ):
        answer = auditor.get(f"/v1/release-times?{query}")
        assert (query, *problem(answer)) == (query, 400, "INVALID_PARAMETER")
