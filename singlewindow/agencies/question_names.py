"""The name of a question for its agency: the version's serial in 13 characters of base 36.

If an agency is asked again about the same version, the name gets a suffix: `-2` for the second round, and so on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from singlewindow.declarations.mrn import base36

_LARGEST = 2**63 - 1
_SHAPE = re.compile(r"([0-9A-Z]{13})(?:-([2-9]|[1-9][0-9]{1,4}))?")


class Named(NamedTuple):
    """The version and round of a name; together with the agency they are one question."""

    version_id: int
    round: int = 1


def question_name(version_id: int, asked_round: int = 1) -> str:
    """The name of the questions on a version in one round."""
    name = base36(version_id)
    return name if asked_round == 1 else f"{name}-{asked_round}"


def read_question_name(name: str) -> Named | None:
    """What a name refers to; None if the text is not the name of a question."""
    found = _SHAPE.fullmatch(name)
    if found is None:
        return None
    version_id = int(found[1], 36)
    return Named(version_id, int(found[2] or 1)) if version_id <= _LARGEST else None
