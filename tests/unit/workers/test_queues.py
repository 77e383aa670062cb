from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from singlewindow.storage.batches import Batch
from workers.queues import group_into_jobs


def batches(*sizes: int) -> list[Batch]:
    return [Batch(number, "customs", size) for number, size in enumerate(sizes)]


def test_small_batches_share_a_job() -> None:
    assert [len(job) for job in group_into_jobs(batches(1, 2, 3), most=50)] == [3]


def test_a_full_batch_has_a_job_of_its_own() -> None:
    assert [len(job) for job in group_into_jobs(batches(100, 100, 1), most=50)] == [1, 1, 1]


def test_a_question_that_is_asked_alone_has_a_job_of_its_own() -> None:
    failed = Batch(9, "firearms", 1, failed=True)
    first, last = batches(1, 1)
    assert group_into_jobs([first, failed, last], most=50) == [[failed], [first, last]]


@given(st.lists(st.integers(1, 120)), st.integers(1, 60))
def test_every_batch_is_in_one_job_and_no_job_is_larger_than_allowed_but_by_a_single_batch(
    sizes: list[int], most: int
) -> None:
    jobs = group_into_jobs(batches(*sizes), most)
    assert [batch for job in jobs for batch in job] == batches(*sizes)
    assert all(len(job) == 1 or sum(batch.size for batch in job) <= most for job in jobs)
