"""Checks single values, without the white space around them, and explains each fault in one plain sentence.

The XSD decides about the values without their outer white space; these checks explain, so they must find exactly what
the XSD refuses (a property test makes sure of that).
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Final, NamedTuple

from singlewindow.declarations.elements import Attribute, Element

XML_SPACE = " \t\n\r"
SHOWN = 40

_UNSEEN_RANGES = (
    # The property White_Space of Unicode 16, PropList.txt.
    *((0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
    # Default ignorable code points, DerivedCoreProperties.txt.
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
UNSEEN: Final = frozenset(map(chr, chain.from_iterable(range(first, last + 1) for first, last in _UNSEEN_RANGES)))
"""Invisible characters: white space of every kind, and what displays ignore according to Unicode."""

_SPACES = re.compile(r"[ \t\n\r]+")
_DECIMAL = re.compile(r"[+-]?(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))")
_DATE_OF_ANY_YEAR = re.compile(r"[0-9]{8}(?:[0-9]{6}(?:Z|[+-][0-9]{2}))?")
_EXPONENT = re.compile(r"[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+")


_NEEDED = frozenset(("Declaration/FunctionalReferenceID", "Declaration/TypeCode", "Declaration/Declarant/ID"))
"""Optional in the schema, but required in every original."""


class ValueFault(NamedTuple):
    """What is wrong with a value: rule id, answer code, what is wrong, what to do."""

    rule: str
    code: str
    text: str
    advice: str


def trimmed(text: str) -> str:
    """A value without the invisible characters at its ends, which never are content."""
    if text and text[0] not in UNSEEN and text[-1] not in UNSEEN:
        return text
    start, end = 0, len(text)
    while start < end and text[start] in UNSEEN:
        start += 1
    while start < end and text[end - 1] in UNSEEN:
        end -= 1
    return text[start:end]


def collapse(text: str) -> str:
    """A trimmed value whose white space is as the XSD's tokens have it: one blank between words."""
    return _SPACES.sub(" ", trimmed(text))


def shown(value: str, most: int = SHOWN) -> str:
    """A value in a form safe for answers: short, and without control characters for terminals or logs."""
    cut = value if len(value) <= most else value[:most] + "..."
    return '"' + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in cut) + '"'


def clean_value(element: Element, text: str) -> str:
    """A leaf's value after the white-space handling of its type."""
    return collapse(text) if element.base == "code" else trimmed(text)


def check_value(element: Element, value: str) -> ValueFault | None:
    """What is wrong with the cleaned value of a leaf, or None."""
    if element.enum:
        return None if value in element.enum else _wrong_choice(element, value)
    match element.base:
        case "decimal":
            return _check_decimal(element, value)
        case "date":
            return _check_date(element, value)
        case _:
            return _check_text(element, value)


def check_attribute(leaf: Element, attribute: Attribute, value: str) -> ValueFault | None:
    """What is wrong with the collapsed value of an attribute, or None."""
    if re.fullmatch(attribute.pattern, value):
        return None
    name = f"{attribute.name} of {leaf.name}"
    match attribute.name:
        case "currencyID":
            return _pattern_fault(name, value, "three capital letters", "Write the ISO 4217 code of the currency.")
        case "formatCode":
            return _not_listed(name, value, ("102", "304"))
        case _:
            return _pattern_fault(name, value, "1 to 5 characters", "Write the code of the unit.")


def _check_text(element: Element, value: str) -> ValueFault | None:
    if not value and element.pattern and not re.fullmatch(element.pattern, value):
        text = f"{element.name} is empty or blank."
        advice = "Give it a value." if element.path in _NEEDED else "Give it a value, or remove the element."
        return ValueFault("SCHEMA-BLANK", "INVALID_CHARACTERS", text, advice)
    if element.length is not None and len(value) > element.length and not _is_code(element):
        text = f"{element.name} has {len(value):,} characters; at most {element.length} are allowed."
        return ValueFault("SCHEMA-LENGTH", "VALUE_TOO_LONG", text, f"Shorten it to {element.length} characters.")
    if element.pattern is None or re.fullmatch(element.pattern, value):
        return None
    if _is_code(element):
        return _wrong_code(element, value)
    text = f"{element.name} contains a line break."
    return ValueFault("SCHEMA-LINE-BREAK", "INVALID_CHARACTERS", text, "Write the value on one line.")


def _is_code(element: Element) -> bool:
    """Whether the format names the kind of character too, as in a2, n1 or n..2."""
    return not element.format.startswith("an")


_LISTS = {
    "a2": "the two capital letters of ISO 3166 for a country, such as GB",
    "CurrencyTypeCode": "the three capital letters of ISO 4217 for a currency, such as GBP",
    "ConditionCode": "the three capital letters of an Incoterms rule, such as CIF",
}


def _wrong_code(element: Element, value: str) -> ValueFault:
    length = element.length or 0
    kind = "letter" if element.format.startswith("a") else "digit"
    most = "1 to " if ".." in element.format else ""
    listed = _LISTS.get(element.format) or _LISTS.get(element.name)
    expected = listed or f"{most}{length} {kind}{'' if length == 1 else 's'}"
    found = _pattern_fault(element.name, value, expected, f"Give {expected}.")
    return found._replace(rule="SCHEMA-LENGTH", code="VALUE_TOO_LONG") if len(value) > length else found


def _pattern_fault(name: str, value: str, expected: str, advice: str) -> ValueFault:
    return ValueFault("SCHEMA-PATTERN", "SCHEMA_INVALID", f"{name} is {shown(value)}; it must be {expected}.", advice)


def _wrong_choice(element: Element, value: str) -> ValueFault:
    if element.path == "Declaration/FunctionCode":  # the schema knows requests as well, but none is accepted
        text = f"{element.name} is {shown(value)}; only 9 is accepted."
        return ValueFault("SCHEMA-ENUM", "SCHEMA_INVALID", text, "Write 9: this service accepts originals only.")
    return _not_listed(element.name, value, element.enum)


def _not_listed(name: str, value: str, allowed: tuple[str, ...]) -> ValueFault:
    listed = ", ".join(allowed[:-1]) + " or " + allowed[-1]
    text = f"{name} is {shown(value)}; allowed are {listed}."
    return ValueFault("SCHEMA-ENUM", "SCHEMA_INVALID", text, f"Give {listed}.")


def _check_date(element: Element, value: str) -> ValueFault | None:
    if re.fullmatch(element.pattern or "", value):
        return None
    if _DATE_OF_ANY_YEAR.fullmatch(value):
        text = f"{element.name} is {shown(value)}: its year is {value[:4]}; it must be from 2000 to 2099."
        advice = "Check the year; a date begins with the year, as in 20260131."
        return ValueFault("SCHEMA-DATE", "INVALID_DATE", text, advice)
    text = f"{element.name} is {shown(value)}, which is not a date in the form yyyymmdd or yyyymmddhhmmss with a zone."
    advice = "Write, for example, 20260131 (formatCode 102) or 20260131235959Z (formatCode 304)."
    return ValueFault("SCHEMA-DATE", "INVALID_DATE", text, advice)


def _check_decimal(element: Element, value: str) -> ValueFault | None:
    found = _DECIMAL.fullmatch(value)
    if not found:
        code = "VALUE_OUT_OF_RANGE" if _EXPONENT.fullmatch(value) else "SCHEMA_INVALID"
        text = f"{element.name} is {shown(value)}, which is not a plain decimal number."
        return ValueFault("SCHEMA-DECIMAL", code, text, "Write it in digits with at most one decimal point.")
    if element.digits is None:
        return None
    whole = (found[1] or "").lstrip("0")
    fraction = (found[2] or found[3] or "").rstrip("0")
    total, decimals = element.digits
    if len(fraction) > decimals:
        text = f"{element.name} has {len(fraction)} decimal places; at most {decimals} are allowed."
        return ValueFault("SCHEMA-DIGITS", "VALUE_OUT_OF_RANGE", text, f"Round it to {decimals} decimal places.")
    if len(whole) + len(fraction) > total:
        text = f"{element.name} has {len(whole) + len(fraction)} digits; at most {total} are allowed."
        return ValueFault("SCHEMA-DIGITS", "VALUE_OUT_OF_RANGE", text, "Check the number and its unit.")
    return None
