"""The ways that docs/architecture.md names are those of the code: file after file, each called by the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from sqlalchemy import Engine

from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.audit.verify import verify
from singlewindow.bootstrap.context import open_context
from singlewindow.bootstrap.service import build_service
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import make_batches
from singlewindow.enquiries import audit_trail
from singlewindow.http.app import create_app
from singlewindow.settings import load_settings
from singlewindow.storage.engine.migrate import migrate
from tests.documents import original
from tests.places import REPOSITORY
from tests.structure.walk import Step, Walk, walk
from workers import jobs

PAGE: Final = REPOSITORY / "docs" / "architecture.md"
LINE: Final = re.compile(
    r"^\d+\. `(?P<file>[\w/]+\.py)`: `(?P<function>\w+)`(?: \((?:from (?P<from>\d+)|(?P<command>a command))\))?\.",
    re.MULTILINE,
)
BESIDE: Final = re.compile(r"^Beside the line: ((?:.+\n)+)", re.MULTILINE)
IMPORTER: Final = "GB204815930012"


class Place(NamedTuple):
    """One file on a line, the function by which it is entered, and from which file; "" where no file of ours calls."""

    file: str
    function: str
    caller: str


class Way(NamedTuple):
    """One way as the page names it."""

    line: list[Place]
    beside: list[str]


def way(title: str) -> Way:
    """The way under this heading."""
    text = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    beside = BESIDE.search(section)
    assert beside is not None
    return Way(list(_places(list(LINE.finditer(section)))), re.findall(r"`([\w/.]+)`", beside[1]))


def _places(found: Sequence[re.Match[str]]) -> Iterator[Place]:
    for number, match in enumerate(found):
        before = int(match["from"] or number) - 1
        caller = "" if match["command"] or number == 0 else found[before]["file"]
        yield Place(match["file"], match["function"], caller)


def hold(named: Way, walked: Walk) -> None:
    """The code goes this way, and passes nothing that the page does not name."""
    files = [place.file for place in named.line]
    assert len(files) == len(set(files))
    steps = [Step(place.caller, place.file, place.function) for place in named.line]
    assert [step for step in steps if step not in walked.steps] == []
    assert steps == sorted(steps, key=walked.steps.index)
    assert [file for file in walked.files if file not in files and not _is_named(file, named.beside)] == []
    assert [name for name in named.beside if not any(_is_named(file, [name]) for file in walked.files)] == []


def _is_named(file: str, names: Sequence[str]) -> bool:
    return any(file == name or (name.endswith("/") and file.startswith(name)) for name in names)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ClearanceContext]:
    """The shipped configuration over an empty record."""
    settings = load_settings({"DATABASE_URL": f"sqlite:///{tmp_path / 'record.db'}"})
    migrate(settings.database_url)
    opened = open_context(settings)
    yield opened
    opened.engine.dispose()


class Trader:
    """Somebody who lodges over HTTP."""

    def __init__(self, context: ClearanceContext) -> None:
        self._client = create_app(build_service(context)).test_client()
        key = create_key(context.engine, Role.TRADER, party=IMPORTER)
        self._headers = {"Authorization": f"Bearer {key.text}", "Content-Type": "application/xml"}

    def lodge(self, lrn: str) -> None:
        """Lodge an example under this reference."""
        answer = self._client.post("/v1/declarations", data=original(lrn), headers=self._headers)
        assert answer.status_code == 202, answer.data


def test_the_way_of_one_declaration(context: ClearanceContext) -> None:
    Trader(context).lodge("FIRST")  # what is made once for a process is no part of the way
    trader, named = Trader(context), way("The way of one declaration")
    hold(named, walk(lambda: trader.lodge("SECOND")))
    assert len(named.line) <= 12
    through_http = [place.file.startswith("singlewindow/http/") for place in named.line]
    assert through_http == sorted(through_http, reverse=True)


def test_the_way_of_one_question(context: ClearanceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "context", lambda: context)
    Trader(context).lodge("ONE")
    batches, named = [batch.id for batch in make_batches(context)], way("The way of one question")
    hold(named, walk(lambda: jobs.assess(*batches)))
    assert len(named.line) <= 10


def test_the_way_of_one_event(context: ClearanceContext) -> None:
    signer = Signer(new_key())

    def act(engine: Engine = context.engine) -> None:
        create_key(engine, Role.AUDITOR)
        checkpoint = audit_trail.sign_checkpoint(engine, signer)
        assert checkpoint is not None
        lines = [*audit_trail.export_lines(engine, audit_trail.export_contents(engine))]
        assert verify(lines, [checkpoint]).findings == []

    hold(way("The way of one event"), walk(act))


def test_a_line_that_is_not_the_codes_is_found_out(context: ClearanceContext) -> None:
    named = way("The way of one event")
    walked = walk(lambda: create_key(context.engine, Role.AUDITOR))
    with pytest.raises(AssertionError):
        hold(named, walked)
