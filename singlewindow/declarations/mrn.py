"""Movement reference numbers: two digits of the year, the country, thirteen characters of ours, one check digit.

The check digit is that of ISO 6346 (containers): letters count 10 to 38 without the multiples of 11, place k weighs
2 to the power of k, and the sum is taken modulo 11 and then modulo 10.
"""

from __future__ import annotations

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = dict(zip(_DIGITS, (*range(10), *(value for value in range(10, 39) if value % 11)), strict=True))
_SHAPE = re.compile(r"[0-9]{2}[A-Z]{2}[0-9A-Z]{13}[0-9]")
SERIAL_LENGTH = 13
SERIALS = 36**SERIAL_LENGTH


def make_mrn(year: int, country: str, serial: int) -> str:
    """The MRN of 18 characters for the `serial`-th declaration; raises ValueError if a part is wrong."""
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise ValueError(f"The country {country!r} is not a code of two capital letters.")
    if not 0 <= serial < SERIALS:
        raise ValueError(f"The serial {serial} does not fit into {SERIAL_LENGTH} characters.")
    body = f"{year % 100:02d}{country}{base36(serial)}"
    return body + check_digit(body)


def base36(serial: int) -> str:
    """A serial in the characters of an MRN."""
    letters = []
    for _ in range(SERIAL_LENGTH):
        serial, rest = divmod(serial, 36)
        letters.append(_DIGITS[rest])
    return "".join(reversed(letters))


def check_digit(text: str) -> str:
    """The check digit of the first 17 characters of an MRN.

    It catches every single wrong character whose value differs modulo 11 from the right one, unless the remainders
    are 0 and 10, which share the digit 0. It cannot tell apart characters with equal values modulo 11 (such as 1, B
    and L).
    """
    total = sum(_VALUES[letter] << place for place, letter in enumerate(text))
    return str(total % 11 % 10)


def is_mrn(text: str) -> bool:
    """Whether the text has the shape of an MRN and its check digit holds."""
    return _SHAPE.fullmatch(text) is not None and check_digit(text[:17]) == text[17]


def serial_of(mrn: str) -> int:
    """The serial that `make_mrn` was given; raises ValueError if the text is not an MRN."""
    if not is_mrn(mrn):
        raise ValueError(f"{mrn[:20]!r} is not an MRN: 18 characters, the last one its check digit.")
    return int(mrn[4:17], 36)
