"""Declarations for tests: our own examples, each under any reference."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from singlewindow.settings import ROOT

EXAMPLES = ROOT / "examples" / "declarations"
PLAIN = "01-running-shoes.xml"
_LRN = re.compile(rb"(<FunctionalReferenceID>|\"FunctionalReferenceID\": \")[^<\"]+")


@cache
def example(name: str) -> bytes:
    """One example's bytes."""
    return (EXAMPLES / name).read_bytes()


def original(lrn: str, name: str = PLAIN) -> bytes:
    """An example under another LRN."""
    changed, count = _LRN.subn(rb"\g<1>" + lrn.encode(), example(name))
    assert count == 1, name
    return changed


def examples() -> list[Path]:
    """All example declarations, in order."""
    return sorted(path for path in EXAMPLES.iterdir() if path.suffix in {".xml", ".json"})
