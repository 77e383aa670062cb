"""A window over the real configuration and a real database, callers of every role, and workers without a queue."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from werkzeug.test import TestResponse

from adapters.registry import build_adapters
from singlewindow import logs
from singlewindow.access.keyring import create_key
from singlewindow.access.keys import Role
from singlewindow.access.quota import COUNTING
from singlewindow.agencies.agency import Agency
from singlewindow.bootstrap.service import build_service
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.dispatch import make_batches
from singlewindow.declarations.rules import Rulebooks
from singlewindow.http.app import create_app
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine
from tests.integration.documents import JSON_TYPE, TRADER, as_json
from tests.judgement import configuration
from tests.places import CONFIGURATION

CONFIG = CONFIGURATION


@pytest.fixture(scope="session")
def agencies() -> Mapping[str, Agency]:
    """The agencies as configured, read once."""
    return configuration()[1]


@pytest.fixture(scope="session")
def rulebooks() -> Rulebooks:
    """The rulebooks of all countries, read once."""
    return configuration()[0]


ON_ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test of what is refused before anything is stored: two databases cannot differ in that."""
_COMPILED: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


def _share_statements(engine: Engine) -> None:
    """Let all tests' engines of one kind compile each statement once: a service has one engine, and does so too."""
    if engine.dialect.name not in _COMPILED:
        engine.connect().close()  # the dialect asks the server what it can do
        _COMPILED[engine.dialect.name] = (engine.dialect, {})
    engine.dialect, compiled = _COMPILED[engine.dialect.name]
    engine.update_execution_options(compiled_cache=compiled)


@pytest.fixture
def context(
    database_url: str, agencies: Mapping[str, Agency], rulebooks: Rulebooks, tmp_path: Path
) -> Iterator[ClearanceContext]:
    """A window over an empty, migrated database, once on each engine."""
    settings = Settings(
        database_url=database_url, sw_config=str(CONFIG), sw_waiters=2, sw_documents=str(tmp_path / "documents")
    )
    engine = open_engine(database_url)
    _share_statements(engine)
    yield ClearanceContext(settings, engine, rulebooks, agencies, build_adapters(agencies))
    for thread in threading.enumerate():
        if thread.name == COUNTING:  # it has a connection in hand, which nobody would close
            thread.join()
    engine.dispose()


@pytest.fixture
def app(context: ClearanceContext) -> Flask:
    """The web application over the window."""
    return app_over(context)


def app_over(context: ClearanceContext) -> Flask:
    """The web application over any window."""
    return create_app(build_service(context))


class Caller(NamedTuple):
    """Somebody with a key, calling in this process."""

    app: Flask
    key: str
    party: str = TRADER

    def call(self, method: str, path: str, **request: Any) -> TestResponse:
        """Any call; `headers` are added to the key's."""
        headers = {"Authorization": f"Bearer {self.key}"} | request.pop("headers", {})
        return self.app.test_client().open(path, method=method, headers=headers, **request)

    def get(self, path: str, accept: str | None = None) -> TestResponse:
        """GET, with an Accept header if one is given."""
        return self.call("GET", path, headers={"Accept": accept} if accept else {})

    def lodge(self, declaration: dict[str, Any]) -> TestResponse:
        """Lodge a declaration in JSON, in the caller's own name where the test names no other."""
        return self.post(as_json(declaration | self._name(declaration)))

    def _name(self, declaration: dict[str, Any]) -> dict[str, Any]:
        return {"Declarant": {"ID": self.party}} if declaration.get("Declarant") == {"ID": TRADER} else {}

    def post(self, content: bytes, media: str = JSON_TYPE, path: str = "/v1/declarations") -> TestResponse:
        """Post a document."""
        return self.call("POST", path, data=content, content_type=media)


class Callers:
    """One caller for each role, made when asked for."""

    def __init__(self, app: Flask, context: ClearanceContext) -> None:
        self._app, self._context = app, context

    def trader(self, party: str = TRADER) -> Caller:
        """A trader of this party."""
        return self._with(Role.TRADER, party=party)

    def agency(self, code: str) -> Caller:
        """An agency."""
        return self._with(Role.AGENCY, agency=code)

    def broker(self, party: str = "BROKER1") -> Caller:
        """A broker."""
        return self._with(Role.BROKER, party=party)

    def carrier(self, party: str = "GB555555555000") -> Caller:
        """A carrier or terminal."""
        return self._with(Role.CARRIER, party=party)

    def analyst(self) -> Caller:
        """A risk analyst."""
        return self._with(Role.ANALYST)

    def auditor(self) -> Caller:
        """An auditor."""
        return self._with(Role.AUDITOR)

    def operator(self) -> Caller:
        """An operator."""
        return self._with(Role.OPERATOR)

    def of(self, role: Role) -> Caller:
        """Somebody of this role."""
        return self.agency("customs") if role is Role.AGENCY else getattr(self, role)()

    def _with(self, role: Role, party: str | None = None, agency: str | None = None) -> Caller:
        return Caller(self._app, create_key(self._context.engine, role, party, agency).text, party or TRADER)


@pytest.fixture
def callers(app: Flask, context: ClearanceContext) -> Callers:
    """Whoever a test needs to call."""
    return Callers(app, context)


@pytest.fixture
def trader(callers: Callers) -> Caller:
    """A trader."""
    return callers.trader()


class Log:
    """What is logged while a test runs, as the service writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> list[dict[str, Any]]:
        """Each line as an object."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """The log, from the level of information on."""
    written, root = Log(), logging.getLogger()
    handler, level = logging.StreamHandler(written.stream), root.level
    handler.setFormatter(logs.JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def work(context: ClearanceContext) -> int:
    """Let every agency answer what it is asked, as dispatcher and workers would; how many questions were answered."""
    answered = 0
    while batches := make_batches(context):
        answered += sum(assess_batches(context, batch.id) for batch in batches)
    return answered


def body_of(response: TestResponse) -> Any:
    """The JSON body."""
    return msgspec.json.decode(response.data)


def problem(response: TestResponse) -> tuple[int, str]:
    """Status and code of a problem; fails where the answer is none."""
    assert response.content_type == "application/problem+json", response.data[:500]
    return response.status_code, body_of(response)["code"]
