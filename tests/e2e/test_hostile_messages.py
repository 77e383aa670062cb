"""Every bad input and every attack that is known, against a running service: its answer, and what did not happen.

The lists are numbered: 1 to 113 are bad inputs, X1 to X46 attacks by XML, J1 to J15 by JSON. What is not in the tables
here is named with where it is tested, or why it does not apply.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from tests.e2e.hostile import (
    inspection_rows,
    json_rows,
    life_rows,
    request_rows,
    server_rows,
    subscription_rows,
    value_rows,
    xml_rows,
)
from tests.e2e.hostile.inspection_rows import Said
from tests.e2e.hostile.life_rows import Call, Life
from tests.e2e.hostile.request_rows import Request
from tests.e2e.hostile.row import Row, described, json
from tests.e2e.hostile.server_rows import Octets
from tests.e2e.hostile.witness import MEMORY_MEGABYTES, Witness, allowed_seconds, shape_faults
from tests.e2e.service import running_service
from tests.integration.documents import JSON_TYPE, PISTOLS, tree
from tests.places import REPOSITORY

pytestmark = pytest.mark.service

MESSAGES = [*xml_rows.ROWS, *json_rows.ROWS, *value_rows.ROWS, *request_rows.BODIES]
NOT_HERE = {
    "87": "tests/integration/test_http_reading.py",
    "96 97 98": "tests/integration/test_http_lodging.py",
    "100 101 102 103": "tests/integration/test_remote_agencies.py",
    "107 108": "tests/integration/test_limits.py",
    "109": "tests/faults/test_database.py",
    "110": "tests/faults/test_queue_server.py",
    "111": "tests/unit/http/test_app.py",
    "112 113 X44": "messages are not signed",
    "X45": "tests/unit/declarations/test_elements.py",
}


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """A running service, watched."""
    folder = tmp_path_factory.mktemp("hostile")
    with running_service(folder) as service:
        watching = Witness(service, folder)
        yield watching
        watching.close()


@pytest.mark.parametrize("row", MESSAGES, ids=[row.label for row in MESSAGES])
def test_a_message_gets_its_answer_and_nothing_else_happens(witness: Witness, row: Row) -> None:
    before = witness.stored()
    answer, took = _lodged(witness, row)
    code = answer.json().get("code", "")
    assert (answer.status_code, code) == (row.status, row.code), answer.text[:600]
    if row.code:
        assert shape_faults(answer, row.content) == []
        assert witness.stored() == before
        assert [line for line in witness.log_lines(answer.json()["trace_id"]) if '"rejected ' in line]
    else:
        assert answer.json()["lrn"] == witness.reference
    assert witness.touched() == []
    # A busy machine adds to processor time as well; a row that is slow by itself is slow every time.
    assert took <= allowed_seconds(row) or min(_lodged(witness, row)[1] for _ in range(3)) <= allowed_seconds(row)
    assert witness.lodge_a_good_one().status_code == 202


def test_free_text_is_read_back_as_it_was_sent(witness: Witness) -> None:
    for text in value_rows.FREE_TEXTS:
        row = Row("79 80", text, json(GoodsShipment=described(text)), 202, media=JSON_TYPE)
        document = witness.get(f"{witness.lodge(row).json()['links']['document']}").json()
        (item,) = document["Declaration"]["GoodsShipment"]["GovernmentAgencyGoodsItem"]
        assert item["Commodity"]["Description"] == witness.with_addresses(text.encode()).decode()


@pytest.mark.parametrize("row", request_rows.REQUESTS, ids=[f"{row.rows} {row.name}" for row in request_rows.REQUESTS])
def test_a_request_gets_its_answer_and_nothing_else_happens(witness: Witness, row: Request) -> None:
    before = witness.stored()
    key = f"Bearer {witness.keys[row.key]}" if row.key in witness.keys else row.key
    headers = {**row.headers, "Content-Type": "application/xml", **({"Authorization": key} if key else {})}
    answer = witness.http.request(row.method, row.path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (row.status, row.code)
    assert shape_faults(answer, row.path.encode()) == []
    assert witness.stored() == before
    assert witness.lodge_a_good_one().status_code == 202


@pytest.mark.parametrize("row", life_rows.ROWS, ids=[f"{row.rows} {row.name}" for row in life_rows.ROWS])
def test_a_request_about_a_declaration_gets_its_answer_and_nothing_else_happens(witness: Witness, row: Life) -> None:
    mrn = witness.lodge_in_life(row.kind)
    for call in row.before:
        assert witness.call(mrn, call).status_code in {200, 202}
    before = witness.stored()
    answer = witness.call(mrn, row.call)
    assert (answer.status_code, answer.json().get("code", "")) == (row.status, row.code), answer.text[:600]
    if row.code:
        assert answer.json().get("mrn", mrn) == mrn
        assert shape_faults(answer, row.call.content) == []
        assert witness.stored() == before
    else:
        assert (answer.json()["mrn"], answer.json()["answer"]) == (mrn, "granted" if row.status == 200 else "waiting")
    assert witness.touched() == []
    assert witness.lodge_a_good_one().status_code == 202


@pytest.mark.parametrize("call", [life_rows.OTHER, life_rows.cancellation()], ids=["95 PUT", "95 cancellation"])
def test_the_same_key_while_the_first_runs_gets_the_same_answer(witness: Witness, call: Call) -> None:
    mrn, keyed = witness.lodge_in_life(life_rows.ADVANCE), call._replace(headers={life_rows.KEY: "k1"})
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: witness.call(mrn, keyed), range(4)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers].count("true") == 3


@pytest.mark.parametrize("row", subscription_rows.ROWS, ids=[row.label for row in subscription_rows.ROWS])
def test_a_subscription_gets_its_answer_and_nothing_is_called(witness: Witness, row: Row) -> None:
    before = witness.stored()
    answer = witness.subscribe(row)
    assert (answer.status_code, answer.json().get("code", "")) == (row.status, row.code), answer.text[:600]
    assert shape_faults(answer, row.content) == []
    assert witness.stored() == before
    assert witness.touched() == []
    assert witness.get("/v1/subscriptions").json() == {"subscriptions": []}


@pytest.fixture(scope="module")
def inspected(witness: Witness) -> str:
    """The address of an inspection that is open, for the officers of the firearms authority."""
    pistols = json(GoodsShipment=tree(commodity=PISTOLS, description="Pistols")["GoodsShipment"])
    mrn = witness.lodge(Row("", "pistols", pistols, 202, media=JSON_TYPE)).json()["mrn"]
    for _ in range(200):
        page = witness.officer("GET", "/v1/agencies/firearms/inspections").json()["inspections"]
        found = [each["inspection"] for each in page if each["mrn"] == mrn]
        if found:
            return f"/v1/agencies/firearms/inspections/{found[0]}"
        time.sleep(0.1)
    raise AssertionError("no inspection was ordered")


@pytest.mark.parametrize("row", inspection_rows.ROWS, ids=[f"{row.rows} {row.name}" for row in inspection_rows.ROWS])
def test_what_an_officer_says_wrongly_of_an_inspection_is_refused(witness: Witness, inspected: str, row: Said) -> None:
    before, shown = witness.stored(), witness.officer("GET", inspected).json()
    answer = witness.officer(row.method, f"{inspected}/{row.to}", row.content)
    assert (answer.status_code, answer.json().get("code", "")) == (row.status, row.code), answer.text[:600]
    assert shape_faults(answer, row.content) == []
    assert witness.stored() == before
    assert witness.officer("GET", inspected).json() == shown
    assert witness.touched() == []


@pytest.mark.parametrize("row", server_rows.ROWS, ids=lambda row: f"{row.rows} {row.name}")
def test_what_the_web_server_answers_has_its_status(witness: Witness, row: Octets) -> None:
    before, began = witness.stored(), time.monotonic()
    status = _spoken(witness, row)
    took = time.monotonic() - began
    assert status in row.statuses
    assert took <= row.patience
    assert witness.stored() == before
    assert witness.lodge_a_good_one().status_code == 202


def test_the_web_process_lived_through_all_of_it_in_little_memory(witness: Witness) -> None:
    assert witness.same_process()
    assert witness.peak_megabytes() < MEMORY_MEGABYTES


def test_every_number_of_the_lists_is_here_or_named() -> None:
    listed = {*map(str, range(1, 114)), *(f"X{n}" for n in range(1, 47)), *(f"J{n}" for n in range(1, 16))}
    tables = [row.rows for row in MESSAGES]
    tables += [row.rows for row in life_rows.ROWS] + ["95"]
    tables += [row.rows for row in subscription_rows.ROWS]
    tables += [row.rows for row in request_rows.REQUESTS] + [row.rows for row in server_rows.ROWS]
    assert listed == {number for rows in (*tables, *NOT_HERE) for number in rows.split()}


def test_what_is_tested_elsewhere_is_there() -> None:
    files = [where for where in NOT_HERE.values() if where.startswith("tests/")]
    assert [name for name in files if not (REPOSITORY / name).is_file()] == []


def _lodged(witness: Witness, row: Row) -> tuple[httpx.Response, float]:
    """The row's answer, and the processor time it took."""
    began = witness.seconds()
    answer = witness.lodge(row)
    return answer, witness.seconds() - began


def _spoken(witness: Witness, row: Octets) -> int:
    """The status that the service answers these octets with; 0 where it closes without a word."""
    answer, waiting = b"", row.flood
    with socket.create_connection(("127.0.0.1", witness.service.port), timeout=row.patience + 2) as connection:
        connection.sendall(row.request.replace(b"@KEY@", witness.keys["trader"].encode()))
        end = time.monotonic() + row.patience
        if row.flood:
            connection.setblocking(False)
        while time.monotonic() < end:
            with suppress(BlockingIOError, ConnectionError):
                waiting = waiting[connection.send(waiting) :] or row.flood
            try:
                answer += (received := connection.recv(4_096))
            except BlockingIOError:
                continue
            except (ConnectionError, TimeoutError):
                break
            if not received or re.match(rb"HTTP/1\.[01] \d{3}", answer):
                break
    return int(answer[9:12]) if answer else 0
