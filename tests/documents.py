"""Declarations for tests: our own examples, each under any reference."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.places import REPOSITORY

EXAMPLES = REPOSITORY / "examples" / "declarations"
PLAIN = "01-running-shoes.xml"
DECLARANT = "GB381940275618"
"""Who declares `PLAIN`, and most of the others."""
_DECLARANT = re.compile(rb"<Declarant>\s*<ID>GB(\d{12})<|\"Declarant\": *\{\s*\"ID\": *\"GB(\d{12})\"")
_LRN = re.compile(rb"(<FunctionalReferenceID>|\"FunctionalReferenceID\": \")[^<\"]+")


@cache
def example(name: str) -> bytes:
    """One example's bytes."""
    return (EXAMPLES / name).read_bytes()


def original(lrn: str, name: str = PLAIN, party: str = "") -> bytes:
    """An example under another LRN, in the name of another party if one is given."""
    changed, count = _LRN.subn(rb"\g<1>" + lrn.encode(), example(name))
    assert count == 1, name
    return in_the_name_of(changed, party) if party else changed


def in_the_name_of(content: bytes, party: str) -> bytes:
    """The document with this party ("GB" and 12 digits) wherever it names its declarant."""
    found = _DECLARANT.search(content)
    assert found is not None
    assert re.fullmatch(r"GB\d{12}", party), party
    return content.replace(found[1] or found[2], party[2:].encode())


def declarant_of(content: bytes) -> str:
    """Who declares a document."""
    found = _DECLARANT.search(content)
    assert found is not None
    return f"GB{(found[1] or found[2]).decode()}"


def examples() -> list[Path]:
    """All example declarations, in order."""
    return sorted(path for path in EXAMPLES.iterdir() if path.suffix in {".xml", ".json"})
