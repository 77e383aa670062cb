"""Where tests may stop a process: every such place is used by a test, and every command has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.faults.test_killed_commands import BEFORE, POINTS
from tests.places import REPOSITORY
from tests.structure.product import Module, modules

ROOM = "singlewindow.clearance"
OTHERS = {
    "_store_in_transaction": "lodging, killed in test_web",
    "answer_for_silence": "a sweep",
    "order_inspection": "a sweep",
    "_pass_states": "a sweep",
    "_refuse": "a sweep",
    "retry": "the operator's, who sees whether it was done",
    "ask_stuck": "the operator's, who sees whether it was done",
    "ask_again": "the same",
}
"""Changes that are not in the table of kills: no caller sends these again."""
OF_WORKERS = {"assess", "dispatch", "lease"}
"""Modules whose transactions hand questions to workers: these have points of their own."""


def _calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    """The calls of a function or method of this name."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and name in {getattr(each.func, "id", None), getattr(each.func, "attr", None)}:
            yield each


def _clearing() -> list[Module]:
    return [module for name, module in modules().items() if name.startswith(f"{ROOM}.")]


def test_every_fault_point_is_reached_by_a_test() -> None:
    reached = {ast.literal_eval(call.args[0]) for module in modules().values() for call in _calls(module.tree, "reach")}
    written = "".join(path.read_text() for path in sorted((REPOSITORY / "tests" / "faults").glob("*.py")))
    assert {*POINTS} <= reached
    assert [name for name in sorted(reached) if not re.search(rf"\b{name}\b", written)] == []


def test_every_change_is_a_transaction_in_which_a_process_can_be_stopped() -> None:
    own = {module.name.rpartition(".")[2] for module in _clearing() if any(_calls(module.tree, "begin"))}
    assert own == {*OF_WORKERS, "transaction"}


def test_every_command_is_killed_in_the_middle() -> None:
    changing = {
        node.name for module in _clearing() for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and any(_calls(node, "changing"))
    }  # fmt: skip
    assert changing == {*(command.__name__ for command in BEFORE), *OTHERS}
