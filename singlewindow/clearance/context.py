"""The single window as its use cases need it: the record, the rules, the agencies, and how each is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from adapters.contract import Adapter
from singlewindow.agencies.loading import Agency
from singlewindow.clearance.lodging.preparation import Books
from singlewindow.declarations.reading.intake import Limits
from singlewindow.declarations.rules import Rulebooks
from singlewindow.settings import Settings


@dataclass(frozen=True)
class ClearanceContext:
    """Everything a use case may touch; made once per process by `singlewindow.bootstrap`."""

    settings: Settings
    engine: Engine
    limits: Limits
    rulebooks: Rulebooks
    agencies: Mapping[str, Agency]
    adapters: Mapping[str, Adapter]

    @property
    def books(self) -> Books:
        """What messages are judged by."""
        return Books(self.rulebooks, self.agencies, self.limits)

    def is_remote(self, agency: str) -> bool:
        """Whether this agency is asked over HTTP."""
        configured = self.agencies.get(agency)
        return configured is not None and configured.remote is not None
