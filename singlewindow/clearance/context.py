"""What dispatching, asking and deciding work with: settings, record, rules, and one adapter for each agency.

One object, because these three use nearly all of it. Lodging and enquiries need one or two of its parts and take only
those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from adapters.contract import Adapter
from singlewindow.agencies.agency import Agency
from singlewindow.declarations.rules import Rulebooks
from singlewindow.risk.terms import Terms, terms_of
from singlewindow.settings import Settings
from singlewindow.times import today


@dataclass(frozen=True)
class ClearanceContext:
    """Made once per process by `singlewindow.bootstrap`."""

    settings: Settings
    engine: Engine
    rulebooks: Rulebooks
    agencies: Mapping[str, Agency]
    adapters: Mapping[str, Adapter]

    def terms(self, country: str) -> Terms:
        """The terms that apply today to a declaration of that country."""
        return terms_of(self.rulebooks, country, today())

    def is_remote(self, agency: str) -> bool:
        """Whether this agency is asked over HTTP."""
        configured = self.agencies.get(agency)
        return configured is not None and configured.remote is not None
