"""Builds the simulator: the same rules over a record of its own, and one agency that the trader's reference commands.

Nothing in it can reach an agency, a feed or a figure, because these are in another database.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from adapters.sandbox import SandboxAdapter
from singlewindow.agencies.agency import Agency
from singlewindow.clearance.context import ClearanceContext
from singlewindow.settings import Settings
from singlewindow.storage.engine.connect import open_engine

OTHERWISE: Final = "SANDBOX-RELEASE"
"""What happens without a word. Profiles do not judge here: nobody may try out what they let pass."""
ANSWER_SECONDS: Final = 3 * 86_400.0
"""How long an officer's query waits for an answer."""
CONNECTIONS: Final = 5
DOCUMENTS_BYTES: Final = 20_000_000


def open_simulator(context: ClearanceContext) -> ClearanceContext | None:
    """The simulator's context; None if the settings name no record for it."""
    settings = _settings(context.settings)
    if settings is None:
        return None
    agencies = {code: _by_officers(agency) for code, agency in context.agencies.items() if agency.customs}
    return replace(
        context,
        settings=settings,
        engine=open_engine(settings.database_url, pool_size=CONNECTIONS),
        agencies=agencies,
        adapters={code: SandboxAdapter(agency, OTHERWISE) for code, agency in agencies.items()},
    )


def _settings(settings: Settings) -> Settings | None:
    if not settings.sw_simulator_database_url:
        return None
    documents = settings.sw_documents.rstrip("/") or f"{settings.sw_data}/documents"
    return msgspec.structs.replace(
        settings,
        database_url=settings.sw_simulator_database_url,
        sw_documents=f"{documents}-simulator",
        sw_documents_bytes=min(settings.sw_documents_bytes, DOCUMENTS_BYTES),
        sw_audit_key="",
        sw_attempts=1,
    )


def _by_officers(agency: Agency) -> Agency:
    head = msgspec.structs.replace(agency.head, adapter="officer", deadline_seconds=ANSWER_SECONDS)
    return replace(agency, head=head, remote=None)
