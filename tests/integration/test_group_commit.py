"""Group commit on both databases: every caller gets its own answer, and nobody pays for a neighbour."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging import group_commit
from singlewindow.clearance.lodging.group_commit import Answer, GroupCommit
from singlewindow.clearance.lodging.lodge import Conflict, Prepared, Receipt, commit
from tests.documents import original
from tests.integration.lodging import arrival

CALLERS = 24


def lodge_together(intake: GroupCommit, context: ClearanceContext, lrns: Sequence[str]) -> list[Answer | Exception]:
    """Lodge under these references at the same moment; what each caller got."""
    barrier = Barrier(len(lrns))
    arrivals = [arrival(context, lrn) for lrn in lrns]

    def call(number: int) -> Answer | Exception:
        barrier.wait()
        try:
            return intake.lodge(arrivals[number])
        except Exception as error:  # noqa: BLE001 - whatever befell a caller is what the test looks at
            return error

    with ThreadPoolExecutor(len(lrns)) as pool:
        return list(pool.map(call, range(len(lrns))))


def test_callers_at_the_same_moment_each_get_their_own_receipt(context: ClearanceContext) -> None:
    lrns = [f"GROUP{number}" for number in range(CALLERS)]
    answers = lodge_together(GroupCommit(context), context, lrns)
    assert [getattr(answer, "lrn", answer) for answer in answers] == lrns


def test_callers_at_the_same_moment_share_transactions(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def counted(context: ClearanceContext, prepared: Sequence[Prepared]) -> list[Answer]:
        sizes.append(len(prepared))
        return commit(context, prepared)

    monkeypatch.setattr(group_commit, "commit", counted)
    lodge_together(GroupCommit(context), context, [f"GROUP{number}" for number in range(CALLERS)])
    assert sum(sizes) == CALLERS
    assert len(sizes) < CALLERS


def test_a_lodgement_that_cannot_be_stored_fails_alone(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choosy(context: ClearanceContext, prepared: Sequence[Prepared]) -> list[Answer]:
        if any(entry.lodgement.key[1] == "BAD" for entry in prepared):
            raise ValueError("this one cannot be stored")
        return commit(context, prepared)

    monkeypatch.setattr(group_commit, "commit", choosy)
    answers = lodge_together(GroupCommit(context), context, ["BAD", *(f"GOOD{number}" for number in range(7))])
    assert isinstance(answers[0], ValueError)
    assert all(isinstance(answer, Receipt) for answer in answers[1:])


def test_a_database_that_is_away_is_told_to_every_caller_at_once(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away(context: ClearanceContext, prepared: Sequence[Prepared]) -> list[Answer]:
        tries.append(len(prepared))
        raise OperationalError("COMMIT", {}, OSError("gone"))

    monkeypatch.setattr(group_commit, "commit", away)
    answers = lodge_together(GroupCommit(context), context, [f"GROUP{number}" for number in range(8)])
    assert all(isinstance(answer, OperationalError) for answer in answers)
    assert sum(tries) == 8


def test_a_conflict_is_told_to_its_own_caller_only(context: ClearanceContext) -> None:
    intake = GroupCommit(context)
    first = intake.lodge(arrival(context, "GROUP1"))
    other = original("GROUP1").replace(b"<TotalPackageQuantity>", b"<TotalPackageQuantity>1")
    assert intake.lodge(arrival(context, "GROUP1", other)) == Conflict(first.mrn, "GROUP1")


def test_what_was_answered_is_stored(context: ClearanceContext) -> None:
    answers = lodge_together(GroupCommit(context), context, [f"GROUP{number}" for number in range(CALLERS)])
    with context.engine.connect() as connection:
        stored = set(connection.execute(text("SELECT mrn FROM declaration")).scalars())
    assert stored == {getattr(answer, "mrn", None) for answer in answers}
