"""Races of two commands about one declaration: many rounds, prepared in bulk, each at one barrier."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations_with_replacement, count
from typing import Final, NamedTuple

from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from tests.integration.documents import HAND_TOOLS, PISTOLS
from tests.integration.living import GREEN, PAPERS, RED, Declared, Everybody, at_once, versions_of
from tests.integration.record import change, rows
from tests.lives import Life, faults_of, read_lives

AT_ONCE: Final = 50
"""How many declarations are prepared together."""
PAUSES: Final = (0.0, 0.003, 0.05)
"""How long one of two commands waits at most (seconds): some begin with more work than others."""
NEVER: Final = 2**60
CONTENTS: Final = (GREEN, RED, PAPERS)
_names: Iterator[int] = count()


class Round(NamedTuple):
    """One race: about which declaration and version, its turn, and the chance of its row."""

    everybody: Everybody
    about: Declared
    version_id: int
    turn: int
    chance: random.Random


Racer = Callable[[Round], Callable[[], str]]
"""Prepares a command for a round, and returns it."""


def amendment(here: Round) -> Callable[[], str]:
    """The trader amends."""
    return partial(here.everybody.amend, here.about, f"A{here.chance.random()}", f"Pliers {here.chance.random()}")


def cancellation(here: Round) -> Callable[[], str]:
    """The trader cancels."""
    return partial(here.everybody.cancel, here.about, f"C{here.chance.random()}")


def arrival(here: Round) -> Callable[[], str]:
    """The goods arrive, by the transport that is declared or by another."""
    return partial(here.everybody.arrive, here.about, here.chance.choice([None, "1234"]))


def answer(here: Round) -> Callable[[], str]:
    """The agency answers that is asked besides customs."""
    return partial(here.everybody.respond, "firearms", here.version_id, here.chance.choice(CONTENTS))


def decision(here: Round) -> Callable[[], str]:
    """Customs answers, by itself or by a worker: the last answer that is missing, unless the other is `answer`."""
    if here.turn % 2:
        return partial(here.everybody.respond, "customs", here.version_id, here.chance.choice(CONTENTS))
    context = here.everybody.context
    only = f"CASE WHEN version_id = {here.version_id} AND agency = 'customs' THEN 0 ELSE {NEVER} END"
    change(context, f"UPDATE outbox SET due_at = {only}")
    made = [batch.id for batch in dispatch.make_batches(context)]
    return lambda: f"worked {assess_batches(context, *made)}"


def deadline(here: Round) -> Callable[[], str]:
    """The time of the state or of the open questions is over."""
    table, due = ("version", "due_at = 1, state_until = 1") if here.turn % 2 else ("outbox", "deadline_at = 1")
    name = "id" if table == "version" else "version_id"
    change(here.everybody.context, f"UPDATE {table} SET {due} WHERE {name} = {here.version_id}")
    return here.everybody.sweep


RACERS: Final[Mapping[str, Racer]] = {
    each.__name__: each for each in (amendment, answer, deadline, cancellation, arrival, decision)
}
PAIRS: Final = tuple(combinations_with_replacement(RACERS, 2))
"""Each with each, and each with itself."""


@dataclass
class Raced:
    """What came of the rounds of one pair: how often each two outcomes, and what is wrong with the lives."""

    outcomes: Counter[str] = field(default_factory=Counter)
    orders: Counter[tuple[str, ...]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def race(everybody: Everybody, pair: Sequence[str], rounds: int, chance: random.Random) -> Raced:
    """Let two commands race about that many declarations, each its own; then look at every life."""
    raced, began = Raced(), time.monotonic()
    commodity = PISTOLS if "answer" in pair else HAND_TOOLS
    ended: dict[str, list[str]] = {}
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, rounds, AT_ONCE):
            names = [f"RACE{next(_names)}" for _ in range(min(AT_ONCE, rounds - first))]
            lodged = everybody.lodge(names, "IMD", commodity)
            change(everybody.context, f"UPDATE outbox SET due_at = {NEVER}")
            for turn, about in enumerate(lodged):
                here = Round(everybody, about, versions_of(everybody.context, about.mrn)[0], turn, chance)
                ended[about.mrn] = _run(pool, [RACERS[name](here) for name in pair], chance)
            finish(everybody)
    for life in read_lives(everybody.context.engine, *ended):
        outcomes = ended[life.newest["mrn"]]
        raced.wrong += [*faults_of(life), *_untrue(everybody, life, pair, outcomes)]
        raced.outcomes[" ".join(outcomes)] += 1
        raced.orders[tuple(f"{row['kind']} {row['actor']}" for row in life.of("event"))] += 1
    assert sum(raced.outcomes.values()) == rounds
    raced.seconds = time.monotonic() - began
    return raced


def _run(pool: ThreadPoolExecutor, commands: Sequence[Callable[[], str]], chance: random.Random) -> list[str]:
    """Both at one moment; by turns one of them waits a little, so that they meet at other places."""
    pauses = [0.0, chance.uniform(0, chance.choice(PAUSES))]
    chance.shuffle(pauses)

    def after(pause: float, command: Callable[[], str]) -> str:
        time.sleep(pause)
        return command()

    return at_once(pool, [partial(after, *each) for each in zip(pauses, commands, strict=True)])


def finish(everybody: Everybody) -> None:
    """Whatever is still asked is closed unanswered, so that every life is at rest."""
    change(everybody.context, "UPDATE outbox SET deadline_at = 1")
    while dispatch.answer_for_silence(everybody.context):
        pass


def _untrue(everybody: Everybody, life: Life, pair: Sequence[str], outcomes: Sequence[str]) -> Iterator[str]:
    """What callers were told, and is not so."""
    told = Counter(zip(pair, outcomes, strict=True))
    mrn, asked = life.newest["mrn"], Counter((row["kind"], row["answer"]) for row in life.of("request"))
    for name in {"amendment", "cancellation"} & {*pair}:
        for said in ("granted", "refused", "waiting"):
            if told[name, said] != asked[name, said]:
                yield f"{mrn}: {told} was told, and {asked} is stored"
    arrived = sum(row["kind"] == "arrived" for row in life.of("event"))
    if arrived != bool(told["arrival", "done"]):
        yield f"{mrn}: {told} was told, and {arrived} arrivals are stored"
    for name, agency in (("answer", "firearms"), ("decision", "customs")):
        ends = {end for racer, end in told if racer == name} & {"done", "late"}
        first = life.of("version")[0]["id"]
        if ends and not _is_kept(everybody, life, first, agency, late="late" in ends):
            yield f"{mrn}: {told} was told, and the answer of {agency} is not there"


def _is_kept(everybody: Everybody, life: Life, version_id: int, agency: str, *, late: bool) -> bool:
    if late:
        query = f"SELECT count(*) FROM late_assessment WHERE version_id = {version_id} AND agency = '{agency}'"
        return bool(rows(everybody.context, query)[0][0])
    given = [row for row in life.of("assessment", version_id) if row["agency"] == agency]
    return [row["answer"] for row in given] == ["assessed"]


def two_officers(everybody: Everybody, rounds: int, chance: random.Random) -> Raced:
    """Two officers answer one request at one moment, alike or not."""
    raced = Raced()
    with ThreadPoolExecutor(2) as pool:
        for about in everybody.lodge([f"RACE{next(_names)}" for _ in range(rounds)], "IMA", HAND_TOOLS):
            (version_id,) = versions_of(everybody.context, about.mrn)
            everybody.respond("customs", version_id, RED)
            assert chance.choice([everybody.amend, _cancelled(everybody)])(about, "R1", "Pliers") == "waiting"
            request = rows(everybody.context, f"SELECT id FROM request WHERE version_id = {version_id}")[0][0]
            said = [chance.choice([True, False]) for _ in range(2)]
            ended = _run(pool, [partial(everybody.rule, about, request, each) for each in said], chance)
            wanted = {"granted" if each else "refused" for each in said}
            if len(wanted) > 1:
                wanted = {*ended} & wanted | {"AnsweredDifferently"}
            raced.wrong += [] if {*ended} == wanted and len(wanted) <= 2 else [f"{said} ended as {ended}"]
            raced.outcomes[" ".join(sorted(ended))] += 1
            finish(everybody)
            raced.wrong += faults_of(read_lives(everybody.context.engine, about.mrn)[0])
    return raced


def _cancelled(everybody: Everybody) -> Callable[[Declared, str, str], str]:
    return lambda about, reference, _: everybody.cancel(about, reference)


def four_answers(everybody: Everybody, rounds: int, chance: random.Random) -> Raced:
    """An agency's answer comes four times at one moment, out of order, with other content: one counts."""
    raced = Raced()
    with ThreadPoolExecutor(4) as pool:
        for about in everybody.lodge([f"RACE{next(_names)}" for _ in range(rounds)]):
            (version_id,) = versions_of(everybody.context, about.mrn)
            sent = [GREEN, GREEN, RED, PAPERS]
            chance.shuffle(sent)
            ended = at_once(pool, [partial(everybody.respond, "firearms", version_id, each) for each in sent])
            taken = {content for content, each in zip(sent, ended, strict=True) if each == "done"}
            noted = rows(everybody.context, f"SELECT count(*) FROM event WHERE version_id = {version_id}"
                                            f" AND kind = 'contradicted'")[0][0]  # fmt: skip
            if len(taken) != 1 or {*ended} != {"done", "contradicted"} or noted != 2:
                raced.wrong.append(f"{about.mrn}: {ended}, and {noted} contradictions are noted")
            raced.outcomes[" ".join(sorted(ended))] += 1
            everybody.respond("customs", version_id, chance.choice(CONTENTS))
            raced.wrong += faults_of(read_lives(everybody.context.engine, about.mrn)[0])
    return raced
