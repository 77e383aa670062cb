from __future__ import annotations

from typing import Any

import msgspec
import pytest

from adapters.remote_answer import read_answer
from singlewindow.declarations.faults import Refused

FINDING = {"profile": "P-1", "legal_basis": "Art. 1", "officer": "Look", "trader": "Wait", "item": "1"}


def _answer(finding: dict[str, str]) -> bytes:
    return msgspec.json.encode({"lane": "red", "findings": [finding]})


def test_a_finding_is_read() -> None:
    (finding,) = read_answer(_answer(FINDING), "customs", "").findings
    assert (finding.profile, finding.item) == ("P-1", "1")


@pytest.mark.parametrize("name", FINDING)
@pytest.mark.parametrize("spoil", ["{}\n", "\n{}", "{}\u2028", "{}\u202e", ""])
def test_no_text_of_a_finding_has_more_than_one_line_or_nothing_in_it(name: str, spoil: str) -> None:
    spoilt: dict[str, Any] = FINDING | {name: spoil.format(FINDING[name])}
    with pytest.raises(Refused, match="does not have the right form"):
        read_answer(_answer(spoilt), "customs", "")


@pytest.mark.parametrize("content", [b"", b" \r\n"])
def test_an_empty_answer_is_called_an_answer(content: bytes) -> None:
    with pytest.raises(Refused, match="The answer is empty") as refused:
        read_answer(content, "customs", "")
    assert refused.value.code == "EMPTY_BODY"
