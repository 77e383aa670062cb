"""The pages people read name only files that are there, and link only to pages and headings that are there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.places import REPOSITORY

GENERATED = ("docs/data-elements.md", "docs/data-model.md", "docs/rules.md")
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
).stdout.splitlines()
PAGES = [
    name
    for name in TRACKED
    if name.endswith(".md") and (name.startswith("docs/") or "/" not in name) and name not in GENERATED
]
NO_PATHS_OF_THE_CHECKOUT = {
    ".../NetNetWeightMeasure",  # elements of a declaration
    ".../NetNetWeightMeasure/@unitCode",
    ".../ItemChargeAmount",
    ".../ItemChargeAmount/@currencyID",
    "application/json",  # media types
    "application/problem+json",
    "application/x-ndjson",
    "text/plain",
    "feed/customs",  # a stream
    "bench/latest.json",  # written by commands
    "bench/latest-growth.json",
    "dist/singlewindow-*.whl",
    "dist/",
    "rates-until-MOMENT.csv",
    "deploy/secrets/audit-key",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`([\w.*@+-]+(?:/[\w.*@+-]*)+|[\w-]+\.(?:conf|csv|md|py|toml|xsd|yaml))`", _text(page)))
    assert [path for path in sorted(named - NO_PATHS_OF_THE_CHECKOUT) if not _exists(path, page)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#]*)#?([^)]*)\)", _text(page))
    assert [link for link in links if not _leads(page, *link)] == []


def test_the_exceptions_are_needed() -> None:
    texts = "".join(map(_text, PAGES))
    assert [path for path in sorted(NO_PATHS_OF_THE_CHECKOUT) if f"`{path}`" not in texts] == []


def _text(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def _exists(path: str, page: str) -> bool:
    """Whether the path leads from the root, the configuration or the page's folder to something; CODE is any code."""
    pattern = path.replace("CODE", "*").rstrip("/")
    if "/" not in path:
        return any(name == path or name.endswith(f"/{path}") for name in TRACKED)
    places = (REPOSITORY, REPOSITORY / "config", (REPOSITORY / page).parent)
    return any(any(place.glob(pattern)) for place in places)


def _leads(page: str, target: str, heading: str) -> bool:
    file = (REPOSITORY / page).parent / target if target else REPOSITORY / page
    return file.exists() and (not heading or heading in _anchors(file))


def _anchors(file: Path) -> set[str]:
    """Headings as they are linked: small letters, hyphens for blanks, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
