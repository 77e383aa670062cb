"""A second, independent reading of the schema, by xmlschema: slower by two orders, so for tooling and tests only.

If the two engines disagree about a document, one of them or our schema is wrong, and somebody should know. Only small
documents that were read safely come here.
"""

from __future__ import annotations

import re
from functools import cache

import xmlschema

from singlewindow.declarations.elements import DRIVER, SCHEMAS
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.writing.binding import to_xml

LARGEST = 256_000
_OTHER_SPACE = re.compile(r"[^\S \t\n\r]")


@cache
def second_engine() -> xmlschema.XMLSchema:
    """The other engine over the same XSDs; it opens only local files."""
    return xmlschema.XMLSchema(str(SCHEMAS / DRIVER), allow="local", defuse="never")


def accepts_declaration(declaration: Declaration) -> bool | None:
    """Whether the other engine finds the declaration valid; None if it is too large to ask.

    The document is written again from what was read, so that the engine never sees bytes from outside.
    """
    content = to_xml(declaration, enveloped=bool(declaration.header))
    return accepts_document(content) if len(content) <= LARGEST else None


def accepts_document(content: bytes) -> bool:
    """Whether the other engine finds an XML document valid that was read safely before.

    It trims every kind of Unicode space from a value, where XML Schema knows four. A letter stands for the others, so
    that the engine judges what is there.
    """
    return second_engine().is_valid(_OTHER_SPACE.sub("x", content.decode("utf-8-sig")).encode())
