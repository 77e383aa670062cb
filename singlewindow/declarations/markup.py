"""The XML text of a message: its root elements, their namespaces, and escaped text that survives every reader.

Within a declaration or a response the default namespace is that of the classes, and `ds` that of the dates.
"""

from __future__ import annotations

import re
from typing import Final

from singlewindow.declarations.elements import (
    DECLARATION_DATE_NAMESPACE,
    DECLARATION_NAMESPACE,
    ENVELOPE_NAMESPACE,
    Element,
)

DECLARATION_TAG: Final = f"{{{DECLARATION_NAMESPACE}}}Declaration"
ENVELOPE_TAG: Final = f"{{{ENVELOPE_NAMESPACE}}}MetaData"
ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML document can hold (XML 1.0, production 2)."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES = _ESCAPES | str.maketrans({"\n": "&#10;", "\t": "&#9;"})


def escaped_text(text: str) -> str:
    """Text as the content of an element."""
    return text if text.isalnum() else text.translate(_ESCAPES)


def escaped_attribute(text: str) -> str:
    """Text as the value of an attribute, without its quotes."""
    return text.translate(_ATTRIBUTE_ESCAPES)


def tag_of(element: Element) -> str:
    """The element's name in Clark notation, within a declaration."""
    namespace = DECLARATION_DATE_NAMESPACE if element.base == "date" else DECLARATION_NAMESPACE
    return f"{{{namespace}}}{element.name}"


def tag_name(element: Element) -> str:
    """The name of an element's tag within a declaration or a response."""
    return f"ds:{element.name}" if element.base == "date" else element.name


def in_declaration(content: str) -> str:
    """The Declaration element around its content."""
    names = f'xmlns="{DECLARATION_NAMESPACE}" xmlns:ds="{DECLARATION_DATE_NAMESPACE}"'
    return f"<Declaration {names}>{content}</Declaration>"


def in_envelope(content: str) -> str:
    """The MetaData envelope around its content."""
    return f'<md:MetaData xmlns:md="{ENVELOPE_NAMESPACE}">{content}</md:MetaData>'


def header_element(name: str, text: str) -> str:
    """An element of the envelope itself, from its text as XML."""
    return f"<md:{name}>{text}</md:{name}>"
