"""The house: no room is crowded, no door leads in a circle, and every name says what it is."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.places import REPOSITORY
from tests.structure.product import ROOMS, Module, imports, modules

MOST_FILES = 16
CATALOGUES = {"singlewindow/declarations/rules", "singlewindow/storage/migrations/versions"}
"""They grow with what the law asks and with the releases, not with what the code does."""

OLD_NAMES = frozenset({
    "reading_room", "premises", "places", "judging", "books", "judged", "closed", "notary", "walls", "standing",
    "cases", "call", "reply", "minimum", "principal", "outbox", "asked", "answered", "told", "readings", "replies",
    "reads", "tallies", "window", "bell", "ring", "readers", "predicates",
})  # fmt: skip
"""Names that needed a key: each stood for another idea than it says, or for one of several."""
ONE_IDEA = ("Answer", "Finding", "Entry")


def every_module() -> list[Module]:
    return [*modules().values()]


def test_no_room_is_crowded() -> None:
    files = (path for room in (*ROOMS, "bench") for path in (REPOSITORY / room).rglob("*.py"))
    inhabitants = Counter(path.parent.relative_to(REPOSITORY).as_posix() for path in files)
    crowded = {room for room, count in inhabitants.items() if count > MOST_FILES}
    assert crowded <= CATALOGUES


def test_no_door_leads_in_a_circle() -> None:
    try:
        TopologicalSorter({module.name: imports(module) for module in every_module()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_name_needs_a_key() -> None:
    found = [
        f"{module.file}: {name}"
        for module in every_module()
        for name in (module.name.rpartition(".")[2], *(node.name for node in module.named()))
        if name.strip("_").lower() in OLD_NAMES
    ]
    assert found == []


@pytest.mark.parametrize("name", ONE_IDEA)
def test_one_name_stands_for_one_idea(name: str) -> None:
    found = [
        module.file
        for module in every_module()
        for node in module.named()
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    assert len(found) <= 1, found


def test_no_row_of_the_database_leaves_the_storage_room() -> None:
    outside = [module for module in every_module() if not module.name.startswith("singlewindow.storage")]
    assert outside
    holding = [
        module.file
        for module in outside
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & {"Record", "Row", "RowMapping"})
        or (isinstance(node, ast.Attribute) and node.attr in {"Record", "RowMapping"})
    ]
    assert holding == []


def test_a_contract_covers_every_room() -> None:
    configuration = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert sorted(configuration["root_packages"]) == sorted(ROOMS)
    covered = {
        part.strip()
        for contract in configuration["contracts"]
        for layer in contract.get("layers", ())
        for part in layer.replace(":", "|").split("|")
    }
    first = {
        ".".join(module.name.split(".")[:2]) for module in every_module() if module.name.startswith(ROOMS[0] + ".")
    }
    rooms = {*ROOMS[1:], *first}
    assert sorted(rooms - covered) == []
