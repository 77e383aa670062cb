"""Group commit on both databases: every caller gets its own answer, and nobody pays for a neighbour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from singlewindow.agencies.agency import Agency
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging import group_commit
from singlewindow.clearance.lodging.group_commit import PATIENCE_SECONDS, GroupCommit
from singlewindow.clearance.lodging.store import Conflict, Lodgement, Receipt, Stored, store_lodgements
from tests.documents import original
from tests.integration.lodging import arrival, lodging_over

CALLERS = 24


def lodge_together(writer: GroupCommit, context: ClearanceContext, lrns: Sequence[str]) -> list[Stored | Exception]:
    """Lodge under these references at the same moment; what each caller got."""
    barrier = Barrier(len(lrns))
    arrivals = [arrival(context, lrn) for lrn in lrns]

    def call(number: int) -> Stored | Exception:
        barrier.wait()
        try:
            return writer.submit(arrivals[number]).result(PATIENCE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever befell a caller is what the test looks at
            return error

    with ThreadPoolExecutor(len(lrns)) as pool:
        return list(pool.map(call, range(len(lrns))))


def test_callers_at_the_same_moment_each_get_their_own_receipt(context: ClearanceContext) -> None:
    lrns = [f"GROUP{number}" for number in range(CALLERS)]
    answers = lodge_together(GroupCommit(context.engine, context.agencies), context, lrns)
    assert [getattr(answer, "lrn", answer) for answer in answers] == lrns


def test_callers_at_the_same_moment_share_transactions(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def counted(engine: Engine, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> list[Stored]:
        sizes.append(len(lodgements))
        return store_lodgements(engine, agencies, lodgements)

    monkeypatch.setattr(group_commit, "store_lodgements", counted)
    lodge_together(
        GroupCommit(context.engine, context.agencies), context, [f"GROUP{number}" for number in range(CALLERS)]
    )
    assert sum(sizes) == CALLERS
    assert len(sizes) < CALLERS


def test_a_lodgement_that_cannot_be_stored_fails_alone(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choosy(engine: Engine, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> list[Stored]:
        if any(lodgement.key[1] == "BAD" for lodgement in lodgements):
            raise ValueError("this one cannot be stored")
        return store_lodgements(engine, agencies, lodgements)

    monkeypatch.setattr(group_commit, "store_lodgements", choosy)
    answers = lodge_together(
        GroupCommit(context.engine, context.agencies), context, ["BAD", *(f"GOOD{number}" for number in range(7))]
    )
    assert isinstance(answers[0], ValueError)
    assert all(isinstance(answer, Receipt) for answer in answers[1:])


def test_a_database_that_is_away_is_told_to_every_caller_at_once(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away(engine: Engine, agencies: Mapping[str, Agency], lodgements: Sequence[Lodgement]) -> list[Stored]:
        tries.append(len(lodgements))
        raise OperationalError("COMMIT", {}, OSError("gone"))

    monkeypatch.setattr(group_commit, "store_lodgements", away)
    answers = lodge_together(
        GroupCommit(context.engine, context.agencies), context, [f"GROUP{number}" for number in range(8)]
    )
    assert all(isinstance(answer, OperationalError) for answer in answers)
    assert sum(tries) == 8


def test_a_conflict_is_told_to_its_own_caller_only(context: ClearanceContext) -> None:
    lodging = lodging_over(context)
    first = lodging.store(arrival(context, "GROUP1"))
    other = original("GROUP1").replace(b"<TotalPackageQuantity>", b"<TotalPackageQuantity>1")
    assert lodging.store(arrival(context, "GROUP1", other)) == Conflict(first.mrn, "GROUP1")


def test_what_was_answered_is_stored(context: ClearanceContext) -> None:
    answers = lodge_together(
        GroupCommit(context.engine, context.agencies), context, [f"GROUP{number}" for number in range(CALLERS)]
    )
    with context.engine.connect() as connection:
        stored = set(connection.execute(text("SELECT mrn FROM declaration")).scalars())
    assert stored == {getattr(answer, "mrn", None) for answer in answers}
