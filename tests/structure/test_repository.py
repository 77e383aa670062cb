"""The repository itself: every module explains itself, functions and files stay short, nothing is left half done."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table

from singlewindow.cli import COMMANDS
from singlewindow.http.api.metrics import NAMES, PREFIX
from singlewindow.logs import FIELDS
from singlewindow.settings import Settings
from singlewindow.storage import tables
from tests.places import REPOSITORY

CODE = ("singlewindow", "adapters", "workers", "bench")
LONGEST_FUNCTION = 60
LONGEST_FILE = 400


def modules() -> list[Path]:
    found = [path for folder in CODE for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_module_says_what_it_is_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert text.count("\n") <= LONGEST_FILE
    long = [node.name for node in functions(tree) if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]
    assert long == []


def test_every_table_is_written_by_some_module() -> None:
    storage = "".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "singlewindow" / "storage").rglob("*.py")
    )
    variables = {table.name: name for name, table in vars(tables).items() if isinstance(table, Table)}
    assert sorted(variables) == sorted(tables.metadata.tables)
    unwritten = [
        table
        for table, name in variables.items()
        if not re.search(
            rf"(insert|insert(_new)?_rows|add_up|upsert|update)\(\s*(connection,\s*)?{name}[,)]|\({name}, \w+\)",
            storage,
        )
    ]
    assert unwritten == []


def test_every_setting_is_documented_with_its_default() -> None:
    manual = (REPOSITORY / "docs" / "operator.md").read_text(encoding="utf-8")
    undocumented = [name.upper() for name in Settings.__struct_fields__ if f"`{name.upper()}`" not in manual]
    assert undocumented == []


def test_every_metric_is_documented() -> None:
    manual = (REPOSITORY / "docs" / "operator.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{PREFIX}{name}`" not in manual] == []


def test_every_field_of_a_log_line_is_documented() -> None:
    manual = (REPOSITORY / "docs" / "operator.md").read_text(encoding="utf-8")
    assert [name for name in FIELDS if f"`{name}`" not in manual] == []


def test_every_command_is_documented() -> None:
    manual = "".join((REPOSITORY / name).read_text(encoding="utf-8") for name in ("docs/operator.md", "README.md"))
    written = {name for name in COMMANDS if re.search(rf"(singlewindow|make) {name}\b", manual)}
    assert written == {*COMMANDS}


def test_every_test_that_the_threat_model_names_exists() -> None:
    model = (REPOSITORY / "docs" / "threats.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", model))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (REPOSITORY / path).is_file()] == []


def test_nothing_is_left_for_later_or_speaks_of_where_it_was_written() -> None:
    # Each word with its last letter in brackets, so that this file does not hold what it looks for.
    unwanted = "TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r]|/wor[k]/|/roo[t]/|pypi[.]or[g]|pythonhoste[d]"
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    suspects = [name for name in tracked if name.endswith((".py", ".md", ".toml", ".txt"))]
    found = [name for name in suspects if re.search(unwanted, (REPOSITORY / name).read_text(encoding="utf-8"))]
    assert found == []
