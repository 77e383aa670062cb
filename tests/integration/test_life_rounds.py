"""Random lives on both databases: whoever does what and when, one legal state stands, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Control
from singlewindow.inspections.results import RESULTS, ControlRecord, Found, Recorded
from singlewindow.life_cycle.machine import FINAL, TRANSITIONS, Actor, State, Step
from singlewindow.life_cycle.milestones import Milestone
from tests.integration.living import (
    AGENCIES,
    GREEN,
    PAPERS,
    RED,
    Declared,
    Everybody,
    StoppedClock,
    answering_by_themselves,
    at_once,
    requests_of,
    stopped_clock,
    versions_of,
)
from tests.integration.record import rows
from tests.lives import Life, faults_of, read_lives
from tests.properties import tries

STEPS = 10
KINDS = ("IMA", "IMD", "IMD", "IMZ", "EXA", "EXD")
CONTENTS = (GREEN, GREEN, RED, PAPERS)
MOST_SWEEPS = 12
BOOKED = "SELECT place, starts_at, taken FROM slot WHERE taken > 0 ORDER BY place, starts_at"
HELD = "SELECT place, slot_at, count(*) FROM inspection WHERE slot_at IS NOT NULL GROUP BY place, slot_at ORDER BY 1, 2"
ANSWERS = st.tuples(st.just("respond"), st.sampled_from(AGENCIES), st.integers(0, 2), st.integers(1, 2),
                    st.sampled_from(CONTENTS))  # fmt: skip
REQUESTS = st.one_of(
    st.tuples(st.sampled_from(["amend", "amend_by_message"]), st.integers(1, 3), st.sampled_from(["Pliers", "Saws"])),
    st.tuples(st.just("cancel"), st.integers(1, 2)),
    st.tuples(st.just("amend_against"), st.integers(1, 3), st.integers(1, 2)),
)
KNIFE = (Found(kind="undeclared goods", words="A knife"),)
RECORDS = st.one_of(
    st.just(ControlRecord(recorded=Recorded.CONFORM)),
    st.just(ControlRecord(recorded=Recorded.NOT_DONE, words="No scanner")),
    st.builds(ControlRecord, recorded=st.just(Recorded.NOT_CONFORM), found=st.just(KNIFE),
              result=st.sampled_from(RESULTS), trader=st.just("A knife was found.")),
)  # fmt: skip
COMMANDS = st.one_of(
    ANSWERS,
    REQUESTS,
    st.tuples(st.just("arrive"), st.sampled_from([None, "1234"])),
    st.tuples(st.just("report"), st.sampled_from([Milestone.UNLOADED, Milestone.EXITED])),
    st.tuples(st.just("rule"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("ask_again"), st.integers(0, 2), st.sampled_from([AGENCIES, ("customs",), ("firearms",)])),
    st.tuples(st.just("answer_documents"), st.sampled_from(["As asked.", "There are none."])),
    st.tuples(st.just("record"), st.sampled_from(AGENCIES), st.sampled_from(Control), RECORDS),
    st.tuples(st.just("override"), st.sampled_from(RESULTS), st.booleans()),
    st.tuples(st.just("work")),
    st.tuples(st.just("deadline")),
)
_names: Iterator[int] = count()


class Lives(RuleBasedStateMachine):
    """One declaration, and everybody who has to do with it, one after the other or at one moment."""

    def __init__(self, everybody: Everybody, clock: StoppedClock, pool: ThreadPoolExecutor) -> None:
        super().__init__()
        self.everybody, self.clock, self.pool = everybody, clock, pool
        self.sent: set[tuple[str, int, int]] = set()

    @initialize(kind=st.sampled_from(KINDS))
    def lodge(self, kind: str) -> None:
        """A declaration of any type: its goods are there, still on their way, or gone."""
        (self.about,) = self.everybody.lodge([f"LIFE{next(_names)}"], kind)

    @rule(command=COMMANDS)
    def one(self, command: tuple[Any, ...]) -> None:
        """A command alone ends as the state machine says."""
        before, state, waits = self._expected(command)
        ended = self._call(command)()
        if before is not None:
            assert ended in before, (command, state, waits)

    @rule(commands=st.lists(COMMANDS, min_size=2, max_size=3))
    def together(self, commands: list[tuple[Any, ...]]) -> None:
        """Several at one moment, each in a thread of its own."""
        at_once(self.pool, [self._call(command) for command in commands])

    @rule(answers=st.permutations([(1, GREEN), (1, GREEN), (1, RED), (2, PAPERS)]))
    def four_answers_of_one_agency(self, answers: list[tuple[int, bytes]]) -> None:
        """They come out of order, and say different things: the first that is to its question counts."""
        newest = versions_of(self.everybody.context, self.about.mrn)[-1]
        at_once(self.pool, [partial(self._respond, "firearms", newest, *answer) for answer in answers])

    @invariant()
    def nothing_is_wrong(self) -> None:
        """The record, its trail, and what was told agree, and follow the machine."""
        if hasattr(self, "about"):
            life = self._life()
            assert faults_of(life) == []
            assert self.sent <= self._kept(life)
            booked, held = (rows(self.everybody.context, query) for query in (BOOKED, HELD))
            assert booked == held, "each slot is taken by the orders that hold it, and by nobody else"

    def teardown(self) -> None:
        """Whatever the state, it is left by its deadline, or the service speaks of it again."""
        if not hasattr(self, "about"):
            return
        for _ in range(MOST_SWEEPS):
            life = self._life()
            waits = any(row["answered_at"] is None for row in life.of("request"))
            if not waits and (life.state in FINAL or (life.newest["due_at"] is None and not life.of("outbox"))):
                break
            ended = self._deadline()
            assert ended != "swept 0", life.state
            assert waits or _has_moved_on(life, self._life()), life.state
        else:
            assert not any(row["answered_at"] is None for row in self._life().of("request"))
        self.nothing_is_wrong()

    def _life(self) -> Life:
        (life,) = read_lives(self.everybody.context.engine, self.about.mrn)
        return life

    def _expected(self, command: tuple[Any, ...]) -> tuple[set[str] | None, State, bool]:
        """How a command alone may end."""
        life, (name, *what) = self._life(), command
        state, waits = life.state, any(row["answered_at"] is None for row in life.of("request"))
        if name == "arrive":
            return {"done"} if (state, Step.ARRIVED) in TRANSITIONS else {"NotPossible", "done"}, state, waits
        if name == "answer_documents":
            return {"done"} if (state, Step.DOCUMENTS_GIVEN) in TRANSITIONS else {"NotPossible", "done"}, state, waits
        if name not in {"amend", "amend_by_message", "cancel"}:
            return None, state, waits
        kind = "cancellation" if name == "cancel" else "amendment"
        if any(
            row["kind"] == kind and row["reference"] == self._reference(name, what[0]) for row in life.of("request")
        ):
            return None, state, waits
        arrow = TRANSITIONS.get((state, Step.CANCELLED if name == "cancel" else Step.AMENDED))
        answer = "refused" if arrow is None else "granted" if Actor.TRADER in arrow.grant.at_once else "waiting"
        # What touches nothing of what is inspected needs no officer.
        beside = {"granted"} if name != "cancel" and (state, Step.AMENDED_BESIDE) in TRANSITIONS else set()
        return {"StillOpen"} if waits else {answer} | beside, state, waits

    def _call(self, command: tuple[Any, ...]) -> Callable[[], str]:
        name, *what = command
        about, versions = self.about, versions_of(self.everybody.context, self.about.mrn)
        if name == "respond":
            agency, version, asked_round, content = what
            return partial(self._respond, agency, versions[version % len(versions)], asked_round, content)
        if name == "rule":
            asked = requests_of(self.everybody.context, about.mrn)
            number = asked[-1 - what[0] % len(asked)] if asked else 0
            return partial(self.everybody.rule, about, number, what[1])
        if name == "ask_again":
            return partial(self.everybody.ask_again, versions[what[0] % len(versions)], what[1])
        if name in {"record", "override"}:
            return partial(getattr(self.everybody, name), about, *what)
        if name == "report":
            return partial(self.everybody.report, about, what[0], self.clock.now)
        return self._asking(about, name, what)

    def _asking(self, about: Declared, name: str, what: list[Any]) -> Callable[[], str]:
        everybody = self.everybody
        if name == "amend_against":
            return partial(everybody.amend, about, self._reference(name, what[0]), "Drills", what[1])
        if name in {"amend", "amend_by_message", "cancel"}:
            return partial(getattr(everybody, name), about, self._reference(name, what[0]), *what[1:])
        if name == "deadline":
            return self._deadline
        if name in {"arrive", "answer_documents"}:
            return partial(getattr(everybody, name), about, *what)
        return everybody.work

    @staticmethod
    def _reference(name: str, number: int) -> str:
        return f"{name.upper()[:20]}{number}"

    def _respond(self, agency: str, version_id: int, asked_round: int, content: bytes) -> str:
        ended = self.everybody.respond(agency, version_id, content, asked_round)
        if ended in {"done", "late"}:
            self.sent.add((agency, version_id, asked_round))
        return ended

    def _deadline(self) -> str:
        """The clock passes the next deadline of the newest version, or of a request, if there is one."""
        life = self._life()
        newest, owner = life.newest["id"], life.newest["declaration_id"]
        found = rows(self.everybody.context, f"SELECT min(deadline_at) FROM outbox WHERE version_id = {newest}"
                                             f" UNION ALL SELECT due_at FROM version WHERE id = {newest}"
                                             f" UNION ALL SELECT due_at FROM request WHERE declaration_id = {owner}"
                                             " AND answered_at IS NULL")  # fmt: skip
        moments = [moment for (moment,) in found if moment is not None]
        if moments:
            self.clock.now = max(self.clock.now, min(moments) + 1)
        return self.everybody.sweep()

    def _kept(self, life: Life) -> set[tuple[str, int, int]]:
        """Every question that an agency has answered, in time or late."""
        own = ", ".join(str(row["id"]) for row in life.of("version"))
        late = [
            row for table in ("late_assessment", "later_late_assessment")
            for row in rows(self.everybody.context, f"SELECT agency, version_id, round FROM {table}"
                                                    f" WHERE version_id IN ({own})")
        ]  # fmt: skip
        given = [(row["agency"], row["version_id"], row["round"]) for row in life.of("assessment")
                 if row["answer"] == "assessed"]  # fmt: skip
        return {*map(tuple, late), *given}


def _has_moved_on(before: Life, after: Life) -> bool:
    """Another state, fewer open questions, or a later deadline of the same."""
    if before.state is not after.state or len(after.of("outbox")) < len(before.of("outbox")):
        return True
    later = (after.newest["due_at"] or 0) > (before.newest["due_at"] or 0)
    return later or (after.state is State.RELEASED and after.newest["due_at"] is None)


@pytest.fixture
def everybody(context: ClearanceContext) -> Everybody:
    """Customs and firearms, which are asked about pistols, answer by themselves."""
    return Everybody(answering_by_themselves(context))


def test_whatever_happens_and_when_a_life_is_legal_and_nothing_is_lost(everybody: Everybody) -> None:
    with stopped_clock(everybody.context) as clock, ThreadPoolExecutor(4) as pool:

        class Here(Lives):
            def __init__(self) -> None:
                super().__init__(everybody, clock, pool)

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=tries(0.3), stateful_step_count=STEPS, deadline=None, database=None,
                phases=[Phase.generate],  # threads do not come out alike twice, so that nothing can be shrunk
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )  # fmt: skip
