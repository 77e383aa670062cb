"""Writing and reading declarations and their versions. A reader is a party, or None for one that may see all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, or_, select, tuple_, update

from singlewindow.agencies.routing import Routing, read_routing
from singlewindow.life_cycle.machine import State, Step, state_of
from singlewindow.storage.decisions import DECISION, Decision, decision_column, read_decision, with_decision
from singlewindow.storage.engine.bulk import insert_new_rows, insert_together, is_among, set_rows
from singlewindow.storage.open_questions import NewQuestion
from singlewindow.storage.tables import assessment, declaration, open_question, version


class NewDeclaration(NamedTuple):
    """A declaration as stored, without its versions."""

    id: int
    mrn: str
    party: str
    lrn: str
    type_code: str
    country: str
    lodged_at: int


class NewVersion(NamedTuple):
    """A version as stored: `received` are the bytes as they came, `routing` is the JSON of a list of Routing."""

    id: int
    declaration_id: int
    number: int
    media: str
    received: bytes
    received_sha256: bytes
    canonical: bytes
    content_sha256: bytes
    form: int
    warnings: bytes
    routing: bytes
    trace_id: str
    received_at: int
    lodged_at: int
    state: str
    state_until: int | None
    due_at: int | None


class Summary(NamedTuple):
    """The state of a version; `decided_at` is None while questions on it are open."""

    declaration_id: int
    mrn: str
    party: str
    lrn: str
    type_code: str
    version_id: int
    number: int
    received_at: int
    lodged_at: int
    decided_at: int | None
    stored_state: str | None
    state_until: int | None
    outcome: str | None

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return state_of(self.stored_state, self.outcome)


SUMMARY = (
    declaration.c.id.label("declaration_id"), declaration.c.mrn, declaration.c.party, declaration.c.lrn,
    declaration.c.type_code, version.c.id.label("version_id"), version.c.number, version.c.received_at,
    version.c.lodged_at, version.c.decided_at, version.c.state, version.c.state_until, decision_column("outcome"),
)  # fmt: skip
_LATER = version.alias("later")
_NEWEST = version.c.number == (
    select(func.max(_LATER.c.number)).where(_LATER.c.declaration_id == declaration.c.id).scalar_subquery()
)


class Lodged(NamedTuple):
    """What was lodged under a reference: the receipt's facts with its warnings (JSON), and the digest of the content.

    `outdated` is the canonical content if it is stored in an earlier form than the present one, else None.
    """

    mrn: str
    lrn: str
    number: int
    received_at: int
    lodged_at: int
    content_sha256: bytes
    warnings: bytes
    outdated: bytes | None


def lodged_under(connection: Connection, keys: Iterable[tuple[str, str]], form: int) -> dict[tuple[str, str], Lodged]:
    """What was lodged under each (party, LRN), its first version; `form` is the present canonical form."""
    outdated = case((version.c.form < form, version.c.canonical)).label("outdated")
    query = (
        select(
            declaration.c.party, declaration.c.mrn, declaration.c.lrn, version.c.number, version.c.received_at,
            version.c.lodged_at, version.c.content_sha256, version.c.warnings, outdated,
        )
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(tuple_(declaration.c.party, declaration.c.lrn).in_(list(keys)), version.c.number == 1)
    )  # fmt: skip
    return {(row.party, row.lrn): Lodged(*row[1:]) for row in connection.execute(query)}


def add_declarations(connection: Connection, rows: Iterable[NewDeclaration]) -> set[int]:
    """Insert declarations; returns the ids of the new ones. A declaration already stored under the same key stays.

    The rows must come sorted by (party, LRN): two writers with several keys in common then wait in one direction only.
    """
    return insert_new_rows(connection, declaration, [row._asdict() for row in rows], ("party", "lrn"))


def add_versions(connection: Connection, versions: Iterable[NewVersion], questions: Iterable[NewQuestion]) -> None:
    """Insert versions and their questions to the agencies."""
    version_rows = [row._asdict() for row in versions]
    insert_together(connection, (version, version_rows), (open_question, [each.row() for each in questions]))


class LockedVersion(NamedTuple):
    """A version that nobody else decides meanwhile; `decision_number` is that of its current or next decision.

    `first_lodged_at` is when the declaration's first version was lodged.
    """

    version_id: int
    number: int
    declaration_id: int
    mrn: str
    lrn: str
    party: str
    type_code: str
    country: str
    first_lodged_at: int
    decided_at: int | None
    decision_number: int
    stored_routing: bytes
    stored_state: str | None
    state_until: int | None
    due_at: int | None
    outcome: str | None

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return state_of(self.stored_state, self.outcome)

    @property
    def routing(self) -> list[Routing]:
        """Which agencies the declaration concerns, as found at lodgement."""
        return read_routing(self.stored_routing)


def lock_versions(
    connection: Connection, version_ids: Iterable[int], *, skip_locked: bool = False
) -> list[LockedVersion]:
    """Lock versions against other deciders, always in the same order, and read what deciding needs.

    With `skip_locked`, those that somebody else has locked are left out, so that nobody waits.
    """
    query = (
        select(
            version.c.id, version.c.number, declaration.c.id, declaration.c.mrn, declaration.c.lrn,
            declaration.c.party, declaration.c.type_code, declaration.c.country, declaration.c.lodged_at,
            version.c.decided_at, version.c.decision_number, version.c.routing, version.c.state,
            version.c.state_until, version.c.due_at, decision_column("outcome"),
        )
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(is_among(connection, version.c.id, version_ids))
        .order_by(version.c.id)
        .with_for_update(of=version, skip_locked=skip_locked)
    )  # fmt: skip
    whole = with_decision(query, version.c.id, version.c.decision_number)
    return [LockedVersion(*row) for row in connection.execute(whole)]


def lock_newest(connection: Connection, mrn: str, party: str | None) -> LockedVersion | None:
    """Lock a declaration, and its newest version against deciders; None if this reader may not see it.

    The lock on its first version is that of the declaration, whose own row nobody may change: whoever makes a new
    version holds it, so that this one is the newest until the end of the transaction.
    """
    first = select(version.c.declaration_id).join(declaration, declaration.c.id == version.c.declaration_id)
    query = _owned_by(first.where(declaration.c.mrn == mrn, version.c.number == 1), party).with_for_update(of=version)
    declaration_id = connection.execute(query).scalar()
    if declaration_id is None:
        return None
    newest_id = select(version.c.id).where(version.c.declaration_id == declaration_id)
    found = connection.execute(newest_id.order_by(version.c.number.desc()).limit(1)).scalar_one()
    return lock_versions(connection, [found])[0]


def is_newest(connection: Connection, locked: LockedVersion) -> bool:
    """Whether no other version has replaced a (locked) one."""
    newer = exists().where(version.c.declaration_id == locked.declaration_id, version.c.number > locked.number)
    return not connection.execute(select(newer)).scalar_one()


class Move(NamedTuple):
    """By a step a (locked) version enters a state, lasting at most until `until`; something is to be done `due_at`."""

    version_id: int
    step: Step
    state: State
    until: int | None
    due_at: int | None


def mark_decided(connection: Connection, moves: Sequence[Move], at: int) -> None:
    """Close versions that have their decision; each enters the state to which it leads."""
    rows = [(each.version_id, str(each.state), each.until, each.due_at, at) for each in moves]
    set_rows(connection, version, "id", rows, ("state", "state_until", "due_at", "decided_at"))


def enter_state(connection: Connection, move: Move, **more: Any) -> None:
    """A (locked) version enters a state."""
    columns = {"state": str(move.state), "state_until": move.until, "due_at": move.due_at, **more}
    connection.execute(update(version).where(version.c.id == move.version_id).values(**columns))


def reopen(connection: Connection, move: Move) -> None:
    """Make a decided (locked) version undecided: its next decision will be the current one."""
    enter_state(connection, move, decided_at=None, decision_number=version.c.decision_number + 1)


def find_due(connection: Connection, now: int, limit: int) -> list[int]:
    """Versions about whose state something is to be done, the longest due first."""
    query = select(version.c.id).where(version.c.due_at < now).order_by(version.c.due_at).limit(limit)
    return list(connection.execute(query).scalars())


class Content(NamedTuple):
    """What an agency is asked about: the canonical form and its identifiers, and the state as stored."""

    mrn: str
    country: str
    number: int
    canonical: bytes
    trace_id: str
    stored_state: str | None


def contents_of(connection: Connection, version_ids: Iterable[int]) -> dict[int, Content]:
    """The contents of versions, by id."""
    query = (
        select(
            version.c.id, declaration.c.mrn, declaration.c.country, version.c.number, version.c.canonical,
            version.c.trace_id, version.c.state,
        )
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(is_among(connection, version.c.id, version_ids))
    )  # fmt: skip
    return {row[0]: Content(*row[1:]) for row in connection.execute(query)}


def versions_of(connection: Connection, declaration_id: int) -> list[int]:
    """The ids of all versions of a declaration."""
    query = select(version.c.id).where(version.c.declaration_id == declaration_id)
    return list(connection.execute(query).scalars())


def routing_of(connection: Connection, version_id: int, agency: str, asked_round: int) -> list[Routing] | None:
    """The routing of a version on which this agency was asked in this round; None if it was not."""
    asked = [
        exists().where(table.c.version_id == version.c.id, table.c.agency == agency, table.c.round == asked_round)
        for table in (open_question, assessment)
    ]
    stored = connection.execute(select(version.c.routing).where(version.c.id == version_id, or_(*asked))).scalar()
    return None if stored is None else read_routing(stored)


class Current(NamedTuple):
    """The newest version of a declaration, with its routing and its warnings (JSON)."""

    summary: Summary
    routing: list[Routing]
    warnings: bytes


def newest_version(connection: Connection, mrn: str, party: str | None) -> Current | None:
    """The newest version of one declaration, if this reader may see it."""
    columns = (*SUMMARY, version.c.routing, version.c.warnings)
    query = with_decision(_newest_of(mrn, party, columns), version.c.id, version.c.decision_number)
    row = connection.execute(query).first()
    return None if row is None else Current(Summary(*row[:-2]), read_routing(row.routing), row.warnings)


class Received(NamedTuple):
    """A document as it was received, and its media type."""

    received: bytes
    media: str


def newest_document(connection: Connection, mrn: str, party: str | None) -> Received | None:
    """The newest version's document, if this reader may see it."""
    row = connection.execute(_newest_of(mrn, party, (version.c.received, version.c.media))).first()
    return None if row is None else Received(*row)


class Decided(NamedTuple):
    """The newest version of a declaration with its current decision, if there is one."""

    declaration_id: int
    mrn: str
    number: int
    stored_state: str | None
    decision: Decision | None

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return state_of(self.stored_state, None if self.decision is None else self.decision.outcome)


def newest_with_decision(connection: Connection, mrn: str, party: str | None) -> Decided | None:
    """The newest version of one declaration with its decision, without its document, if this reader may see it."""
    columns = (declaration.c.id, declaration.c.mrn, version.c.number, version.c.state, *DECISION)
    query = _newest_of(mrn, party, columns)
    row = connection.execute(with_decision(query, version.c.id, version.c.decision_number)).first()
    if row is None:
        return None
    declaration_id, found, number, state, *stored = row
    return Decided(declaration_id, found, number, state, read_decision(*stored))


def _newest_of(mrn: str, party: str | None, columns: tuple[ColumnElement[Any], ...]) -> Select[Any]:
    query = (
        select(*columns)
        .select_from(declaration)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(declaration.c.mrn == mrn)
        .order_by(version.c.number.desc())
        .limit(1)
    )
    return _owned_by(query, party)


def _owned_by(query: Select[Any], party: str | None) -> Select[Any]:
    """Only the party's own rows; None stands for a reader who may see all (the auditor)."""
    return query if party is None else query.where(declaration.c.party == party)


def list_newest(
    connection: Connection, party: str | None, after: int, limit: int, lrn: str | None = None
) -> list[Summary]:
    """The newest versions of declarations with an id above `after`, oldest first, optionally of one LRN."""
    query = (
        select(*SUMMARY)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(declaration.c.id > after, _NEWEST)
        .order_by(declaration.c.id)
        .limit(limit)
    )
    if lrn is not None:
        query = query.where(declaration.c.lrn == lrn)
    whole = with_decision(_owned_by(query, party), version.c.id, version.c.decision_number)
    return [Summary(*row) for row in connection.execute(whole)]
