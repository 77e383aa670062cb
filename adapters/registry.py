"""The one place that knows which kind of adapter an agency's configuration means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from adapters.contract import Adapter
from adapters.profile import Clock, ProfileAdapter
from adapters.sandbox import SandboxAdapter
from singlewindow.risk.agency import Agency
from singlewindow.times import application_clock, moment


class SandboxForbidden(Exception):  # noqa: N818 - named for what it forbids
    """The configuration holds a sandbox agency where goods are really released."""


def today() -> date:
    """The current day in UTC."""
    return moment(application_clock() // 1_000).date()


def build_adapters(
    agencies: Mapping[str, Agency], clock: Clock = today, *, sandbox_allowed: bool = False
) -> dict[str, Adapter]:
    """One adapter per agency, by code; raises `SandboxForbidden` unless sandboxes are allowed here."""
    return {code: _build(agency, clock, sandbox_allowed) for code, agency in agencies.items()}


def _build(agency: Agency, clock: Clock, sandbox_allowed: bool) -> Adapter:
    if agency.adapter == "profiles":
        return ProfileAdapter(agency, clock)
    if not sandbox_allowed:
        raise SandboxForbidden(
            f'agency {agency.code} is a sandbox, whose outcome the trader chooses: set adapter = "profiles" in its '
            "agency.toml, or allow sandboxes in the settings of a rehearsal installation"
        )
    return SandboxAdapter(agency)
