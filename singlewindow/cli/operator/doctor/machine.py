"""The machine and its configuration: settings, agencies and rules, free disk space."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from adapters.registry import SandboxForbidden, build_adapters
from singlewindow.agencies.loading import load_agencies
from singlewindow.cli.failures import in_words
from singlewindow.cli.operator.doctor.check import Check, fault, ok, warning
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.risk.toml_source import ConfigError
from singlewindow.settings import Settings

SCARCE_BYTES, NO_BYTES = 2_000_000_000, 200_000_000


def settings_fit(settings: Settings) -> Iterator[Check]:
    """Settings that are each allowed but do not go together."""
    name, found = "settings", False
    if settings.sw_waiters >= settings.sw_threads:
        found = True
        text = f"SW_WAITERS {settings.sw_waiters} leaves none of the SW_THREADS {settings.sw_threads} free for lodging"
        yield warning(name, text, "Set SW_WAITERS lower than SW_THREADS.")
    if settings.sw_sandbox:
        found = True
        yield warning(
            name, "SW_SANDBOX allows agencies whose outcome the trader chooses", "Use it for rehearsals only."
        )
    if not found:
        yield ok(name, "read, and fit together")


def configuration_loads(settings: Settings) -> Iterator[Check]:
    """Whether agencies and rules can be read, in the way every process reads them at its start."""
    name, config = "configuration", Path(settings.sw_config)
    try:
        agencies = load_agencies(config / "agencies", settings.sw_customs)
        load_rulebooks(config, settings.sw_item_limit, settings.sw_country, settings.other_countries)
        build_adapters(agencies, sandbox_allowed=settings.sw_sandbox)
    except (ValueError, OSError, ConfigError, SandboxForbidden) as error:
        advice = "Running processes keep the configuration that they read at their start."
        of_files = isinstance(error, ConfigError)
        yield fault(name, in_words(error).rstrip("."), f"Correct this file. {advice}" if of_files else advice)
    else:
        yield ok(name, f"{len(agencies)} agencies in {config}")


def disk_space(settings: Settings) -> Iterator[Check]:
    """Free disk space for the embedded database and queue."""
    name, folder = "disk", Path(settings.sw_data)
    if not folder.exists():
        yield ok(name, f"nothing is stored in {folder} on this machine")
        return
    usage = shutil.disk_usage(folder)
    text = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB free at {folder}"
    advice = "Free some space: with a full disk every declaration is refused."
    if usage.free < NO_BYTES:
        yield fault(name, text, advice)
    elif usage.free < SCARCE_BYTES:
        yield warning(name, text, advice)
    else:
        yield ok(name, text)
