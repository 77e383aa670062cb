"""How many statements a declaration costs, from lodging to decision: none is to be added unnoticed."""

from __future__ import annotations

from sqlalchemy import event

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from tests.documents import original
from tests.integration.lodging import arrival, store

MOST = {"sqlite": 40, "postgresql": 31}


def test_lodging_asking_and_deciding_take_no_more_statements_than_they_did(context: ClearanceContext) -> None:
    arrivals = [arrival(context, f"LRN{each}", original(f"LRN{each}")) for each in range(4)]
    seen: list[str] = []
    event.listen(context.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    store(context, arrivals)
    while made := dispatch.make_batches(context):
        assess_batches(context, *(batch.id for batch in made))
    assert any("INSERT INTO decision" in statement for statement in seen)
    assert len(seen) <= MOST[context.engine.dialect.name]
