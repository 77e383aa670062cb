"""A process of the release before: it lodges, asks, answers and decides by the SQL it has, which knows tables of 0009.

Nothing here is of today's tables or statements, so that what today's migrations would break breaks here.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
import threading
import time
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy import event as hooks

from tests.records import record_at

OPTIONS: Final = (
    "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
)
STREAMS: Final = 16
AGENCIES: Final = ("customs", "strategic", "transport-security")
_RECORD: Final = record_at("0009")
_ids = itertools.count(1_000)


def old_engine(database_url: str) -> Engine:
    """The database as that release opens it."""
    if not database_url.startswith("sqlite"):
        return create_engine(database_url, pool_size=1, max_overflow=0, connect_args={"options": OPTIONS})
    engine = create_engine(database_url, connect_args={"timeout": 5.0})

    @hooks.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")

    @hooks.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def insert(connection: Connection, table: str, rows: list[dict[str, Any]], after: str = "") -> list[Any]:
    """INSERT with exactly these columns, and what comes after its values; what RETURNING returns."""
    returned: list[Any] = []
    for row in rows:
        values = ", ".join(f":{name}" for name in row)
        result = connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values}) {after}"), row)
        returned += result.all() if "RETURNING" in after else []
    return returned


def _template(table: str, **of: Any) -> dict[str, Any]:
    """A row of the record as that release left it."""
    return dict(next(row for row in _RECORD[table] if all(row[name] == value for name, value in of.items())))


_OPEN: Final = _template("declaration", lrn="OPEN")
_DECIDED: Final = _template("declaration", lrn="DECIDED")
_OPEN_VERSION: Final = _template("version", declaration_id=_OPEN["id"])
_DECIDED_VERSION: Final = _template("version", declaration_id=_DECIDED["id"])


def _now() -> int:
    return time.time_ns() // 1_000


def _digest(stored: bytes) -> str:
    return hashlib.sha256(stored).hexdigest()


def lodge(connection: Connection) -> int:
    """Store a declaration with its questions; its version's id."""
    number, now = next(_ids), _now()
    lrn = f"OLD{number}"
    declaration = _OPEN | {"id": number, "mrn": f"26GB06OLD{number}", "lrn": lrn, "lodged_at": now}
    version = _OPEN_VERSION | {"id": number, "declaration_id": number, "received_at": now, "lodged_at": now}
    fresh = insert(connection, "declaration", [declaration], "ON CONFLICT (party, lrn) DO NOTHING RETURNING id")
    assert [row[0] for row in fresh] == [number]
    insert(connection, "version", [version])
    insert(connection, "outbox", [
        {"version_id": number, "agency": agency, "items": "", "asked_at": now, "due_at": now,
         "deadline_at": now + 3_600_000_000} for agency in AGENCIES
    ])  # fmt: skip
    detail = {"asked": AGENCIES, "mrn": declaration["mrn"], "party": declaration["party"], "lrn": lrn,
              "sha256": _digest(version["received"]), "content": _digest(version["canonical"]),
              "routing": _digest(version["routing"]), "received_at": now}  # fmt: skip
    append_events(connection, [(now, "lodged", f"trader:{declaration['party']}", number, detail)])
    # Streams are locked in the order of their names: feeds first.
    asked = {"version_id": number, "kind": "asked", "at": now}
    _publish(connection, "feed", "agency", [asked | {"agency": agency} for agency in AGENCIES])
    _publish(connection, "notice", "party", [
        {"party": declaration["party"], "version_id": number, "function_code": "11", "reference": lrn, "issued_at": now}
    ])  # fmt: skip
    return number


def ask(connection: Connection, agency: str, most: int) -> int:
    """Put the oldest questions of an agency into a batch that is claimed; the batch's id."""
    number, now = next(_ids), _now()
    locking = "" if connection.dialect.name == "sqlite" else "FOR UPDATE SKIP LOCKED"
    connection.execute(text(
        "WITH oldest AS (SELECT version_id FROM outbox WHERE batch_id IS NULL AND parked IS FALSE AND awaiting IS FALSE"
        " AND attempts = 0 AND agency = :agency AND due_at <= :now AND version_id < 1000000"
        f" ORDER BY due_at LIMIT :most {locking})"
        " UPDATE outbox SET batch_id = :batch WHERE agency = :agency AND version_id IN (SELECT version_id FROM oldest)"
    ), {"agency": agency, "now": now, "most": most, "batch": number})  # fmt: skip
    row = {"id": number, "agency": agency, "created_at": now, "lease_until": now + 60_000_000, "claimed": True}
    insert(connection, "batch", [row])
    return number


def answer(connection: Connection, batch: int, outcome: str = "inspect") -> None:
    """Answer what is in a batch, and decide the versions of which nothing is open any more."""
    mine = connection.execute(
        text("SELECT version_id FROM outbox WHERE batch_id = :b ORDER BY version_id"), {"b": batch}
    )
    locking = "" if connection.dialect.name == "sqlite" else "FOR UPDATE"
    for version_id in mine.scalars().all():
        connection.execute(text(f"SELECT id FROM version WHERE id = :id {locking}"), {"id": version_id})
    connection.execute(text("DELETE FROM batch WHERE id = :batch"), {"batch": batch})
    taken = connection.execute(
        text("DELETE FROM outbox WHERE batch_id = :batch RETURNING version_id, agency, asked_at"), {"batch": batch}
    )
    now, decided = _now(), set[int]()
    for version_id, agency, asked_at in taken.all():
        known = agency if agency in AGENCIES else AGENCIES[0]
        row = _template("assessment", version_id=_DECIDED_VERSION["id"], agency=known) | {"agency": agency}
        row |= {"version_id": version_id, "asked_at": asked_at, "dispatched_at": now, "answered_at": now}
        insert(connection, "assessment", [row])
        names = ("agency", "answer", "asked_at", "dispatched_at")
        detail = {name: row[name] for name in names} | {"profiles": "", "sha256": _digest(row["body"])}
        append_events(connection, [(now, "assessed", f"agency:{agency}", version_id, detail)])
        left = connection.execute(text("SELECT count(*) FROM outbox WHERE version_id = :id"), {"id": version_id})
        if not left.scalar_one() and version_id not in decided:
            decided.add(version_id)
            _decide(connection, version_id, now, outcome)


def decide_all(connection: Connection, version_id: int, outcome: str) -> None:
    """Answer what is open on a version, whoever has lodged it, and decide it so."""
    number, now = next(_ids), _now()
    row = {"id": number, "agency": AGENCIES[0], "created_at": now, "lease_until": now + 60_000_000, "claimed": True}
    insert(connection, "batch", [row])
    mine = {"batch": number, "version": version_id}
    connection.execute(text("UPDATE outbox SET batch_id = :batch WHERE version_id = :version"), mine)
    answer(connection, number, outcome)


def _decide(connection: Connection, version_id: int, now: int, outcome: str) -> None:
    row = _template("decision", version_id=_DECIDED_VERSION["id"])
    row |= {"version_id": version_id, "decided_at": now, "outcome": outcome}
    insert(connection, "decision", [row])
    connection.execute(text("UPDATE version SET decided_at = :now WHERE id = :id"), {"now": now, "id": version_id})
    detail = {"controls": [], "outcome": row["outcome"], "fingerprint": row["fingerprint"],
              "sha256": _digest(row["body"])}  # fmt: skip
    append_events(connection, [(now, "decided", "system", version_id, detail)])
    count = {"name": f"decided/{row['outcome']}", "shard": secrets.randbelow(16), "count": 1}
    insert(connection, "tally", [count],
           "ON CONFLICT (name, shard) DO UPDATE SET count = tally.count + excluded.count RETURNING *")  # fmt: skip


def answer_late(connection: Connection, version_id: int, agency: str) -> None:
    """An answer to a question that was closed without one: kept once."""
    row = _template("late_assessment") | {"version_id": version_id, "agency": agency, "received_at": _now()}
    for _ in range(2):
        kept = insert(
            connection, "late_assessment", [row], "ON CONFLICT (version_id, agency) DO NOTHING RETURNING version_id"
        )
        if kept:
            detail = {"agency": agency, "sha256": _digest(row["body"]), "lane": "red", "closed_as": "silent"}
            append_events(connection, [(row["received_at"], "late", f"agency:{agency}", version_id, detail)])


def append_events(connection: Connection, events: list[tuple[int, str, str, int | None, dict[str, Any]]]) -> None:
    """Chain and write events as that release does: [stream, number, at, kind, actor, version, detail]."""
    locking = "" if connection.dialect.name == "sqlite" else "FOR UPDATE SKIP LOCKED"
    turned = {"turned": secrets.randbelow(STREAMS)}
    head = text(f"SELECT * FROM trail ORDER BY (stream + :turned) % {STREAMS} LIMIT 1 {locking}")
    stream, number, link = connection.execute(head, turned).one()
    for number, (at, kind, actor, version_id, told) in enumerate(events, start=number + 1):  # noqa: B020
        detail = json.dumps(told, separators=(",", ":")).encode()
        scalars = json.dumps([stream, number, at, kind, actor, version_id], separators=(",", ":")).encode()
        link = hashlib.sha256(link + scalars[:-1] + b"," + detail + b"]").digest()
        insert(connection, "event", [{
            "at": at, "kind": kind, "actor": actor, "version_id": version_id, "detail": detail, "stream": stream,
            "number": number, "link": link,
        }])  # fmt: skip
    moved = {"stream": stream, "number": number, "link": link}
    connection.execute(text("UPDATE trail SET number = :number, link = :link WHERE stream = :stream"), moved)


def _publish(connection: Connection, table: str, owner: str, rows: list[dict[str, Any]]) -> None:
    for row in sorted(rows, key=lambda row: str(row[owner])):
        ((_, number),) = insert(
            connection, "stream", [{"name": f"{table}/{row[owner]}", "last_number": 1}],
            "ON CONFLICT (name) DO UPDATE SET last_number = stream.last_number + excluded.last_number RETURNING *",
        )  # fmt: skip
        insert(connection, table, [row | {"number": number}])


class OldProcess(threading.Thread):
    """Works until it is told to stop: lodges, and has two of three of what it lodged answered and decided."""

    def __init__(self, database_url: str) -> None:
        super().__init__()
        self._engine = old_engine(database_url)
        self._ended = threading.Event()
        self.lodged: list[int] = []
        self.failures: list[Exception] = []

    def run(self) -> None:
        """One transaction after another."""
        try:
            while not self._ended.is_set():
                self._turn()
                time.sleep(0.05)  # SQLite lets in whoever asks first, and nobody else while one never rests
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to be told
            self.failures.append(error)
        finally:
            self._engine.dispose()

    def _turn(self) -> None:
        for _ in range(3):
            with self._engine.begin() as connection:
                version_id = lodge(connection)
            self.lodged.append(version_id)
        for agency in AGENCIES:
            with self._engine.begin() as connection:
                batch = ask(connection, agency, 2)
            with self._engine.begin() as connection:
                answer(connection, batch)

    def goes_on(self) -> None:
        """Wait until it has lodged more than now; it has failed where that takes long."""
        before, patience = len(self.lodged), time.monotonic() + 20
        while len(self.lodged) < before + 3 and not self.failures and time.monotonic() < patience:
            time.sleep(0.01)
        assert self.failures == [], self.failures
        assert len(self.lodged) >= before + 3

    def stop(self) -> None:
        """End after what is under way."""
        self._ended.set()
        self.join()
