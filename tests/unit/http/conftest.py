"""The web application over nothing: for what it answers without asking the record."""

from __future__ import annotations

from typing import Any, cast

import pytest
from flask import Flask

from singlewindow.bootstrap.service import build_service
from singlewindow.clearance.context import ClearanceContext
from singlewindow.http.app import create_app
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine


@pytest.fixture(scope="session")
def app() -> Flask:
    """The application; its record is an empty database in memory, and there are no agencies."""
    nothing = cast(Any, None)
    return create_app(build_service(ClearanceContext(Settings(), open_engine("sqlite://"), nothing, {}, {})))
