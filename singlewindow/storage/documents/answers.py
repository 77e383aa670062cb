"""What parties answered when decisions asked for documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, insert, select

from singlewindow.storage.engine.bulk import is_among
from singlewindow.storage.tables import documents_answer

_hashes = msgspec.json.Decoder(tuple[str, ...])
_rounds = msgspec.json.Decoder(dict[str, int])


class PartyAnswer(NamedTuple):
    """An answer to the decision `decision_number` on a version.

    `documents` are hashes (hex), `rounds` tells by agency in which round it was asked again.
    """

    id: int
    version_id: int
    decision_number: int
    words: str
    documents: Collection[str]
    rounds: Mapping[str, int]
    actor: str
    answered_at: int

    def says(self, words: str, documents: Iterable[str]) -> bool:
        """Whether it says this."""
        return self.words == words and {*self.documents} == {*documents}


_ALL: Select[Any] = select(*(documents_answer.c[name] for name in PartyAnswer._fields))


def add_answer(connection: Connection, answer: PartyAnswer) -> None:
    """Store an answer about a (locked) version."""
    encoded = {"documents": msgspec.json.encode([*answer.documents]), "rounds": msgspec.json.encode(answer.rounds)}
    connection.execute(insert(documents_answer).values(**answer._asdict() | encoded))


def newest_answer(connection: Connection, version_id: int) -> PartyAnswer | None:
    """The last answer about a version."""
    mine = _ALL.where(documents_answer.c.version_id == version_id)
    row = connection.execute(mine.order_by(documents_answer.c.decision_number.desc()).limit(1)).first()
    return None if row is None else _read_answer(row)


def answers_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, PartyAnswer]:
    """Answers, by id."""
    found = connection.execute(_ALL.where(is_among(connection, documents_answer.c.id, ids)))
    return {row.id: _read_answer(row) for row in found}


def carries_answer(connection: Connection, version_id: int, agency: str, asked_round: int) -> bool:
    """Whether a question to an agency, open or closed, carried what the party had answered."""
    mine = select(documents_answer.c.rounds).where(documents_answer.c.version_id == version_id)
    return any(_rounds.decode(rounds).get(agency) == asked_round for rounds in connection.execute(mine).scalars())


def _read_answer(row: Any) -> PartyAnswer:
    return PartyAnswer(*row)._replace(documents=_hashes.decode(row.documents), rounds=_rounds.decode(row.rounds))
