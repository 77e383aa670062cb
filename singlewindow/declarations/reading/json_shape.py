"""Reads a small JSON body of a known shape, strictly: an agency's answer, a report of arrival, a request."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.json_text import parse_json, screen_depth
from singlewindow.declarations.reading.message import Limits

LARGEST: Final = 64_000
"""The most bytes of such a body."""
_LIMITS: Final = Limits(body_bytes=LARGEST, items=1, depth=8)
_LONGEST_REASON: Final = 160
_PATTERN: Final = "matching regex"
_END: Final = r"$(?!\n)"
_CHARACTER: Final = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
_FIRST: Final = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffe\uffff]"
"""Something to read: neither a blank nor an invisible character."""
PLAIN: Final = f"^{_CHARACTER}*{_END}"
"""Plain text in one line: no control characters, nothing that turns the reading direction. Lone halves of characters
are refused before; not every reader of JSON Schema could read a pattern that names them. Its end means the end of a
text in Python and in JSON Schema alike: after `$` alone, Python allows a line feed."""

Shape = TypeVar("Shape")


def ends(pattern: str) -> str:
    """A pattern for the whole of a text, in Python and in JSON Schema alike."""
    return f"^{pattern}{_END}"


def plain(most: int, *, empty: bool = False) -> str:
    """The pattern of plain text with at most so many characters, which begins with something to read or is `empty`."""
    text = f"{_FIRST}{_CHARACTER}{{0,{most - 1}}}"
    return ends(f"({text})?" if empty else text)


def read_shape(content: bytes, decoder: msgspec.json.Decoder[Shape], what: str) -> Shape:
    """The value; `what` names the body ("answer"). Raises `Refused`, whose text repeats nothing long of it."""
    if content.startswith(b"\xef\xbb\xbf"):
        raise Refused("ENCODING_NOT_UTF8", f"The {what} starts with a byte order mark. Send it without.")
    if not content.strip():
        raise Refused("EMPTY_BODY", f"The {what} is empty. Send it in the body, as JSON.")
    screen_depth(parse_json(content, _LIMITS), _LIMITS)
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise unfit(what, _short(str(error))) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise Refused("JSON_MALFORMED", f"The {what} is not JSON.") from None


def unfit(what: str, reason: str) -> Refused:
    """The refusal of a body that is JSON but has not the right form."""
    return Refused("SCHEMA_INVALID", f"The {what} does not have the right form. {reason}")


def _short(reason: str) -> str:
    """The reason in words for people; only its place if it repeats much of what was sent."""
    if _PATTERN not in reason and len(reason) <= _LONGEST_REASON:
        return reason
    place = reason.rpartition(" - at ")[2]
    if _PATTERN in reason and len(place) <= _LONGEST_REASON:
        return f"The text at {place} is not allowed: it is blank or too long, or has line breaks or other signs."
    return f"A value does not fit at {place}" if len(place) <= _LONGEST_REASON else "A value does not fit"
