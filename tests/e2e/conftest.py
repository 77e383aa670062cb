"""One service for all tests that kill its processes, stop it, or only use it; each with a party of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.e2e.service import Service, patient_config, running_service

_numbers = count(1)


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Take `service` instead, which runs."""
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder, {"SW_CONFIG": str(patient_config(folder / "config"))}) as service:
        yield service


@pytest.fixture
def service(shared_service: Service) -> Service:
    """The shared service, started again where the test before has ended it."""
    if not shared_service.runs():
        shared_service.start()
    return shared_service


@pytest.fixture
def party() -> str:
    """A party that has lodged nothing yet."""
    return f"GB{next(_numbers):012d}"
