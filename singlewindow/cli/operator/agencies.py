"""An agency's code as it is typed in commands; it must be in the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.agencies.loading import load_agencies
from singlewindow.cli.options import settings_for


def known_agency(data: Path | None, typed: str) -> str:
    """The typed agency code in its stored form; raises ClickException, which lists the codes, if it is unknown."""
    known = sorted(load_agencies(Path(settings_for(data).sw_config) / "agencies"))
    code = typed.strip().lower()
    if code not in known:
        raise click.ClickException(f"There is no agency {typed!a}. The configuration has {', '.join(known)}.")
    return code
