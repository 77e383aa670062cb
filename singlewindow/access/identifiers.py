"""Identifiers of parties and agencies, in the form in which they are stored and compared."""

from __future__ import annotations

import re
from typing import Final

LONGEST_PARTY: Final = 17
"""The longest identifier in a declaration: WCO data elements R123, R038 and R032, an..17."""
_PARTY: Final = re.compile(rf"[0-9A-Z][0-9A-Z._/-]{{0,{LONGEST_PARTY - 1}}}")
_AGENCY: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")


def normal_party(text: str) -> str:
    """A party's identifier as it is compared: in upper case, without surrounding white space."""
    return text.strip().upper()


def party_code(owner: str, typed: str) -> str:
    """The stored form of a party's identifier; raises ValueError if no declaration could name it."""
    code = normal_party(typed)
    if not _PARTY.fullmatch(code):
        raise ValueError(
            f"The {owner} {typed!a} is not a party's identifier. Write it as in declarations, with at most "
            f"{LONGEST_PARTY} of A-Z, 0-9 and . _ / -"
        )
    return code


def agency_code(typed: str) -> str:
    """The stored form of an agency's code; raises ValueError if it cannot be one."""
    code = typed.strip().lower()
    if not _AGENCY.fullmatch(code):
        raise ValueError(f"The agency {typed!a} is not an agency's code. Use only letters a-z, digits and -")
    return code
