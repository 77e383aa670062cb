"""The ways that docs/architecture.md names are those of the code: file after file, each called by the one before."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.places import REPOSITORY
from tests.structure.walk import Step, Walk

PAGE = REPOSITORY / "docs" / "architecture.md"
LINE = re.compile(r"^\d+\. `(?P<file>[\w/]+\.py)`: `(?P<function>\w+)`", re.MULTILINE)
HELPERS = re.compile(r"^Beside the line: (?P<names>[^\n]+(?:\n[^\n]+)*)", re.MULTILINE)


class Way(NamedTuple):
    """One way as the page names it: files in order with the function that is entered, and the helpers beside them."""

    line: list[tuple[str, str]]
    helpers: list[str]


def way(title: str) -> Way:
    """The way under this heading."""
    text = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    beside = HELPERS.search(section)
    assert beside is not None
    return Way([(match["file"], match["function"]) for match in LINE.finditer(section)],
               re.findall(r"`([\w/.]+)`", beside["names"]))  # fmt: skip


def hold(named: Way, walked: Walk) -> None:
    """The code goes this way, and passes nothing that the page does not name."""
    files = [file for file, _ in named.line]
    assert len(files) == len(set(files))
    for (caller, _), (file, function) in zip(named.line, named.line[1:], strict=False):
        assert Step(caller, file, function) in walked.steps, f"{caller} does not call {function} in {file}"
    unnamed = [file for file in walked.files if file not in files and not _is_beside(file, named.helpers)]
    assert unnamed == []


def _is_beside(file: str, helpers: list[str]) -> bool:
    return any(file == helper or (helper.endswith("/") and file.startswith(helper)) for helper in helpers)
