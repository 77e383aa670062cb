"""The page of the interface in a real browser: every call is shown, links lead somewhere, nothing is blocked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from singlewindow.http.routes import ROUTES
from tests.e2e.service import running_service

pytestmark = pytest.mark.browser

QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--log-level=0",
)  # fmt: skip


class Page(HTMLParser):
    """What a page holds: its text, the anchors it has and the addresses it links to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.anchors, self.links = "", set[str](), set[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.anchors.add(attributes.get("id") or "")
        if tag == "a":
            self.links.add(attributes.get("href") or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_service(tmp_path_factory.mktemp("service")) as service:
        yield service.url


def browse(address: str, profile: Path) -> tuple[str, str]:
    """The page as the browser has it after loading, and what the browser complained of."""
    browser = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert browser, "no Chromium found: install Debian's chromium, or name one in CHROMIUM_PATH"
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    command = [browser, *QUIET, *sandbox, f"--user-data-dir={profile}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    complaints = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, complaints


def test_the_page_shows_every_call_and_the_browser_blocks_nothing(url: str, tmp_path: Path) -> None:
    html, complaints = browse(f"{url}/docs", tmp_path)
    assert complaints == ""
    text = re.sub(r"\s+", " ", Page(html).text)
    shown = [f"{route.method} {route.path}".replace("<", "{").replace(">", "}") for route in ROUTES]
    assert [call for call in shown if call not in text] == []


def test_every_link_of_the_page_leads_to_a_place_on_it_or_to_the_document(url: str, tmp_path: Path) -> None:
    page = Page(browse(f"{url}/docs", tmp_path)[0])
    lost = {link for link in page.links if link.lstrip("#") not in page.anchors and link != "/openapi.json"}
    assert lost == set()
