"""An agency's code as it is typed in commands: only one that the configuration has."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.agencies.loading import load_agencies
from singlewindow.cli.options import settings_for


def known_agency(data: Path | None, typed: str) -> str:
    """The code of an agency of the configuration, as it is stored; what is none is refused with those there are."""
    known = sorted(load_agencies(Path(settings_for(data).sw_config) / "agencies"))
    code = typed.strip().lower()
    if code not in known:
        raise click.ClickException(f"There is no agency {typed!a}; the configuration has {', '.join(known)}.")
    return code
