"""The independent checker: what must be true when all is quiet, read from the record and the client's log alone.

It writes its own SQL and uses nothing of the product but the pure merge, with which every decision is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import redis
from sqlalchemy import create_engine, text

from singlewindow.decisions.assessment import Assessment
from singlewindow.decisions.merge import Basis, merge
from tests.faults.harness.client import Log

# Words of the declarations that are sent, none of which may be found in the queue server or in any log.
CANARIES: Final = (b"Saigon Stride", b"<Declaration>", b"GovernmentAgencyGoodsItem", b"MSCU4712397")
GRACE_SECONDS: Final = 60.0
SECOND: Final = 1_000_000
TABLES: Final = (
    "declaration",
    "version",
    "outbox",
    "batch",
    "assessment",
    "decision",
    "event",
    "notice",
    "inspection",
    "feed",
    "stream",
    "trail",
)
MOST_SHOWN: Final = 5

Row = dict[str, Any]


@dataclass
class Record:
    """Every table as it stands, each row a dict, read in one transaction."""

    declaration: list[Row] = field(default_factory=list)
    version: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    batch: list[Row] = field(default_factory=list)
    assessment: list[Row] = field(default_factory=list)
    decision: list[Row] = field(default_factory=list)
    event: list[Row] = field(default_factory=list)
    notice: list[Row] = field(default_factory=list)
    inspection: list[Row] = field(default_factory=list)
    feed: list[Row] = field(default_factory=list)
    stream: list[Row] = field(default_factory=list)
    trail: list[Row] = field(default_factory=list)

    @property
    def versions(self) -> dict[int, Row]:
        """Versions by id."""
        return {row["id"]: row for row in self.version}

    @property
    def decisions(self) -> dict[int, Row]:
        """Decisions by version id."""
        return {row["version_id"]: row for row in self.decision}

    def asked(self, version: Row) -> set[str]:
        """The agencies asked about a version, as stored with it."""
        return {entry["agency"] for entry in json.loads(version["routing"]) if entry["asked"]}

    def basis(self, version: Row) -> Basis | None:
        """What the decision rests on besides the answers, as stored with the version."""
        stored = (entry.get("basis") for entry in json.loads(version["routing"]))
        return next((msgspec.convert(basis, Basis) for basis in stored if basis), None)

    def by_version(self, table: str) -> dict[int, list[Row]]:
        """A table's rows by version id."""
        grouped: dict[int, list[Row]] = defaultdict(list)
        for row in getattr(self, table):
            grouped[row["version_id"]].append(row)
        return grouped


def read_record(database_url: str) -> Record:
    """Read everything in one snapshot."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            columns = {"version": "id, declaration_id, number, received_sha256, content_sha256, routing, received_at,"
                                  " lodged_at, decided_at"}  # fmt: skip
            read = {name: connection.execute(text(f"SELECT {columns.get(name, '*')} FROM {name}")) for name in TABLES}
            return Record(**{name: [dict(row) for row in rows.mappings()] for name, rows in read.items()})
    finally:
        engine.dispose()


def check(
    database_url: str, log: Log, redis_url: str | None = None, logs: Path | None = None, deadline: float = 0.0
) -> list[str]:
    """Everything that is not as it must be, in words, once the service has settled; empty where all is well."""
    found = check_record(read_record(database_url), log, deadline)
    if redis_url is not None:
        found += list(content_in_queue(redis_url, log))
    if logs is not None:
        found += list(content_in_logs(logs))
    return found


def check_record(record: Record, log: Log, deadline: float = 0.0) -> list[str]:
    """The invariants of the record and the client's log; `deadline` (seconds) is the longest of any agency, 0 none."""
    found: list[str] = []
    for name, invariant in INVARIANTS.items():
        broken = list(invariant(record, log))
        found += [f"{name}: {words}" for words in broken[:MOST_SHOWN]]
        if len(broken) > MOST_SHOWN:
            found.append(f"{name}: and {len(broken) - MOST_SHOWN} more")
    if deadline:
        found += list(decided_in_time(record, deadline))
    return found


Invariant = Callable[[Record, Log], Iterator[str]]


def accepted_is_stored(record: Record, log: Log) -> Iterator[str]:
    """Every 202 has its declaration, under the MRN that was told, with the bytes that were sent, and a decision."""
    declared = {(row["party"], row["lrn"]): row for row in record.declaration}
    first = {row["declaration_id"]: row for row in record.version if row["number"] == 1}
    sent: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for answer in log.answers():
        sent[answer.sending.party, answer.sending.lrn].add(hashlib.sha256(answer.sending.content).digest())
    for answer in log.accepted():
        key = (answer.sending.party, answer.sending.lrn)
        row = declared.get(key)
        if row is None:
            yield f"{key} was accepted as {answer.mrn} and is not there"
        elif row["mrn"] != answer.mrn:
            yield f"{key} was accepted as {answer.mrn} and is stored as {row['mrn']}"
        elif row["id"] not in first:
            yield f"{key} has no version"
        elif bytes(first[row["id"]]["received_sha256"]) not in sent[key]:
            yield f"{key} is stored with bytes that nobody sent"
        elif first[row["id"]]["id"] not in record.decisions:
            yield f"{key} was accepted and is not decided"


def one_declaration_per_reference(record: Record, log: Log) -> Iterator[str]:
    """Under one (party, LRN) stands one declaration, and everybody was told the same MRN."""
    counted = Counter((row["party"], row["lrn"]) for row in record.declaration)
    yield from (f"{key} is stored {count} times" for key, count in counted.items() if count > 1)
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for answer in log.answers():
        if answer.status in {202, 409} and answer.mrn:
            told[answer.sending.party, answer.sending.lrn].add(answer.mrn)
    yield from (f"{key} was answered with {sorted(mrns)}" for key, mrns in told.items() if len(mrns) > 1)


def one_decision_each(record: Record, _log: Log) -> Iterator[str]:
    """Every version has exactly one decision, told by exactly one event and by its own closing time."""
    counted = Counter(row["version_id"] for row in record.decision)
    events = Counter(row["version_id"] for row in record.event if row["kind"] == "decided")
    for version in record.version:
        if counted[version["id"]] != 1:
            yield f"version {version['id']} has {counted[version['id']]} decisions"
        if events[version["id"]] != counted[version["id"]]:
            yield f"version {version['id']} has {events[version['id']]} events of its decision"
        if (version["decided_at"] is not None) != bool(counted[version["id"]]):
            yield f"version {version['id']} is closed and undecided, or decided and open"
    yield from (f"a decision on version {id_}, which is not there" for id_ in counted.keys() - record.versions.keys())


def released_by_all(record: Record, _log: Log) -> Iterator[str]:
    """Nothing is released unless every agency asked has answered by itself."""
    answers = record.by_version("assessment")
    for version_id, decision in record.decisions.items():
        if decision["outcome"] != "release" or version_id not in record.versions:
            continue
        given = {row["agency"] for row in answers[version_id] if row["answer"] == "assessed"}
        missing = record.asked(record.versions[version_id]) - given
        if missing:
            yield f"version {version_id} is released without {sorted(missing)}"


def nothing_is_partial(record: Record, _log: Log) -> Iterator[str]:
    """A declaration has its version; a version its event, its first notice, and for each agency asked one question."""
    with_version = {row["declaration_id"] for row in record.version}
    yield from (
        f"declaration {row['mrn']} has no version" for row in record.declaration if row["id"] not in with_version
    )
    lodged = Counter(row["version_id"] for row in record.event if row["kind"] == "lodged")
    first = Counter(row["version_id"] for row in record.notice if row["function_code"] == "01")
    still, answered = record.by_version("outbox"), record.by_version("assessment")
    for version in record.version:
        id_ = version["id"]
        questions = Counter(row["agency"] for row in still[id_] + answered[id_])
        if lodged[id_] != 1 or first[id_] != 1:
            yield f"version {id_} has {lodged[id_]} events and {first[id_]} notices of its lodgement"
        if questions != Counter(record.asked(version)):
            yield f"version {id_} asked {sorted(record.asked(version))} and has {dict(questions)}"


def numbers_without_gaps(record: Record, _log: Log) -> Iterator[str]:
    """Notices of a party, and entries of an agency's feed, are numbered 1, 2, 3 to the stream's last number."""
    for table, owner in (("notice", "party"), ("feed", "agency")):
        numbers: dict[str, list[int]] = defaultdict(list)
        for row in getattr(record, table):
            numbers[row[owner]].append(row["number"])
        last = {row["name"]: row["last_number"] for row in record.stream}
        for name, given in numbers.items():
            if sorted(given) != list(range(1, len(given) + 1)):
                yield f"the {table} stream of {name} has gaps or doubles"
            if last.get(f"{table}/{name}") != max(given):
                yield f"the {table} stream of {name} says {last.get(f'{table}/{name}')} and ends at {max(given)}"


def told_once(record: Record, _log: Log) -> Iterator[str]:
    """Each decision has one notice to the trader, each order at most one more, each agency asked one feed entry."""
    later = [row for row in record.notice if row["function_code"] != "01"]
    notices = Counter(row["version_id"] for row in later if row["decision_number"])
    appointments = Counter(row["version_id"] for row in later if not row["decision_number"])
    orders = Counter(row["version_id"] for row in record.inspection)
    feed = Counter((row["version_id"], row["agency"], row["kind"]) for row in record.feed)
    for version in record.version:
        id_, decided = version["id"], int(version["id"] in record.decisions)
        if notices[id_] != decided:
            yield f"version {id_} has {decided} decisions and {notices[id_]} notices of them"
        if appointments[id_] > orders[id_]:
            yield f"version {id_} has {orders[id_]} inspections and {appointments[id_]} notices of when they are"
        for agency in record.asked(version):
            if (feed[id_, agency, "asked"], feed[id_, agency, "decided"]) != (1, decided):
                yield f"the feed of {agency} does not tell once of version {id_}"


def one_event_per_change(record: Record, _log: Log) -> Iterator[str]:
    """As many events as changes, of each kind, for each version and agency."""
    told: Counter[tuple[str, int, str]] = Counter()
    for row in record.event:
        if row["kind"] in {"assessed", "unanswered"}:
            told[row["kind"], row["version_id"], json.loads(row["detail"])["agency"]] += 1
    made = Counter(
        ("assessed" if row["answer"] == "assessed" else "unanswered", row["version_id"], row["agency"])
        for row in record.assessment
    )
    yield from (
        f"{key} has {told[key]} events for {made[key]} changes" for key in made | told if told[key] != made[key]
    )


def chain_holds(record: Record, _log: Log) -> Iterator[str]:
    """Every event has its number and its link, each link follows from the one before, and the heads are the last."""
    streams: dict[int | None, list[Row]] = defaultdict(list)
    for row in record.event:
        streams[row["stream"]].append(row)
    yield from (f"event {row['id']} stands outside the chain" for row in streams.pop(None, []))
    for head in record.trail:
        number, link = 0, bytes(32)
        for row in sorted(streams.pop(head["stream"], []), key=lambda row: int(row["number"])):
            number += 1
            about = [row["subject_kind"], row["subject_id"]] if row["subject_kind"] else row["version_id"]
            parts = [*(row[name] for name in ("stream", "number", "at", "kind", "actor")), about]
            written = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
            detail = row["detail"].encode() if isinstance(row["detail"], str) else bytes(row["detail"])
            link = hashlib.sha256(link + written + b"," + detail + b"]").digest()
            if (row["number"], bytes(row["link"])) != (number, link):
                yield f"event {row['id']}, number {row['number']} of stream {row['stream']}, does not follow"
                link = bytes(row["link"])
        if (head["number"], bytes(head["link"])) != (number, link):
            yield f"stream {head['stream']} says {head['number']} and ends at {number}"
    yield from (f"there is no stream {name}" for name in streams)


def decisions_follow(record: Record, _log: Log) -> Iterator[str]:
    """Each decision is what merging the stored answers gives again."""
    answers = record.by_version("assessment")
    for version_id, decision in record.decisions.items():
        version = record.versions.get(version_id)
        if version is None:
            continue
        given = [msgspec.json.decode(row["body"], type=Assessment) for row in answers[version_id]]
        again = merge(given, record.asked(version), record.basis(version))
        stored = (decision["outcome"], decision["lane"], bool(decision["contradictory"]), decision["fingerprint"])
        if stored != (again.outcome, again.lane, again.contradictory, again.fingerprint):
            yield f"version {version_id} is decided {stored[0]}, and its answers give {again.outcome}"


def nothing_is_open(record: Record, _log: Log) -> Iterator[str]:
    """When all is quiet no question waits and no batch is under way."""
    yield from (f"version {row['version_id']} still waits for {row['agency']}" for row in record.outbox)
    yield from (f"batch {row['id']} of {row['agency']} is still there" for row in record.batch)


def times_run_forward(record: Record, _log: Log) -> Iterator[str]:
    """Received, lodged, asked, dispatched, answered, decided: never earlier than the step before."""
    for row in record.assessment:
        steps = [row["asked_at"], row["dispatched_at"] or row["asked_at"], row["answered_at"]]
        if steps != sorted(steps):
            yield f"version {row['version_id']} runs backwards at {row['agency']}: {steps}"
    for row in record.version:
        steps = [row["received_at"], row["lodged_at"], row["decided_at"] or row["lodged_at"]]
        if steps != sorted(steps):
            yield f"version {row['id']} runs backwards: {steps}"


INVARIANTS: Final[dict[str, Invariant]] = {
    "accepted is stored": accepted_is_stored,
    "one declaration per reference": one_declaration_per_reference,
    "one decision each": one_decision_each,
    "released by all": released_by_all,
    "nothing is partial": nothing_is_partial,
    "numbers without gaps": numbers_without_gaps,
    "told once": told_once,
    "one event per change": one_event_per_change,
    "chain holds": chain_holds,
    "decisions follow": decisions_follow,
    "nothing is open": nothing_is_open,
    "times run forward": times_run_forward,
}


def decided_in_time(record: Record, deadline: float) -> Iterator[str]:
    """Every version is decided within the longest deadline and a minute."""
    limit = int((deadline + GRACE_SECONDS) * SECOND)
    for row in record.version:
        if row["decided_at"] is not None and row["decided_at"] - row["lodged_at"] > limit:
            yield f"decided in time: version {row['id']} took {(row['decided_at'] - row['lodged_at']) / SECOND:.0f} s"


def content_in_queue(redis_url: str, log: Log) -> Iterator[str]:
    """The queue server holds numbers only: no word of a declaration, no reference, no party."""
    secret = {*CANARIES, *(answer.sending.lrn.encode() for answer in log.answers())}
    secret |= {answer.sending.party.encode() for answer in log.answers()}
    with closing(redis.Redis.from_url(redis_url, socket_timeout=10.0)) as client:
        for key in client.scan_iter(count=1000):
            held = key + b"\n" + (_held(client, key) or b"")
            for canary in secret:
                if canary in held:
                    yield f"no content in the queue: {canary!r} is in {key!r}"


def _held(client: redis.Redis, key: bytes) -> bytes:
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1),
        b"stream": client.xrange,
    }
    kind: Any = client.type(key)
    reader = readers.get(kind)
    return b"" if reader is None else _flat(reader(key))


def _flat(held: Any) -> bytes:
    if isinstance(held, bytes):
        return held
    if isinstance(held, dict):
        return b"\n".join(_flat(part) for pair in held.items() for part in pair)
    return b"\n".join(_flat(part) for part in held or ())


def content_in_logs(folder: Path) -> Iterator[str]:
    """No log tells what is in a declaration."""
    for path in sorted(folder.glob("*.log")):
        content = path.read_bytes()
        yield from (f"no content in logs: {canary!r} is in {path.name}" for canary in CANARIES if canary in content)
