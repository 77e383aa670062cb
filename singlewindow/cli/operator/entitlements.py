"""The command that shows where agencies' legal lists overlap: which see the same elements, and which need them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import click
from rich.table import Column, Table

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.loading import load_agencies
from singlewindow.cli.options import data_option, settings_for
from singlewindow.cli.tables import console, literal


@click.command()
@data_option
@click.option(
    "--elements", "by_element", is_flag=True, help="List every shared element and its agencies instead of the counts."
)
def entitlements(data: Path | None, by_element: bool) -> None:
    """Show what several agencies may see. One request for these elements could serve them all."""
    agencies = list(load_agencies(Path(settings_for(data).sw_config) / "agencies").values())
    console().print(_shared_table(agencies) if by_element else _pairs_table(agencies))


def _pairs_table(agencies: list[Agency]) -> Table:
    """One row for each pair of agencies: the elements that both may see, and that both need."""
    table = Table("agency", "and", *(Column(name, justify="right") for name in ("both may see", "of", "both need")))
    for one, other in combinations(agencies, 2):
        first, second = one.entitlement, other.entitlement
        seen, whole = len(first.maximum & second.maximum), len(first.maximum | second.maximum)
        needed = len(first.minimum & second.minimum)
        table.add_row(literal(one.code), literal(other.code), str(seen), str(whole), str(needed))
    return table


def _shared_table(agencies: list[Agency]) -> Table:
    """One row for each element that several agencies may see, the most shared first."""
    counts = Counter(path for agency in agencies for path in agency.entitlement.maximum)
    table = Table("element", Column("agencies", justify="right"), "may see", "need")
    for path, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        if count > 1:
            seeing = [agency.code for agency in agencies if path in agency.entitlement.maximum]
            needing = [agency.code for agency in agencies if path in agency.entitlement.minimum]
            table.add_row(literal(path), str(count), ", ".join(seeing), ", ".join(needing))
    return table
