"""Every example declaration is accepted and leads to what `examples/expected.toml` says of it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from singlewindow.agencies.routing import asked_agencies
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.dispatch import make_batches
from singlewindow.clearance.lodging.store import Lodgement, Receipt
from singlewindow.declarations.reading.intake import Media
from singlewindow.storage import assessments, decisions, declarations
from singlewindow.storage.engine.connect import reading
from tests.documents import examples
from tests.integration.lodging import arrival, store
from tests.places import AGENCIES, REPOSITORY


@cache
def expected() -> dict[str, dict[str, Any]]:
    return tomllib.loads((REPOSITORY / "examples" / "expected.toml").read_text(encoding="utf-8"))


def lodged(context: ClearanceContext, path: Path) -> Lodgement:
    return arrival(context, "", path.read_bytes(), media=Media(path.suffix[1:]))


def outcomes(context: ClearanceContext) -> dict[str, dict[str, Any]]:
    """What became of each example, in the shape of `expected.toml`."""
    files = examples()
    receipts = store(context, [lodged(context, path) for path in files])
    while batches := make_batches(context):
        for batch in batches:
            assess_batches(context, batch.id)
    found = {}
    with reading(context.engine) as connection:
        for path, receipt in zip(files, receipts, strict=True):
            assert isinstance(receipt, Receipt)
            version = declarations.newest_version(connection, receipt.mrn, None)
            assert version is not None
            version_id = version.summary.version_id
            decision = decisions.current_decision(connection, version_id)
            assert decision is not None
            given = assessments.answers_of_complete(connection, [version_id])[version_id]
            found[path.name] = {
                "decision": decision.outcome,
                "lane": decision.lane,
                "asked": asked_agencies(version.routing),
                "findings": sorted({finding.profile for _, answer in given for finding in answer.findings}),
                "controls": sorted(decision_controls(decision.body)),
            }
    return found


def decision_controls(body: bytes) -> list[str]:
    import msgspec

    return list(msgspec.json.decode(body)["controls"])


def test_every_example_leads_to_what_is_said_of_it(context: ClearanceContext) -> None:
    found = outcomes(context)
    wanted = {
        name: {**what, "findings": sorted(what["findings"]), "controls": sorted(what["controls"])}
        for name, what in expected().items()
    }
    assert found == wanted


def test_the_examples_ask_every_agency() -> None:
    asked = {agency for what in expected().values() for agency in what["asked"]}
    assert asked == {folder.name for folder in AGENCIES.iterdir() if folder.is_dir()}


@pytest.mark.parametrize("decision", ["release", "inspect"])
def test_the_examples_hold_at_least_ten_of_each_decision(decision: str) -> None:
    assert sum(what["decision"] == decision for what in expected().values()) >= 10
