"""Where tests may stop a process: every such place is used by a test, and every command on a life has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.faults.test_lives import COMMANDS, POINTS
from tests.places import REPOSITORY
from tests.structure.product import Module, modules

ROOM = "singlewindow.clearance.life"
SWEEP = "deadlines"
"""The one command that no caller gives: the dispatcher does."""


def _calls(module: Module, name: str) -> Iterator[ast.Call]:
    """The calls of a function or method of this name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func
            if name in {getattr(called, "id", None), getattr(called, "attr", None)}:
                yield node


def test_every_fault_point_is_reached_by_a_test() -> None:
    reached = {ast.literal_eval(call.args[0]) for module in modules().values() for call in _calls(module, "reach")}
    written = "".join(path.read_text() for path in sorted((REPOSITORY / "tests" / "faults").glob("*.py")))
    assert {*POINTS} <= reached
    assert [name for name in sorted(reached) if not re.search(rf"\b{name}\b", written)] == []


def test_every_command_on_a_life_can_be_killed_and_is() -> None:
    life = {name.rpartition(".")[2]: module for name, module in modules().items() if module.package == ROOM}
    assert [name for name, module in life.items() if any(_calls(module, "begin"))] == []
    assert {name for name, module in life.items() if any(_calls(module, "changing"))} == {*COMMANDS, SWEEP}
