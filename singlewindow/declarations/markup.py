"""Text as it stands between the tags of XML, and in an attribute, so that every reader gives it back as it was."""

from __future__ import annotations

import re
from typing import Final

ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML document can hold (XML 1.0, production 2)."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES = _ESCAPES | str.maketrans({"\n": "&#10;", "\t": "&#9;"})


def escaped(text: str) -> str:
    """Text as the content of an element."""
    return text if text.isalnum() else text.translate(_ESCAPES)


def escaped_attribute(text: str) -> str:
    """Text as the value of an attribute, without its quotes."""
    return text.translate(_ATTRIBUTE_ESCAPES)
