"""Large messages are read apart: the same answers as beside it, and nothing but one request ends with a child."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from singlewindow.agencies.agency import Agency
from singlewindow.clearance.lodging.preparation import Books, judge
from singlewindow.clearance.lodging.sandboxed_reader import LARGE, MANY_OBJECTS, Busy, Premises, ReadingRoom, is_large
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Limits, Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.writing.binding import other_form, to_xml
from singlewindow.http import request
from tests.documents import examples
from tests.integration.conftest import CONFIG, Caller, body_of, problem
from tests.integration.documents import XML_TYPE, as_xml, tree

MEMORY = 20_000_000
GREEDY = as_xml(tree()).replace(b"</Declaration>", b"<a/>" * 200_000 + b"</Declaration>")
PLAIN = as_xml(tree())


def room(places: int = 2, queue: int = 4) -> ReadingRoom:
    processors = frozenset(os.sched_getaffinity(0))
    premises = Premises(
        config=str(CONFIG),
        country="GB",
        customs="customs",
        body_bytes=4_000_000,
        items=999,
        memory=MEMORY,
        processors=processors,
    )
    return ReadingRoom(premises, places, queue)


@pytest.fixture(scope="module")
def opened() -> ReadingRoom:
    here = room()
    here.open()
    return here


@pytest.fixture
def books(rulebooks: Rulebooks, agencies: Mapping[str, Agency]) -> Books:
    return Books(rulebooks, agencies, Limits())


def template_of(here: ReadingRoom) -> int:
    return here._living_template()._process.pid


def test_a_message_is_judged_as_it_would_be_here(opened: ReadingRoom, books: Books) -> None:
    for path in examples():
        content, media = path.read_bytes(), Media(path.suffix[1:])
        for lodging in (True, False):
            assert opened.judge(content, media, lodging) == judge(content, media, books, lodging)


def test_what_is_long_or_holds_very_many_objects_is_read_apart() -> None:
    assert [is_large(content) for content in (b" " * LARGE, b"{" * MANY_OBJECTS, PLAIN)] == [False] * 3
    assert [is_large(content) for content in (b" " * LARGE + b"x", b"{" * MANY_OBJECTS + b"{")] == [True] * 2


def test_a_message_with_faults_is_judged_as_it_would_be_here(opened: ReadingRoom, books: Books) -> None:
    content = as_xml(tree(GoodsItemQuantity="2", TypeCode="TOOLONG"))
    assert opened.judge(content, Media.XML, True) == judge(content, Media.XML, books, True)


def test_a_message_that_cannot_be_read_is_refused_as_it_would_be_here(opened: ReadingRoom) -> None:
    with pytest.raises(Refused) as refusal:
        opened.judge(b"<a>", Media.XML, True)
    assert (refusal.value.status, refusal.value.code) == (400, "XML_NOT_WELL_FORMED")


def test_the_countries_served_are_those_of_the_premises(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / "countries" / "NO").mkdir()
    profile = 'country = "NO"\ntitle = "Norway"\ncurrency = "NOK"\ntariff_scheme = "TSP"\n'
    (tmp_path / "config" / "countries" / "NO" / "profile.toml").write_text(profile, encoding="utf-8")
    premises = Premises(
        config=str(tmp_path / "config"), country="NO", others=("GB",), customs="customs", body_bytes=4_000_000,
        items=999, memory=MEMORY, processors=frozenset(os.sched_getaffinity(0)),
    )  # fmt: skip
    here = ReadingRoom(premises, 1, 1)
    envelope = to_xml(Declaration(tree(), {"ResponsibleCountryCode": "{}"}), enveloped=True)
    judged = [here.judge(content, Media.XML, True).country for content in (PLAIN, envelope.replace(b"{}", b"GB"))]
    assert judged == ["NO", "GB"]
    with pytest.raises(Refused, match="accepts declarations for GB and NO"):
        here.judge(envelope.replace(b"{}", b"SE"), Media.XML, True)


def test_a_message_that_takes_too_much_memory_is_refused_and_the_next_is_read(opened: ReadingRoom) -> None:
    template = template_of(opened)
    with pytest.raises(Refused) as refusal:
        opened.judge(GREEDY, Media.XML, True)
    assert (refusal.value.status, refusal.value.code) == (413, "PAYLOAD_TOO_LARGE")
    assert opened.judge(PLAIN, Media.XML, True).form
    assert template_of(opened) == template


def test_a_message_that_ends_its_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT_POINT", "large_message=kill")
    here = room()
    template = template_of(here)
    with pytest.raises(Refused) as refusal:
        here.judge(PLAIN, Media.XML, True)
    assert refusal.value.status == 413
    assert template_of(here) == template


def test_a_room_opened_by_a_thread_that_keeps_to_one_processor_reads_on_all() -> None:
    here, processors = room(), os.sched_getaffinity(0)

    def open_it() -> None:
        os.sched_setaffinity(0, {min(processors)})
        here.open()

    opening = threading.Thread(target=open_it)
    opening.start()
    opening.join()
    assert here.judge(PLAIN, Media.XML, True).form
    assert os.sched_getaffinity(template_of(here)) == processors


def test_a_template_that_has_gone_is_started_again() -> None:
    here = room()
    template = template_of(here)
    os.kill(template, signal.SIGKILL)
    end = time.monotonic() + 10
    while here._template is not None and here._template.lives() and time.monotonic() < end:
        time.sleep(0.01)
    assert here.judge(PLAIN, Media.XML, True).form
    assert template_of(here) != template


def test_a_template_that_goes_while_a_message_is_read_asks_to_come_again() -> None:
    here = room()
    threading.Timer(0.05, os.kill, (template_of(here), signal.SIGKILL)).start()  # it is still loading the rules
    with pytest.raises(Busy):
        here.judge(PLAIN, Media.XML, True)


def test_where_all_places_are_taken_nobody_waits_without_end() -> None:
    here = room(queue=1)
    with here._place(), pytest.raises(Busy):
        here.judge(PLAIN, Media.XML, True)


def test_the_template_ends_with_the_room() -> None:
    here = room()
    template = template_of(here)
    del here
    assert not Path(f"/proc/{template}").exists()


def test_a_document_has_the_other_form_it_would_have_here(opened: ReadingRoom) -> None:
    for path in examples():
        content, media = path.read_bytes(), Media(path.suffix[1:])
        assert opened.other_form(content, media) == other_form(content, media, Limits())


def test_a_large_declaration_is_lodged_and_read_back(trader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(*_: object) -> None:
        raise AssertionError("read in the web process")

    monkeypatch.setattr(request, "judge", here)
    monkeypatch.setattr(request, "other_form", here)
    content = PLAIN.replace(b"</Declaration>", b" " * LARGE + b"</Declaration>")
    answer = trader.post(content, XML_TYPE)
    assert answer.status_code == 202, answer.data
    document = trader.get(body_of(answer)["links"]["document"], "application/json")
    assert body_of(document)["Declaration"]["GoodsShipment"] == tree()["GoodsShipment"]
    monkeypatch.undo()
    assert trader.post(PLAIN, XML_TYPE).headers["Idempotent-Replayed"] == "true"


def test_a_large_declaration_with_a_fault_is_refused_with_it(trader: Caller) -> None:
    content = as_xml(tree(GoodsItemQuantity="2")).replace(b"</Declaration>", b" " * LARGE + b"</Declaration>")
    assert problem(trader.post(content, XML_TYPE)) == (422, "TOTALS_MISMATCH")
