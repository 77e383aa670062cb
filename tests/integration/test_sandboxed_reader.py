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
from singlewindow.clearance.lodging import lodge
from singlewindow.clearance.lodging.preparation import Rules, prepare_message
from singlewindow.clearance.lodging.sandboxed_reader import (
    LARGE,
    MANY_OBJECTS,
    Busy,
    Configuration,
    SandboxedReader,
    is_large,
)
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Limits, Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.writing.binding import other_form, to_xml
from tests.documents import examples
from tests.integration.conftest import CONFIG, Caller, body_of, problem
from tests.integration.documents import XML_TYPE, as_xml, tree

MEMORY = 20_000_000
GREEDY = as_xml(tree()).replace(b"</Declaration>", b"<a/>" * 200_000 + b"</Declaration>")
PLAIN = as_xml(tree())


def sandbox(slots: int = 2, queue: int = 4) -> SandboxedReader:
    processors = frozenset(os.sched_getaffinity(0))
    configuration = Configuration(
        config=str(CONFIG),
        country="GB",
        customs="customs",
        body_bytes=4_000_000,
        items=999,
        memory=MEMORY,
        processors=processors,
    )
    return SandboxedReader(configuration, slots, queue)


@pytest.fixture(scope="module")
def opened() -> SandboxedReader:
    here = sandbox()
    here.start()
    return here


@pytest.fixture
def rules(rulebooks: Rulebooks, agencies: Mapping[str, Agency]) -> Rules:
    return Rules(rulebooks, agencies, Limits())


def template_of(here: SandboxedReader) -> int:
    return here._living_template()._process.pid


def test_a_message_is_prepared_as_it_would_be_here(opened: SandboxedReader, rules: Rules) -> None:
    for path in examples():
        content, media = path.read_bytes(), Media(path.suffix[1:])
        for lodging in (True, False):
            assert opened.prepare_message(content, media, lodging) == prepare_message(content, media, rules, lodging)


def test_what_is_long_or_holds_very_many_objects_is_read_apart() -> None:
    assert [is_large(content) for content in (b" " * LARGE, b"{" * MANY_OBJECTS, PLAIN)] == [False] * 3
    assert [is_large(content) for content in (b" " * LARGE + b"x", b"{" * MANY_OBJECTS + b"{")] == [True] * 2


def test_a_message_with_faults_is_prepared_as_it_would_be_here(opened: SandboxedReader, rules: Rules) -> None:
    content = as_xml(tree(GoodsItemQuantity="2", TypeCode="TOOLONG"))
    assert opened.prepare_message(content, Media.XML, True) == prepare_message(content, Media.XML, rules, True)


def test_a_message_that_cannot_be_read_is_refused_as_it_would_be_here(opened: SandboxedReader) -> None:
    with pytest.raises(Refused) as refusal:
        opened.prepare_message(b"<a>", Media.XML, True)
    assert refusal.value.code == "XML_NOT_WELL_FORMED"


@pytest.mark.service
def test_the_countries_served_are_those_of_the_configuration(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / "countries" / "NO").mkdir()
    profile = 'country = "NO"\ntitle = "Norway"\ncurrency = "NOK"\ntariff_scheme = "TSP"\n'
    (tmp_path / "config" / "countries" / "NO" / "profile.toml").write_text(profile, encoding="utf-8")
    configuration = Configuration(
        config=str(tmp_path / "config"), country="NO", others=("GB",), customs="customs", body_bytes=4_000_000,
        items=999, memory=MEMORY, processors=frozenset(os.sched_getaffinity(0)),
    )  # fmt: skip
    here = SandboxedReader(configuration, 1, 1)
    envelope = to_xml(Declaration(tree(), {"ResponsibleCountryCode": "{}"}), enveloped=True)
    served = [
        here.prepare_message(content, Media.XML, True).header.country
        for content in (PLAIN, envelope.replace(b"{}", b"GB"))
    ]
    assert served == ["NO", "GB"]
    with pytest.raises(Refused, match="accepts declarations for GB and NO"):
        here.prepare_message(envelope.replace(b"{}", b"SE"), Media.XML, True)


def test_a_message_that_takes_too_much_memory_is_refused_and_the_next_is_read(opened: SandboxedReader) -> None:
    template = template_of(opened)
    with pytest.raises(Refused) as refusal:
        opened.prepare_message(GREEDY, Media.XML, True)
    assert refusal.value.code == "PAYLOAD_TOO_LARGE"
    assert opened.prepare_message(PLAIN, Media.XML, True).form
    assert template_of(opened) == template


def test_a_message_that_ends_its_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT_POINT", "large_message=kill")
    here = sandbox()
    template = template_of(here)
    with pytest.raises(Refused) as refusal:
        here.prepare_message(PLAIN, Media.XML, True)
    assert refusal.value.code == "PAYLOAD_TOO_LARGE"
    assert template_of(here) == template


@pytest.mark.service
def test_a_sandbox_started_by_a_thread_that_keeps_to_one_processor_reads_on_all() -> None:
    here, processors = sandbox(), os.sched_getaffinity(0)

    def start_it() -> None:
        os.sched_setaffinity(0, {min(processors)})
        here.start()

    starting = threading.Thread(target=start_it)
    starting.start()
    starting.join()
    assert here.prepare_message(PLAIN, Media.XML, True).form
    assert os.sched_getaffinity(template_of(here)) == processors


@pytest.mark.service
def test_a_template_that_has_gone_is_started_again() -> None:
    here = sandbox()
    template = template_of(here)
    os.kill(template, signal.SIGKILL)
    end = time.monotonic() + 10
    while here._template is not None and here._template.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    assert here.prepare_message(PLAIN, Media.XML, True).form
    assert template_of(here) != template


@pytest.mark.service
def test_a_template_that_goes_while_a_message_is_read_asks_to_come_again() -> None:
    here = sandbox()
    threading.Timer(0.05, os.kill, (template_of(here), signal.SIGKILL)).start()  # it is still loading the rules
    with pytest.raises(Busy):
        here.prepare_message(PLAIN, Media.XML, True)


@pytest.mark.service
def test_where_all_slots_are_taken_nobody_waits_without_end() -> None:
    here = sandbox(queue=1)
    with here._hold_slot(), pytest.raises(Busy):
        here.prepare_message(PLAIN, Media.XML, True)


@pytest.mark.service
def test_the_template_ends_with_the_sandbox() -> None:
    here = sandbox()
    template = template_of(here)
    del here
    assert not Path(f"/proc/{template}").exists()


def test_a_document_has_the_other_form_it_would_have_here(opened: SandboxedReader) -> None:
    for path in examples():
        content, media = path.read_bytes(), Media(path.suffix[1:])
        assert opened.other_form(content, media) == other_form(content, media, Limits())


def test_a_large_declaration_is_lodged_and_read_back(trader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(*_: object) -> None:
        raise AssertionError("read in the web process")

    monkeypatch.setattr(lodge, "prepare_message", here)
    monkeypatch.setattr(lodge, "other_form", here)
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
