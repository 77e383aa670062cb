"""The demonstration: starts the service in a temporary folder, lodges the examples, and prints figures at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx

from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.cli.auditor.release_times import print_report
from singlewindow.cli.inspected import OFFICERS, show_inspected
from singlewindow.cli.lives import PARTY, show_lives
from singlewindow.cli.trader.client import Outcome, agencies_asked, lodge_all, open_client, send
from singlewindow.cli.trader.files import SUFFIXES, media_of
from singlewindow.cli.trader.lodge import lodging_shown, print_outcomes
from singlewindow.declarations.reading.intake import Limits, read_message
from singlewindow.settings import load_settings
from singlewindow.shipped import EXAMPLES
from singlewindow.storage.engine.connect import open_engine

DECLARATIONS = EXAMPLES / "declarations"
READY_SECONDS = 120.0
END_SECONDS = 60
# The demonstration starts its own servers, whatever the environment names.
NOT_INHERITED = {"DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE", "SW_DATA"}


@click.command()
def demo() -> None:
    """Try everything in a temporary folder. Lodges the example declarations and shows the decisions."""
    began = time.monotonic()
    files = sorted(path for path in DECLARATIONS.iterdir() if path.suffix in SUFFIXES)
    with tempfile.TemporaryDirectory(prefix="singlewindow-demo-") as folder, _running_service(Path(folder)) as url:
        by_declarant = _by_declarant(files)
        traders, auditor, officers = _make_keys(Path(folder), by_declarant)
        click.echo(f"The service answers at {url}; lodging {len(files)} example declarations.")
        outcomes = []
        with lodging_shown(files) as advance:
            for party, theirs in by_declarant.items():
                with open_client(url, traders[party]) as client:
                    outcomes += lodge_all(client, theirs, advance)
        outcomes.sort(key=lambda outcome: outcome.path)
        with open_client(url, auditor) as client:
            for outcome in outcomes:
                outcome.agencies = agencies_asked(client, outcome) if outcome.receipt else []
        print_outcomes(outcomes)
        _print_feed(url, officers["firearms"])
        show_lives(url, traders[PARTY])
        mrns = {outcome.path.name: outcome.receipt["mrn"] for outcome in outcomes if outcome.receipt}
        show_inspected(url, traders[PARTY], officers, mrns)
        _print_times(url, auditor)
    undecided = [outcome.path.name for outcome in outcomes if not outcome.decision]
    if undecided:
        raise click.ClickException(f"Without a decision: {', '.join(undecided)}")
    _print_summary(outcomes, time.monotonic() - began)


@contextmanager
def _running_service(folder: Path) -> Iterator[str]:
    """The whole service in `folder` on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    log = folder / "service.log"
    command = [sys.executable, "-m", "singlewindow", "up", "--data", str(folder), "--port", str(port)]
    with log.open("wb") as written:
        service = subprocess.Popen(command, env=environment, stdout=written, stderr=subprocess.STDOUT)  # noqa: S603
    url = f"http://127.0.0.1:{port}"
    try:
        if not _wait_until(lambda: service.poll() is not None or _is_ready(url)) or service.poll() is not None:
            raise RuntimeError(f"The service did not start. Its log:\n{log.read_text(encoding='utf-8')}")
        yield url
    finally:
        service.terminate()
        service.wait(END_SECONDS)


def _wait_until(ready: Callable[[], bool], seconds: float = READY_SECONDS) -> bool:
    """Call `ready` every 50 ms until it returns True or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.05)
    return False


def _is_ready(url: str) -> bool:
    """Whether a service is ready at this address."""
    try:
        return httpx.get(f"{url}/readyz", timeout=1.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _by_declarant(files: Sequence[Path]) -> dict[str, list[Path]]:
    """The files of each declarant."""
    found: dict[str, list[Path]] = {}
    for path in files:
        content = path.read_bytes()
        declaration = read_message(content, media_of(path, content), Limits()).declaration
        found.setdefault(declaration.declarant, []).append(path)
    return found


def _make_keys(folder: Path, parties: Iterable[str]) -> tuple[dict[str, str], str, dict[str, str]]:
    """Keys for each trader (by party), for the auditor, and for an officer of each of some agencies."""
    engine = open_engine(load_settings({"SW_DATA": str(folder)}).database_url, pool_size=1)
    try:
        traders = {party: keyring.create_key(engine, Role.TRADER, party, name="demo trader").text for party in parties}
        auditor = keyring.create_key(engine, Role.AUDITOR, name="demo auditor")
        officers = {
            code: keyring.create_key(engine, Role.AGENCY, agency=code, name="demo officer", person="anna").text
            for code in OFFICERS
        }
    finally:
        engine.dispose()
    return traders, auditor.text, officers


def _print_feed(url: str, key: str) -> None:
    with open_client(url, key) as client:
        entries = send(client, "GET", "/v1/agencies/firearms/feed", params={"after": 0}).json()["entries"]
    asked = [entry for entry in entries if entry["kind"] == "asked"]
    decided = [entry for entry in entries if entry["kind"] == "decided"]
    count = f"{len(asked)} declarations it was asked about and {len(decided)} decisions"
    click.echo(
        f"The firearms authority's feed has {count}, each with only the elements that the agency is entitled to.\n"
    )


def _print_times(url: str, key: str) -> None:
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat(),
            "mode_milliseconds": "1"}  # fmt: skip
    with open_client(url, key) as client:
        print_report(send(client, "GET", "/v1/release-times", params=span).json())


def _print_summary(outcomes: list[Outcome], seconds: float) -> None:
    command, example = _command_name(), _from_here(DECLARATIONS / "01-running-shoes.xml")
    released = sum(outcome.decision["outcome"] == "release" for outcome in outcomes)
    click.echo(
        f"{len(outcomes)} declarations decided, {released} released and {len(outcomes) - released} to inspect,"
        f" in {seconds:.0f} s from an empty folder.\n\n"
        "What to try next:\n"
        f"  {command} up                # run the service; it prints its address\n"
        f"  {command} keys create --role trader --party GB381940275618\n"
        f"  {command} lodge {example}    # with SINGLEWINDOW_KEY set\n"
        f"  {command} validate FILE     # every fault of a document, in plain words\n"
        "  open http://127.0.0.1:8080/docs    # the API"
    )


def _command_name() -> str:
    """How this command was called, so that the printed commands can be copied."""
    called = sys.argv[0]
    if Path(called).name != "singlewindow":
        return "python -m singlewindow"
    return "singlewindow" if shutil.which("singlewindow") == called else called


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
