"""An independent reader of lives: the trail's events are replayed and held against states, notices, answers, requests.

It writes its own SQL. Of the product it uses the table of the state machine, which every step must follow, and the pure
merge, with which every decision is made again.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, text

from singlewindow.decisions.assessment import Assessment, Control
from singlewindow.decisions.merge import Basis, merge, newest_rounds
from singlewindow.inspections.order import OrderedControl
from singlewindow.inspections.results import ControlRecord, controls_by_item, item_result
from singlewindow.life_cycle.machine import FINAL, ORDERED, TRANSITIONS, UNDECIDED, State, Step

Row = Mapping[str, Any]
BEGINNINGS: Final = dict.fromkeys("DEFK", State.REGISTERED) | dict.fromkeys("YZ", State.UNDER_ASSESSMENT)
CHECKED: Final = (*ORDERED, State.UNDER_INSPECTION)
DECIDED: Final = (Step.DECIDED_RELEASE, Step.DECIDED_DOCUMENTS, Step.DECIDED_INSPECTION)
STEPS: Final = {
    "asked-again": Step.ASKED_AGAIN, "documents-given": Step.DOCUMENTS_GIVEN, "cancelled": Step.CANCELLED,
    "lapsed": Step.DEADLINE_PASSED, "overdue": Step.DEADLINE_PASSED,
}  # fmt: skip
TOLD: Final = {
    "lodged", "queried", "requested", "answered", "amended", "cancelled", "lapsed", "decided", "arrived", "slot-moved",
    "items-ended",
}  # fmt: skip
"""Events that the party is told of, each by one notice."""
QUERIES: Final = {
    "version": "SELECT v.*, d.mrn, d.type_code, d.id AS owner FROM version v JOIN declaration d"
               " ON d.id = v.declaration_id {where} ORDER BY v.number",
    "event": "SELECT e.*, d.id AS owner {of} event e ON e.version_id = v.id {where} ORDER BY e.id",
    "notice": "SELECT e.*, d.id AS owner {of} notice e ON e.version_id = v.id {where} ORDER BY e.number",
    "outbox": "SELECT e.*, d.id AS owner {of} outbox e ON e.version_id = v.id {where}",
    "assessment": "SELECT e.*, d.id AS owner {of} assessment e ON e.version_id = v.id {where}",
    "decision": "SELECT e.*, d.id AS owner {of} decision e ON e.version_id = v.id {where}",
    "later_decision": "SELECT e.*, d.id AS owner {of} later_decision e ON e.version_id = v.id {where}",
    "feed": "SELECT e.*, d.id AS owner {of} feed e ON e.version_id = v.id {where}",
    "inspection": "SELECT e.*, d.id AS owner {of} inspection e ON e.version_id = v.id {where} ORDER BY e.id",
    "control_record": "SELECT e.*, d.id AS owner {of} inspection i ON i.version_id = v.id JOIN control_record e"
                      " ON e.inspection_id = i.id {where} ORDER BY e.id",
    "item_result": "SELECT e.*, d.id AS owner {of} inspection i ON i.version_id = v.id JOIN item_result e"
                   " ON e.inspection_id = i.id {where}",
    "request": "SELECT e.*, d.id AS owner FROM declaration d JOIN request e ON e.declaration_id = d.id {where}"
               " ORDER BY e.id",
}  # fmt: skip
_OF: Final = "FROM declaration d JOIN version v ON v.declaration_id = d.id JOIN"


@dataclass(frozen=True)
class Life:
    """Everything that the record has about one declaration, by table, in order."""

    tables: Mapping[str, list[Row]]

    def of(self, table: str, version_id: int | None = None) -> list[Row]:
        """The rows of a table, of one version if it is given."""
        found = self.tables.get(table, [])
        return [row for row in found if row["version_id"] == version_id] if version_id else found

    @property
    def newest(self) -> Row:
        """The newest version."""
        return self.of("version")[-1]

    @property
    def state(self) -> State:
        """The state that stands in the newest version's row."""
        return State(self.newest["state"])

    def decisions(self, version_id: int) -> dict[int, Row]:
        """The decisions on a version, by number."""
        rows = [*self.of("decision", version_id), *self.of("later_decision", version_id)]
        return {row["number"]: row for row in rows}


def read_lives(engine: Engine, *mrns: str) -> list[Life]:
    """The lives of these declarations, or of all, as they are at one moment."""
    named = ", ".join(f"'{mrn}'" for mrn in mrns)
    where = f"WHERE d.mrn IN ({named})" if mrns else ""
    found: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table, query in QUERIES.items():
            for row in _rows(connection, query.format(of=_OF, where=where)):
                found[row["owner"]][table].append(row)
    return [Life(tables) for tables in found.values()]


def _rows(connection: Connection, query: str) -> Iterator[Row]:
    found = connection.execution_options(reading=True).execute(text(query))
    yield from map(dict, found.mappings())


def faults_of(life: Life) -> list[str]:
    """Everything about one life that is not as it must be, in words."""
    mrn = life.newest["mrn"]
    return [f"{mrn}: {words}" for check in CHECKS for words in check(life)]


def replay(life: Life) -> Iterator[tuple[Row, State, str]]:
    """The state after each event, with what is wrong about the event, "" if nothing."""
    state = State.PRESENTED
    for event in life.of("event"):
        before, detail = state, json.loads(bytes(event["detail"]))
        wrong = ""
        for taken in _steps(life, before, event["kind"], detail):
            if isinstance(taken, State):
                state = taken
            elif taken is not None and (state, taken) in TRANSITIONS:
                state = TRANSITIONS[state, taken].to
            else:
                wrong = f"{event['kind']} in the state {before}"
        said = detail.get("state")
        if said is not None and said != state:
            wrong = wrong or f"{event['kind']} says {said}, but it leads from {before} to {state}"
        yield event, state, wrong


MOVING = {
    "reported": Step.SEEN_OTHERWISE, "milestone": Step.EXITED, "items-ended": Step.INSPECTION_STARTED,
}  # fmt: skip
"""What an event means if it says that the state has changed."""


def _steps(life: Life, state: State, kind: str, detail: Row) -> tuple[Step | State | None, ...]:
    """What an event says has happened: a first state, steps, or None for something that is not possible."""
    if kind == "lodged":
        return (BEGINNINGS.get(life.newest["type_code"][2], State.PRESENTED),)
    if kind == "control-recorded":
        begins = detail["control"] != "documents" or detail["recorded"] == "not-conform"
        return (Step.INSPECTION_STARTED,) if begins and (state, Step.INSPECTION_STARTED) in TRANSITIONS else ()
    if kind in {"decided", "amended"}:
        released = detail.get("outcome") == "release"
        decided = [step for step in DECIDED if (step is Step.DECIDED_RELEASE) == released]
        amended = [step for step in Step if step.startswith(kind)]
        return (_leading(state, decided if kind == "decided" else amended, detail["state"]),)
    if kind == "arrived":
        return (Step.SEEN_OTHERWISE if detail["differences"] else Step.ARRIVED,)
    if kind in MOVING:
        return (MOVING[kind],) if "state" in detail else ()
    named = STEPS.get(kind) or (Step(detail["state"]) if kind == "inspection-ended" else None)
    return () if named is None else (named,)


def _leading(state: State, steps: Sequence[Step], to: str) -> Step | None:
    """The step that leads from a state to another, if one does."""
    arrows = (TRANSITIONS.get((state, step)) for step in steps)
    return next((arrow.step for arrow in arrows if arrow is not None and arrow.to == to), None)


def the_trail_replays(life: Life) -> Iterator[str]:
    """The events lead, by legal steps, to the state that the newest version has."""
    state = None
    for _, after, wrong in replay(life):
        state = after
        if wrong:
            yield wrong
    if state != life.state:
        yield f"the trail leads to {state}, and the record says {life.state}"


def versions_follow(life: Life) -> Iterator[str]:
    """Versions are numbered 1, 2, 3; each but the newest is closed, with no question and nothing due."""
    versions = life.of("version")
    if [row["number"] for row in versions] != list(range(1, len(versions) + 1)):
        yield f"the versions are numbered {[row['number'] for row in versions]}"
    over = versions if life.state in FINAL else versions[:-1]
    for row in over:
        if row["decided_at"] is None or row["due_at"] is not None or row["state_until"] is not None:
            yield f"version {row['number']} is over, and is open or due"
        if life.of("outbox", row["id"]):
            yield f"version {row['number']} is over, and has open questions"


def waits_for_something(life: Life) -> Iterator[str]:
    """Whatever is not at its end has a deadline: open questions, or that of its state."""
    newest, state = life.newest, life.state
    if state in UNDECIDED:
        if newest["decided_at"] is not None or not life.of("outbox", newest["id"]):
            yield f"it is {state}, and nobody is asked"
    elif state not in FINAL:
        if newest["decided_at"] is None or life.of("outbox", newest["id"]):
            yield f"it is {state}, and agencies are asked"
        export = newest["type_code"].startswith("EX")
        asked_for = any(row["function_code"] == "18" for row in life.of("notice", newest["id"]))
        if (newest["due_at"] is None) != (state is State.RELEASED and (not export or asked_for)):
            yield f"it is {state}, and due at {newest['due_at']}"


def one_decision_each(life: Life) -> Iterator[str]:
    """A version's decisions are numbered 1, 2, 3 with an event each; one is current, made of the newest answers."""
    gone = _decided_after_release(life)
    for version in life.of("version"):
        id_, decisions = version["id"], life.decisions(version["id"])
        told = [json.loads(bytes(row["detail"]))["number"] for row in life.of("event", id_) if row["kind"] == "decided"]
        if sorted(decisions) != list(range(1, len(decisions) + 1)) or sorted(told) != sorted(decisions):
            yield f"version {version['number']} has the decisions {sorted(decisions)} and events of {sorted(told)}"
        if len(decisions) > version["decision_number"]:
            yield f"version {version['number']} has a decision after its current one"
        current = decisions.get(version["decision_number"])
        ended = version is not life.newest or life.state in {State.CANCELLED, State.LAPSED}
        if not ended and (current is None) != (version["decided_at"] is None):
            yield f"version {version['number']} is decided without a decision, or undecided with one"
        if current is not None and current["fingerprint"] != _merged_again(life, version, version["id"] in gone):
            yield f"the decision on version {version['number']} does not come from its answers"


def _decided_after_release(life: Life) -> set[int]:
    """The versions whose last decision was made when the goods had been released already."""
    last, before = {}, State.PRESENTED
    for event, state, _ in replay(life):
        if event["kind"] == "decided":
            last[event["version_id"]] = before
        before = state
    return {version_id for version_id, state in last.items() if state is State.UNDER_ASSESSMENT}


def _merged_again(life: Life, version: Row, gone: bool) -> str:
    given = [(row["round"], msgspec.json.decode(row["body"], type=Assessment))
             for row in life.of("assessment", version["id"])]  # fmt: skip
    routing = json.loads(version["routing"])
    basis = next((msgspec.convert(entry["basis"], Basis) for entry in routing if entry.get("basis")), None)
    return merge(
        newest_rounds(given), [entry["agency"] for entry in routing if entry["asked"]], basis, gone=gone
    ).fingerprint


def questions_are_closed_once(life: Life) -> Iterator[str]:
    """Every agency of a version is asked, in rounds without a gap, and each question is open or closed once."""
    for version in life.of("version"):
        rows = [*life.of("outbox", version["id"]), *life.of("assessment", version["id"])]
        counted = Counter((row["agency"], row["round"]) for row in rows)
        asked = {entry["agency"] for entry in json.loads(version["routing"]) if entry["asked"]}
        if not asked <= {agency for agency, _ in counted}:
            yield f"version {version['number']} did not ask {sorted(asked - {agency for agency, _ in counted})}"
        for agency in {agency for agency, _ in counted}:
            rounds = sorted(number for code, number in counted.elements() if code == agency)
            if rounds != list(range(1, len(rounds) + 1)):
                yield f"version {version['number']} has the rounds {rounds} of {agency}"
        told = Counter(
            (entry["agency"], entry["kind"], entry["round"]) for entry in life.of("feed", version["id"])
            if entry["kind"] == "asked"
        )  # fmt: skip
        if any(count > 1 for count in told.values()):
            yield f"version {version['number']} was put twice to an agency"


def inspections_fit(life: Life) -> Iterator[str]:
    """An open inspection is of the current decision; results follow from the records, or from an override."""
    for row in life.of("inspection"):
        current = (life.newest["id"], life.newest["decision_number"]) == (row["version_id"], row["decision_number"])
        if row["ended_at"] is None and not (current and life.state in CHECKED):
            yield f"inspection {row['id']} is open, and the declaration is {life.state}"
        records = {
            (each["item"], Control(each["control"])): msgspec.json.decode(each["body"], type=ControlRecord)
            for each in life.of("control_record") if each["inspection_id"] == row["id"]
        }  # fmt: skip
        results = {each["item"]: each for each in life.of("item_result") if each["inspection_id"] == row["id"]}
        controls = controls_by_item(msgspec.json.decode(row["controls"], type=tuple[OrderedControl, ...]))
        for item, wanted in controls.items():
            mine = {each: records[item, each] for each in wanted if (item, each) in records}
            follows, stored = item_result(wanted, mine), results.get(item)
            overridden = stored is not None and stored["override_id"] is not None
            if not overridden and follows != (None if stored is None else stored["result"]):
                yield f"item {item} is {stored}, and its records say {follows}"


def the_party_is_told(life: Life) -> Iterator[str]:
    """Each event that is news to the party has its notices, and there are no others but warnings."""
    expected, warned, before = 0, 0, State.PRESENTED
    for event, state, _ in replay(life):
        expected += event["kind"] in TOLD
        expected += event["kind"] == "arrived" and state in {State.RELEASED, State.INSPECTION_ORDERED}
        expected += event["kind"] == "milestone" and state is not before
        expected += event["kind"] == "overdue"
        expected += event["kind"] == "inspection-ordered" and state is State.INSPECTION_ORDERED
        before = state
    for notice in life.of("notice"):
        detail = json.loads(bytes(notice["detail"] or b"{}"))
        warned += notice["function_code"] == "02" and "limit" in detail
    if warned > len(life.of("version")):
        yield f"its party was warned {warned} times"
    if len(life.of("notice")) - warned != expected:
        yield f"its party has {[row['function_code'] for row in life.of('notice')]}, which should be {expected}"


def requests_are_answered(life: Life) -> Iterator[str]:
    """Each request has one event and one answer, 39 or 41; what is granted has its end, 07 or 10; one is open."""
    asked, codes = life.of("request"), Counter(row["function_code"] for row in life.of("notice"))
    answered = [row for row in asked if row["answered_at"] is not None]
    counts = Counter((row["kind"], row["answer"]) for row in answered)
    statuses = Counter(
        json.loads(bytes(row["detail"]))["status"] for row in life.of("notice") if row["function_code"] == "11"
    )
    lapsed = sum(row["kind"] == "lapsed" for row in life.of("event"))
    kinds = Counter(row["kind"] for row in life.of("event"))
    granted = sum(row["answer"] == "granted" for row in answered)
    found = {
        "open": len(asked) - len(answered) <= 1,
        "requested": kinds["requested"] == len(asked),
        "answered": kinds["answered"] == len(answered),
        "39": statuses["39"] == granted,
        "41": statuses["41"] == len(answered) - granted,
        "07": codes["07"] == counts["amendment", "granted"] == len(life.of("version")) - 1,
        "10": codes["10"] == counts["cancellation", "granted"] + lapsed <= 1,
    }
    yield from (f"its requests are not in order: {name}" for name, holds in found.items() if not holds)


CHECKS: Final = (
    the_trail_replays, versions_follow, waits_for_something, one_decision_each, questions_are_closed_once,
    inspections_fit, the_party_is_told, requests_are_answered,
)  # fmt: skip
