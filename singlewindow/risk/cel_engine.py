"""The engine that evaluates CEL, without the command line that its package loads as well.

`import cel` first loads its command line, a shell with history and colours, which costs a quarter of a second.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["cel"]

NAME = "cel.cel"


def _load_engine() -> ModuleType:
    """The package's extension module, under its own name, so that a later `import cel` finds it loaded."""
    package = find_spec("cel")
    spec = PathFinder.find_spec(NAME, package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        raise ImportError("The package common-expression-language is not installed. Install the locked dependencies")
    module = sys.modules[NAME] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from cel import cel
else:
    cel = sys.modules.get(NAME) or _load_engine()
