"""Commands around the audit trail: the operator makes keys, checkpoints and exports, the auditor checks them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from singlewindow.audit.checkpoint import Checkpoint, Signer, new_key, read_checkpoints
from singlewindow.audit.verify import Verdict
from singlewindow.audit.verify import verify as check
from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, settings_for
from singlewindow.enquiries import audit_trail, reconciliation
from singlewindow.enquiries.cursors import read_cursor
from singlewindow.text_files import windows_additions
from singlewindow.times import iso

STEP = 1 << 20
MOST_LINES = 1_000
PUBLIC = re.compile("[0-9a-f]{64}")

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def audit() -> None:
    """Prove that nobody has changed the record.

    docs/audit.md explains how.
    """


@audit.command()
@file_argument
def keygen(file: Path) -> None:
    """Write a new private key to FILE. Shows its public key, which you give to the auditor."""
    key = new_key()
    with _new_file(file) as out:
        out.write(key.encode())
    click.echo(f"Private key: {file} (set SW_AUDIT_KEY_FILE to it for the dispatchers; nobody else needs it)", err=True)
    click.echo(Signer(key).public)


@audit.command()
@data_option
def checkpoint(data: Path | None) -> None:
    """Make a signed checkpoint now, and print its line."""
    settings = settings_for(data)
    if not settings.sw_audit_key:
        raise click.ClickException("There is no key to sign with: set SW_AUDIT_KEY_FILE (`singlewindow audit keygen`)")
    with record(data) as engine:
        made = audit_trail.sign_checkpoint(engine, Signer(settings.sw_audit_key))
    if made is None:
        raise click.ClickException("Another process has just made a checkpoint; see `singlewindow audit checkpoints`")
    _print_checkpoint(made)


@audit.command()
@data_option
@click.option("--after", default="0", show_default=True, help="Only checkpoints after this number (or NUMBER-DIGEST).")
def checkpoints(data: Path | None, after: str) -> None:
    """Print all checkpoints, one a line. Keep them in a file elsewhere."""
    following, more = read_cursor(after), True
    with record(data) as engine:
        while more:
            kept, following = audit_trail.checkpoints_after(engine, following, MOST_LINES)
            for made in kept:
                _print_checkpoint(made)
            more = bool(kept)


def _print_checkpoint(made: Checkpoint) -> None:
    click.echo(made.line.decode())


@audit.command()
@data_option
@file_argument
@click.option("--after", type=click.Path(path_type=Path, exists=True), help="Only what came after this checkpoint.")
def export(data: Path | None, file: Path, after: Path | None) -> None:
    """Write the audit trail to FILE, for `audit verify`."""
    start = read_checkpoints(after.read_bytes().splitlines(), ())[-1].statement.heads if after else None
    with record(data) as engine:
        contents = audit_trail.export_contents(engine, start)
        lines = audit_trail.export_lines(engine, contents)
        progress = click.progressbar(lines, length=contents.events + 1, label="Exporting", file=sys.stderr)
        with _new_file(file) as out, progress as counted:
            out.writelines(counted)
    click.echo(f"{file} holds {contents.events} events as they stood at {iso(contents.exported_at)}.")


@contextmanager
def _new_file(file: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read; it is removed again if writing fails."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        try:
            yield out
            out.flush()
            os.fsync(out.fileno())
        except BaseException:
            file.unlink()
            raise


@audit.command()
@file_argument
@click.option(
    "--checkpoint",
    "kept",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The file of checkpoints that you kept.",
)
@click.option("--key", "keys", multiple=True, help="A public key that you trust, in hexadecimal; several may be given.")
def verify(file: Path, kept: Path, keys: tuple[str, ...]) -> None:
    """Check the export FILE against checkpoints kept elsewhere. Needs no database. Exit status 1 if it was altered."""
    lines_kept = kept.read_bytes().splitlines(keepends=True)
    trusted = read_checkpoints(lines_kept, [_public_key(key) for key in keys])
    with file.open("rb") as lines:
        verdict = check(_with_progress(lines, file.stat().st_size), trusted)
    for path, more in ((file, verdict.added), (kept, windows_additions(lines_kept[0]))):
        if more:
            click.echo(f"NOTE: {path} has {' and '.join(more)}. This was ignored; it does not weaken the proof.")
    _print_verdict(verdict, named=bool(keys))
    if not verdict.intact:
        raise SystemExit(1)


def _public_key(key: str) -> str:
    """A public key as it was typed, or pasted from a file; raises ValueError if it is not a public key."""
    plain = key.strip("\ufeff \t\r\n").lower()
    if not PUBLIC.fullmatch(plain):
        raise ValueError("--key takes a public key: 64 hexadecimal digits, as `singlewindow audit keygen` prints them")
    return plain


def _with_progress(lines: BinaryIO, size: int) -> Iterator[bytes]:
    with click.progressbar(length=size, label="Checking", file=sys.stderr, update_min_steps=STEP) as bar:
        for line in lines:
            yield line
            bar.update(len(line))


def _print_verdict(verdict: Verdict, *, named: bool) -> None:
    newest = verdict.newest.statement
    for words in verdict.findings:
        click.echo(f"ALTERED: {words}")
    if verdict.found > len(verdict.findings):
        click.echo(f"... and {verdict.found - len(verdict.findings)} more findings")
    if verdict.intact:
        covered = verdict.events - verdict.tail.events
        click.echo(f"INTACT: {covered} events are unchanged since checkpoint {newest.number} of {iso(newest.at)}.")
    if verdict.tail.events:
        since = f"{verdict.tail.events} events, the oldest from {iso(verdict.tail.since)}"
        click.echo(f"NOT COVERED: {since}, have no checkpoint yet. Check them again with the next one.")
    if not named:
        click.echo(f"The checkpoint is signed with {newest.key}: compare this with the key you were given (--key).")


@audit.command()
@data_option
def compare(data: Path | None) -> None:
    """Compare the record with its events. They recorded every document, answer and decision."""
    versions = different = 0
    with record(data) as engine:
        for count, found in reconciliation.compare_with_trail(engine):
            versions += count
            different += len(found)
            for words in found:
                click.echo(f"DIFFERENT: {words}")
    if different:
        raise click.ClickException(
            f"{different} differences in {versions} versions; docs/audit.md says what they mean."
        )
    click.echo(f"{versions} versions agree with their events.")
