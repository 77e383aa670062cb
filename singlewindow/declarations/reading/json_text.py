"""Reads JSON strictly: no duplicate keys, no NaN, no unpaired surrogates, bounded depth, members and numbers.

A number keeps the digits that were written: it becomes a `Number`, which is text, and never a float.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Never

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.message import Limits
from singlewindow.declarations.reading.screen import screen_bytes

# An unterminated string matches up to the end, so that no text makes the search start over and over again.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NUMBER_CHARACTERS = 64
_NUMBER_EXPONENT = 60
_OBJECT_MEMBERS = 10_000  # of one object; every class of the model has less than a hundredth of that


class Number(str):
    """A JSON number, as plain decimal digits."""

    __slots__ = ()


def parse_json(content: bytes, limits: Limits) -> object:
    """The value of a JSON text: dict, list, str, `Number`, bool or None.

    Raises `Refused`: JSON_MALFORMED, JSON_TOO_DEEP, JSON_TOO_MANY_MEMBERS, JSON_DUPLICATE_KEY,
    JSON_NUMBER_INVALID, INVALID_UNICODE; ENCODING_NOT_UTF8.
    """
    text = screen_bytes(content, limits).decode("utf-8")
    if "\0" in text:
        raise _invalid_unicode("It holds a NUL character.")
    _screen_members(text, limits)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_of_pairs,
            parse_constant=_refuse_constant,
            parse_float=_read_number,
            parse_int=_read_number,
        )
    except json.JSONDecodeError as error:
        raise _malformed_json(f"Line {error.lineno}, column {error.colno}: {error.msg}.", error.lineno) from None
    except RecursionError:
        raise _too_deep(limits) from None
    if "\\u" in text:
        _check_unicode(value)
    return value


def _malformed_json(detail: str, line: int | None = None) -> Refused:
    return Refused("JSON_MALFORMED", f"The message is not JSON. {detail} Correct it and send it again.", line)


def _too_deep(limits: Limits) -> Refused:
    return Refused("JSON_TOO_DEEP", f"The message nests objects and lists more than {limits.depth} deep.")


def _too_many(most: int, holder: str) -> Refused:
    return Refused("JSON_TOO_MANY_MEMBERS", f"{holder} has more than {most:,} members. Split it.")


def _invalid_unicode(detail: str) -> Refused:
    return Refused("INVALID_UNICODE", f"The message has invalid characters. {detail} Remove it.")


def _screen_members(text: str, limits: Limits) -> None:
    """Check the number of members before anything is built; counting commas is enough for an ordinary message."""
    if text.count(",") + text.count("{") + text.count("[") <= limits.elements:
        return
    bare = _STRING.sub("", text)
    if bare.count(",") + bare.count("{") + bare.count("[") > limits.elements:
        raise _too_many(limits.elements, "The message")


def screen_depth(value: object, limits: Limits) -> None:
    """Raises `Refused` (JSON_TOO_DEEP); no valid declaration is deep, so only what is refused is measured."""
    level, depth = [value], 0
    while level:
        level = [entry for held in level for entry in _child_values(held)]
        depth += 1
        if level and depth > limits.depth:
            raise _too_deep(limits)


def _child_values(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object_of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _OBJECT_MEMBERS:
        raise _too_many(_OBJECT_MEMBERS, "An object of the message")
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        name = ""
        for name, _ in pairs:
            if name in seen:
                break
            seen.add(name)
        raise Refused("JSON_DUPLICATE_KEY", f"An object has the key {json.dumps(name[:40])} twice. Remove one.")
    return members


def _refuse_constant(word: str) -> Never:
    raise _bad_number(f"{word} is not a number in JSON.")


def _bad_number(detail: str) -> Refused:
    return Refused("JSON_NUMBER_INVALID", f"{detail} Write plain decimal digits.")


def _read_number(literal: str) -> Number:
    if literal.isdigit() and len(literal) <= _NUMBER_CHARACTERS:
        return Number(literal)
    if len(literal) > _NUMBER_CHARACTERS:
        raise _bad_number(f"A number has more than {_NUMBER_CHARACTERS} characters.")
    digits, mark, exponent = literal.lower().partition("e")
    if not mark:
        return Number(literal)
    if len(exponent.lstrip("+-0")) > 2 or abs(int(exponent)) > _NUMBER_EXPONENT:
        raise _bad_number(f"A number has an exponent beyond {_NUMBER_EXPONENT}.")
    return Number(format(Decimal(f"{digits}e{exponent}"), "f"))


def _check_unicode(value: object) -> None:
    """Refuse what escapes can write and UTF-8 bytes cannot: unpaired surrogates and NUL."""
    waiting = [value]
    while waiting:
        held = waiting.pop()
        if isinstance(held, str):
            _check_text(held)
            continue
        if isinstance(held, dict):
            waiting.extend(held)
        waiting.extend(_child_values(held))


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _invalid_unicode("It holds a NUL character.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _invalid_unicode("It holds half of a surrogate pair.") from None
