"""Builds the context with which workers, the dispatcher and the operator's commands ask and decide."""

from __future__ import annotations

from pathlib import Path

from adapters.registry import build_adapters
from singlewindow.agencies.loading import load_agencies
from singlewindow.clearance.context import ClearanceContext
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.settings import Settings, load_settings, secret_of
from singlewindow.storage.engine.connect import open_engine


def open_context(settings: Settings | None = None) -> ClearanceContext:
    """Load the configuration and open the record; raises ValueError saying what is wrong, and where."""
    chosen = settings or load_settings()
    config = Path(chosen.sw_config)
    agencies = load_agencies(config / "agencies", chosen.sw_customs)
    return ClearanceContext(
        settings=chosen,
        engine=open_engine(chosen.database_url, pool_size=chosen.sw_threads),
        rulebooks=load_rulebooks(config, chosen.sw_item_limit, chosen.sw_country, chosen.other_countries),
        agencies=agencies,
        adapters=build_adapters(agencies, sandbox_allowed=chosen.sw_sandbox, secrets=secret_of),
    )
