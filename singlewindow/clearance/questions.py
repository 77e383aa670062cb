"""How a question is named towards its agency: the version's number in 13 characters of base 36."""

from __future__ import annotations

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LENGTH = 13
_LARGEST = 2**63 - 1
_SHAPE = re.compile(r"[0-9A-Z]{13}")


def question_id(version_id: int) -> str:
    """The name of the questions on a version; with the agency it names one question."""
    letters = []
    for _ in range(_LENGTH):
        version_id, rest = divmod(version_id, 36)
        letters.append(_DIGITS[rest])
    return "".join(reversed(letters))


def version_of(question: str) -> int | None:
    """The version's id, or None where the text is no name of a question."""
    if not _SHAPE.fullmatch(question):
        return None
    version_id = int(question, 36)
    return version_id if version_id <= _LARGEST else None
