"""Identifiers of parties and agencies in the one form in which they are stored and compared."""

from __future__ import annotations

import re
from typing import Final

LONGEST_PARTY: Final = 17
"""What a declaration can name: WCO data elements R123, R038 and R032, an..17."""
_PARTY: Final = re.compile(rf"[0-9A-Z][0-9A-Z._/-]{{0,{LONGEST_PARTY - 1}}}")
_AGENCY: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")


def normal_party(text: str) -> str:
    """A party's identifier as it is compared: no white space around it, capitals."""
    return text.strip().upper()


def party_code(owner: str, typed: str) -> str:
    """The identifier of a party as it is stored; raises ValueError for what no declaration could name."""
    code = normal_party(typed)
    if not _PARTY.fullmatch(code):
        raise ValueError(
            f"The {owner} {typed!a} is no identifier of a party: give it as declarations name it, with at most "
            f"{LONGEST_PARTY} of A-Z, 0-9 and . _ / -"
        )
    return code


def agency_code(typed: str) -> str:
    """The code of an agency as it is stored; raises ValueError for what can be none."""
    code = typed.strip().lower()
    if not _AGENCY.fullmatch(code):
        raise ValueError(f"The agency {typed!a} is no agency's code: give letters a-z, digits and -")
    return code
