"""The table that `singlewindow lodge` ends with, whatever the service has answered."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from singlewindow.cli.trader import lodge
from singlewindow.cli.trader.client import Outcome


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console(width=200, record=True, file=StringIO())
    monkeypatch.setattr(lodge, "console", lambda: console)
    return console


def test_a_refused_declaration_tells_its_first_fault_and_how_many_there_are_besides(console: Console) -> None:
    problem = {"detail": "TypeCode is too long.", "faults_total": 3}
    lodge.print_outcomes([Outcome(Path("folder/a.xml"), problem=problem)])
    shown = console.export_text()
    assert "TypeCode is too long. 2 more: singlewindow validate folder/a.xml" in shown


def test_a_broker_is_told_the_option_that_sends_the_header(console: Console) -> None:
    problem = {"code": "ACTING_FOR_REQUIRED", "detail": "Send the header Acting-For."}
    lodge.print_outcomes([Outcome(Path("a.xml"), problem=problem)])
    assert "Send the header Acting-For. With this command, use --for PARTY." in console.export_text()


def test_a_value_that_looks_like_markup_is_shown_and_not_obeyed(console: Console) -> None:
    problem = {"detail": "The value is [/red] [bold]loud."}
    lodge.print_outcomes([Outcome(Path("[bold].xml"), problem=problem)])
    shown = console.export_text()
    assert "The value is [/red] [bold]loud." in shown
    assert "[bold].xml" in shown


def test_an_answer_to_a_request_and_an_end_without_a_decision_are_shown_as_such(console: Console) -> None:
    waiting = {
        "kind": "amendment",
        "answer": "waiting",
        "mrn": "M1",
        "reference": "R1",
        "words": "An officer must agree.",
    }
    ended = Outcome(Path("b.xml"), receipt={"lrn": "L2", "mrn": "M2"}, end="The declaration is cancelled.")
    lodge.print_outcomes([Outcome(Path("a.xml"), request=waiting), ended])
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert "│ R1 │ M1 │ amendment waiting │ An officer must agree. │ - │" in lines
    assert "│ L2 │ M2 │ ended │ The declaration is cancelled. │ - │" in lines
