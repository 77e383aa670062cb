"""The one place that knows which adapter an agency's configuration names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from adapters.contract import Adapter
from adapters.officer import OfficerAdapter
from adapters.profile import ProfileAdapter
from adapters.remote import RemoteAdapter
from adapters.sandbox import SandboxAdapter
from singlewindow.agencies.agency import Agency


class SandboxForbidden(ValueError):  # noqa: N818 - named for what it forbids
    """The configuration holds a sandbox agency, but this installation really releases goods."""


class KeyMissing(ValueError):  # noqa: N818 - named for what it says
    """The environment holds no usable key for an agency that is asked over HTTP."""


Secrets = Callable[[str], str | None]


def build_adapters(
    agencies: Mapping[str, Agency], *, sandbox_allowed: bool = False, secrets: Secrets = os.environ.get
) -> dict[str, Adapter]:
    """One adapter per agency, by code; raises `SandboxForbidden` unless sandboxes are allowed here, and `KeyMissing`.

    `secrets` gives the key that a remote agency's `key_env` names.
    """
    adapters: dict[str, Adapter] = {}
    for code, agency in agencies.items():
        if agency.remote is not None:
            adapters[code] = RemoteAdapter(agency, agency.remote, _agency_key(agency, agency.remote.key_env, secrets))
        elif agency.adapter == "profiles":
            adapters[code] = ProfileAdapter(agency)
        elif agency.by_officers:
            adapters[code] = OfficerAdapter(code)
        else:
            adapters[code] = _sandbox_adapter(agency, sandbox_allowed)
    return adapters


def _agency_key(agency: Agency, name: str, secrets: Secrets) -> str:
    key = (secrets(name) or "").strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        state = "does not hold a usable key" if key else "is not set"
        raise KeyMissing(
            f"agency {agency.code} is asked over HTTP, but {name} {state}. Put the key that the agency gave you into "
            f"the environment as {name}, or name a file with it as {name}_FILE"
        )
    return key


def _sandbox_adapter(agency: Agency, sandbox_allowed: bool) -> Adapter:
    if not sandbox_allowed:
        raise SandboxForbidden(
            f'agency {agency.code} is a sandbox, whose outcome the trader chooses. Set adapter = "profiles" in its '
            "agency.toml, or, in a rehearsal installation, set SW_SANDBOX"
        )
    return SandboxAdapter(agency)
