"""The rows that always run: a few of each kind of fault, in about a minute. `make faults` runs all of them."""

from __future__ import annotations

import pytest

from tests.faults import test_database, test_deliveries, test_queue_server, test_web, test_workers
from tests.faults.conftest import Install
from tests.faults.harness.subscribers import receiving

pytestmark = pytest.mark.service


def test_web_killed_between_commit_and_reply_answers_the_retry_with_what_stands(install: Install) -> None:
    test_web.fw2(install(), 3)


def test_workers_killed_in_the_middle_of_jobs_are_made_good(install: Install, seed: int) -> None:
    test_workers.fk1(install(), 4, seed)


def test_an_emptied_queue_server_loses_nothing(install: Install) -> None:
    test_queue_server.fr2(install(), 3, unhurried=True)


def test_a_stopped_database_loses_nothing_that_was_acknowledged(install: Install) -> None:
    test_database.fp1(install(), 1)


def test_a_worker_that_wakes_after_its_lease_writes_nothing(install: Install) -> None:
    assert test_workers.zombie_writer(install(), "before_write") == []


def test_one_notice_that_is_not_taken_holds_up_its_declaration_only(install: Install) -> None:
    with receiving() as receiver:
        test_deliveries.fn2(test_deliveries.started(install, receiver), receiver)


def test_a_sender_killed_before_it_has_written_sends_again(install: Install) -> None:
    with receiving() as receiver:
        here = install(settings=receiver.settings)
        here.start(workers=1)
        test_deliveries.fn5(here, receiver, 1)
