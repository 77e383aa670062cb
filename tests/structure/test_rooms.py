"""The house: no room is crowded, no door leads in a circle, and every name says what it is."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.places import REPOSITORY
from tests.structure.product import ROOMS, Module, imports, modules

MOST_FILES = 16
CATALOGUES = {"singlewindow/declarations/rules", "singlewindow/storage/migrations/versions"}
"""They grow with what the law asks and with the releases, not with what the code does."""

OLD_NAMES = {
    "reading_room": "sandboxed_reader", "premises": "the configuration of the sandboxed reader", "places": "slots",
    "judging": "preparation", "books": "rules, or rulebooks", "judged": "prepared", "closed": "late_answers",
    "notary": "audit_trail, or checkpoints", "walls": "row_security", "standing": "backlog, or what stands",
    "cases": "release_time_cases", "call": "request", "reply": "response", "minimum": "legal_minimum",
    "principal": "caller, key, or person", "outbox": "open_question", "asked": "open_question",
    "answered": "take_answered", "told": "discloses", "readings": "shapes", "replies": "shapes",
    "reads": "access_log", "tallies": "counters", "window": "context", "bell": "queue", "ring": "wake",
    "readers": "fact_readers", "predicates": "compiled_conditions",
}  # fmt: skip
"""Old names, each with a better one: each stood for another idea than it says, or for one of several."""
LAYERS = "The way from bytes to decision, one direction only"
ONE_IDEA = ("Answer", "Finding", "Entry")


def every_module() -> list[Module]:
    return [*modules().values()]


def crowded_rooms(inhabitants: Mapping[str, int]) -> list[str]:
    """What to do about each package with too many modules."""
    return [
        f"{room} has {count} modules, and the most is {MOST_FILES}. Find two or more that serve one purpose, and move"
        " them into a package of that name inside it"
        for room, count in sorted(inhabitants.items())
        if count > MOST_FILES and room not in CATALOGUES
    ]


def test_no_room_is_crowded() -> None:
    files = (path for room in (*ROOMS, "bench") for path in (REPOSITORY / room).rglob("*.py"))
    crowded = crowded_rooms(Counter(path.parent.relative_to(REPOSITORY).as_posix() for path in files))
    assert not crowded, "\n".join(crowded)


def test_no_door_leads_in_a_circle() -> None:
    try:
        TopologicalSorter({module.name: imports(module) for module in every_module()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def old_names(module: Module) -> list[str]:
    """What to do about each old name in a module."""
    names = (module.name.rpartition(".")[2], *(node.name for node in module.named()))
    return [
        f"{module.file}: {name} is a name that we no longer use. Better: {OLD_NAMES[name.strip('_').lower()]}; if that"
        " is not what you mean, a name of two or three words that says it"
        for name in names
        if name.strip("_").lower() in OLD_NAMES
    ]


def test_modules_classes_and_functions_have_none_of_the_old_names() -> None:
    found = [sentence for module in every_module() for sentence in old_names(module)]
    assert not found, "\n".join(found)


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
    missing = rooms_without_contract({*ROOMS[1:], *first}, covered)
    assert not missing, "\n".join(missing)


def rooms_without_contract(rooms: Set[str], covered: Set[str]) -> list[str]:
    """What to do about each package that no layer names."""
    return [
        f"No import contract names {room}. In pyproject.toml, add it to the layers of {LAYERS!r}: above all that it"
        " imports, below all that import it"
        for room in sorted(rooms - covered)
    ]


def test_a_failure_says_what_to_do() -> None:
    (crowded,) = crowded_rooms({"singlewindow/http": MOST_FILES + 1, "singlewindow/risk": MOST_FILES})
    assert "singlewindow/http has 17 modules, and the most is 16. Find" in crowded
    module = Module("singlewindow.risk.bell", "singlewindow/risk/bell.py", ast.parse("def _outbox(): ..."))
    assert [sentence.partition("Better: ")[2].partition(";")[0] for sentence in old_names(module)] == [
        "queue", "open_question",
    ]  # fmt: skip
    (missing,) = rooms_without_contract({"singlewindow.new", "workers"}, {"workers"})
    assert missing.startswith("No import contract names singlewindow.new. In pyproject.toml, add it")
    configured = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'name = "{LAYERS}"' in configured
