"""`singlewindow validate`: shows every fault of a declaration, without a server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from singlewindow.access.identifiers import party_code
from singlewindow.clearance.lodging import admission
from singlewindow.cli.options import files_argument
from singlewindow.cli.trader.files import media_of
from singlewindow.declarations.faults import Refused, hard_faults
from singlewindow.declarations.reading.message import Limits, Media
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, describe_fault
from singlewindow.declarations.validation import validate as validate_document
from singlewindow.settings import load_settings


@click.command()
@files_argument
@click.option("--for", "party", help="Check for this party: your own identifier, or your client's.")
@click.option("--second-opinion", is_flag=True, help="Check with a second schema engine as well (slow).")
def validate(files: Sequence[Path], party: str | None, second_opinion: bool) -> None:
    """Check declarations without a server. Shows every fault, its place, and what to do; exit status 1 if one is hard.

    Mandates and references used before are not checked: only the service knows them.
    """
    party = None if party is None else party_code("party", party)
    settings = load_settings()
    config, others = Path(settings.sw_config), settings.other_countries
    rulebooks = load_rulebooks(config, settings.sw_item_limit, settings.sw_country, others)
    limits = Limits(body_bytes=settings.sw_body_limit, items=settings.sw_item_limit)
    judged = [_validate_one(path, _Judge(rulebooks, limits, party)) for path in files]
    good = [validated is not None and not hard_faults(validated.faults) for validated in judged]
    agreed = [_engines_agree(path, each) for path, each in zip(files, judged, strict=True) if each and second_opinion]
    if party is None:
        click.echo("Not checked: whether you may lodge them. Use --for PARTY to check this too.", err=True)
    sys.exit(0 if all(good) and all(agreed) else 1)


@dataclass(frozen=True)
class _Judge:
    """The rules and limits for declarations; `party` is for whom they will be lodged, None if not given."""

    rulebooks: Rulebooks
    limits: Limits
    party: str | None

    def judge(self, content: bytes, media: Media) -> Validated:
        """Every fault, and every refusal that awaits the document at lodgement before them."""
        validated = admission.with_refusals(validate_document(content, media, self.rulebooks, self.limits))
        named = admission.parties_of(validated)
        if self.party is None or named is None:
            return validated
        refusals = tuple(admission.for_party(validated.declaration.type_code, named, self.party))
        return replace(validated, faults=(*refusals, *validated.faults), total=validated.total + len(refusals))


def _engines_agree(path: Path, validated: Validated) -> bool:
    """Whether a second schema engine agrees with the first; says so if it does not."""
    ours = not any(fault.rule.startswith("SCHEMA") for fault in hard_faults(validated.faults))
    if not ours:  # a broken document was not read, so the second engine cannot read it either
        return True
    # Imported late: loading it takes longer than reading a declaration, and most people never use it.
    from singlewindow.declarations.reading.second_opinion import accepts_declaration  # noqa: PLC0415

    theirs = accepts_declaration(validated.declaration)
    if theirs is None:
        click.echo(f"{path}: too large for a second opinion")
    elif theirs != ours:
        click.echo(f"{path}: the second schema engine finds it invalid. Please report this document to us")
    return theirs is not False


def _validate_one(path: Path, judge: _Judge) -> Validated | None:
    content = path.read_bytes()
    try:
        validated = judge.judge(content, media_of(path, content))
    except Refused as refused:
        place = f" (line {refused.line})" if refused.line else ""
        click.echo(f"{path}: refused, {refused.code}{place}: {refused.text}")
        return None
    faults = hard_faults(validated.faults)
    warnings = len(validated.faults) - len(faults)
    verdict = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "valid"
    click.echo(f"{path}: {verdict}" + (f", {warnings} warning{'s' * (warnings != 1)}" if warnings else ""))
    for number, fault in enumerate(validated.faults, start=1):
        shown = describe_fault(fault, validated.enveloped)
        line = f"line {shown.line}, " if shown.line else ""
        click.echo(f"  {number}. [{shown.severity}] {shown.rule}: {shown.text}")
        click.echo(f"     at {line}{shown.xpath}")
        click.echo(f"     JSON {shown.json_pointer}  WCO {shown.wco_pointer}")
        click.echo(f"     {shown.advice}")
    if validated.total > len(validated.faults):
        click.echo(f"  ... and {validated.total - len(validated.faults)} more; correct these first.")
    return validated
