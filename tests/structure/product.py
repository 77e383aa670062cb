"""The product's code as tests of its structure see it: its modules, their syntax trees, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.places import REPOSITORY

ROOMS = ("singlewindow", "adapters", "workers")
Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One module: its dotted name, its file below the repository, and its syntax tree."""

    name: str
    file: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that it stands in; a package itself stands in none but itself."""
        return self.name if self.file.endswith("/__init__.py") else self.name.rpartition(".")[0]

    def named(self) -> Iterator[Named]:
        """Its classes, functions and methods."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Named))


@cache
def modules() -> Mapping[str, Module]:
    """The product's modules by name; migrations are texts of their day, and left out."""
    files = (file for room in ROOMS for file in sorted((REPOSITORY / room).rglob("*.py")))
    found = [_module(file) for file in files if "migrations" not in file.parts]
    return {module.name: module for module in found}


def _module(file: Path) -> Module:
    path = file.relative_to(REPOSITORY)
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path.as_posix(), ast.parse(file.read_text(encoding="utf-8")))


def imports(module: Module) -> set[str]:
    """The product's modules that this one imports, wherever in it."""
    named = {
        candidate
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        for candidate in (f"{node.module}.{alias.name}", node.module)
    }
    whole = {alias.name for node in ast.walk(module.tree) if isinstance(node, ast.Import) for alias in node.names}
    found = (named | whole) & modules().keys()
    # A package's own file is meant only where a name of it is imported, not where one of its modules is.
    return {name for name in found if not any(other.startswith(f"{name}.") for other in found)} - {module.name}
