"""Hostile and broken requests of an officer's about an inspection that is open: nothing of them is recorded."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

SHAPE, UNFIT, PARAMETER = "SCHEMA_INVALID", "RECORD_UNFIT", "INVALID_PARAMETER"
CONTROL = "physical"


class Said(NamedTuple):
    """What is sent to the end of an inspection's address, and its answer."""

    rows: str
    name: str
    to: str
    content: bytes
    status: int
    code: str
    method: str = "POST"


def record(name: str, status: int, code: str, **members: Any) -> Said:
    """A record of the control."""
    body = {"control": CONTROL, "recorded": "conform"} | members
    return Said("99", name, "records", json.dumps(body).encode(), status, code)


def found(**members: Any) -> list[dict[str, Any]]:
    """One thing that was found."""
    return [{"kind": "firearm", "words": "A pistol"} | members]


BAD = {"recorded": "not-conform", "result": "refused", "trader": "No.", "found": found()}
SLOT = {"starts_at": "2030-01-01T10:00:00Z", "reason": "Later"}
OVERRIDE = {"result": "released", "items": ["1"], "reason": "Known", "trader": "Released."}

ROWS = [
    *(Said(number, f"{to}: {name}", to, content, status, code, method)
      for to, method in (("records", "POST"), ("overrides", "POST"), ("slot", "PUT"))
      for number, name, content, status, code in (
          ("1", "nothing", b"", 400, "EMPTY_BODY"),
          ("60", "a member twice", b'{"reason": "a", "reason": "b"}', 400, "JSON_DUPLICATE_KEY"),
          ("64", "1,000 lists", b"[" * 1_000, 400, "JSON_TOO_DEEP"),
          ("69", "a list", b"[]", 422, SHAPE),
          ("70", "an unknown member", b'{"state": "released"}', 422, SHAPE),
          ("66", "NUL", b'{"reason": "a\\u0000b"}', 400, "INVALID_UNICODE"))),
    record("no control of the order", 422, UNFIT, control="sample"),
    record("no control at all", 422, SHAPE, control="burn"),
    record("an item that is not there", 422, UNFIT, items=["999"]),
    record("an item that is no number", 422, SHAPE, items=["1; DROP TABLE inspection"]),
    record("conform, and refused", 422, UNFIT, result="refused"),
    record("conform, and something found", 422, UNFIT, found=found()),
    record("not conform, and released", 422, UNFIT, **BAD | {"result": "released"}),
    record("not conform, without a result", 422, UNFIT, **BAD | {"result": None}),
    record("not conform, and nothing found", 422, UNFIT, **BAD | {"found": []}),
    record("not conform, without words for the party", 422, UNFIT, **BAD | {"trader": ""}),
    record("a result that there is not", 422, SHAPE, **BAD | {"result": "destroyed"}),
    record("not done, without why", 422, UNFIT, recorded="not-done"),
    record("a sample of no sample", 422, UNFIT, recorded="sample-sent", words="At the laboratory"),
    record("done by somebody", 422, UNFIT, done_by="XX-NOBODY", evidence=["a" * 64]),
    record("done by a neighbour without evidence", 422, UNFIT, done_by="FR-COQUELLES"),
    record("words that turn the direction", 422, SHAPE, words="a\u202eb"),
    record("words of 513", 422, SHAPE, words="a" * 513),
    record("items as text", 422, SHAPE, items="all"),
    *(Said("82", f"slot {name}", "slot", json.dumps(SLOT | members).encode(), 422, code, "PUT")
      for name, members, code in (
          ("in the past", {"starts_at": "1970-01-01T00:00:00Z"}, "MOMENT_UNLIKELY"),
          ("without zone", {"starts_at": "2030-01-01T10:00:00"}, SHAPE),
          ("at the end of time", {"starts_at": "9999-12-31T23:59:59-12:00"}, "MOMENT_UNLIKELY"),
          ("nowhere", {"place": "NOWHERE"}, "MOMENT_UNLIKELY"),
          ("without a reason", {"reason": " "}, SHAPE))),
    Said("99", "an override without a person", "overrides", json.dumps(OVERRIDE).encode(), 403, "PERSON_UNKNOWN"),
    Said("99", "an answer without a person", "overrides/1/answer", b'{"agreed": true, "words": "Yes"}', 403,
         "PERSON_UNKNOWN"),
    Said("99", "an answer to a word", "overrides/x/answer", b'{"agreed": true, "words": "Yes"}', 404, "NOT_FOUND"),
]  # fmt: skip
