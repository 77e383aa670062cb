"""The database: whether it answers, has the right tables and rights, keeps what it confirms, and what waits in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.cli.operator.doctor.check import Check, fault, ok, warning
from singlewindow.cli.operator.doctor.deliveries import delivery_checks
from singlewindow.enquiries.audit_trail import checkpoint_coverage
from singlewindow.settings import Settings
from singlewindow.storage import backlog, heartbeats
from singlewindow.storage.engine import inspection
from singlewindow.storage.engine.connect import clock, open_engine, reading
from singlewindow.storage.engine.revision import Tables, compare_tables
from singlewindow.storage.engine.row_security import missing_roles
from singlewindow.times import MICROSECONDS

CLOCK_WARNING_SECONDS, CLOCK_FAULT_SECONDS = 1.0, 60.0
UPGRADE = "Run `singlewindow db upgrade`."
SWEEP = "Check that a dispatcher runs: `singlewindow dispatch` takes back lost batches and closes overdue questions."
NO_KEY = "Make a key (`singlewindow audit keygen`), set SW_AUDIT_KEY_FILE for the dispatchers, inform the auditor."
SEE_ITS_LOG = "Its log shows each checkpoint that it makes."
OTHERS = 0o077
"""The rights of everybody but the owner."""
MISSED = 3
"""After this many intervals without a checkpoint, they are taken to have stopped."""
RETRY = "See `singlewindow queue parked`, remove the cause, then run `singlewindow queue retry --all --reason ...`."


def record_checks(settings: Settings) -> list[Check]:
    """All results about the database; if it cannot be reached, that is the only one."""
    shown = make_url(settings.database_url).render_as_string(hide_password=True)
    advice = "Check that it runs, that DATABASE_URL is right, and that its account may log in."
    if (missing := _missing_file(settings.database_url)) is not None:
        return [
            fault(
                "database",
                f"there is no {missing}",
                f"{UPGRADE} Or choose another database with --data or DATABASE_URL.",
            )
        ]
    try:
        engine = open_engine(settings.database_url, pool_size=2)
    except ValueError as error:
        return [fault("database", str(error), advice)]
    try:
        return list(_database_checks(engine, settings, shown))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        return [fault("database", f"{shown} does not answer: {cause}", advice)]
    finally:
        engine.dispose()


def _file_of(database_url: str) -> Path | None:
    url = make_url(database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _missing_file(database_url: str) -> Path | None:
    file = _file_of(database_url)
    return file if file is not None and not file.exists() else None


def _privacy_check(file: Path) -> Check:
    """Whether only the service's own account can read the embedded database, and the files beside it."""
    files = [each for each in (file, *(Path(f"{file}-{end}") for end in ("wal", "shm"))) if each.exists()]
    if readable := [str(each) for each in files if each.stat().st_mode & OTHERS]:
        text = f"other accounts of this machine can read {' and '.join(readable)}"
        return warning("privacy", text, f"Run `chmod 600 {' '.join(readable)}`.")
    return ok("privacy", f"only the service's own account can read {file}")


def _database_checks(engine: Engine, settings: Settings, shown: str) -> Iterator[Check]:
    if (file := _file_of(settings.database_url)) is not None:
        yield _privacy_check(file)
    with reading(engine) as connection:
        yield _version_check(connection, shown)
        yield _clock_check(connection)
        yield from _durability_checks(connection)
    state = compare_tables(engine)
    yield _tables_check(state)
    if state in {Tables.CURRENT, Tables.NEWER}:
        with reading(engine) as connection:
            yield _roles_check(connection)
            yield _dispatchers_check(connection)
            yield _checkpoints_check(connection, settings)
            yield from _work_checks(connection)
            yield from delivery_checks(connection)


def _version_check(connection: Connection, shown: str) -> Check:
    found, oldest = inspection.server_version(connection), inspection.oldest_version(connection)
    version = ".".join(map(str, found))
    text = f"{connection.dialect.name} {version} at {shown}"
    if found < oldest:
        return fault("database", text, f"At least {'.'.join(map(str, oldest))} is needed.")
    return ok("database", text)


def _clock_check(connection: Connection) -> Check:
    before = time.time()
    there = clock(connection) / MICROSECONDS
    difference = there - (before + time.time()) / 2
    text = f"the database's clock is {abs(difference):.3f} s {'ahead of' if difference > 0 else 'behind'} this host's"
    advice = "Synchronise both with the same source (NTP). Leases and deadlines use only the database's clock."
    if abs(difference) > CLOCK_FAULT_SECONDS:
        return fault("clock", text, advice)
    return warning("clock", text, advice) if abs(difference) > CLOCK_WARNING_SECONDS else ok("clock", text)


def _durability_checks(connection: Connection) -> Iterator[Check]:
    wrong = {name: value for name, (value, safe) in inspection.durability(connection).items() if not safe}
    for name, value in wrong.items():
        text = f"{name} is {value}: a declaration confirmed to a trader can be lost if the machine fails"
        yield fault("durability", text, f"Turn {name} on for this database.")
    if not wrong:
        settings = ", ".join(f"{name} {value}" for name, (value, _) in inspection.durability(connection).items())
        yield ok("durability", settings)


def _tables_check(state: Tables) -> Check:
    match state:
        case Tables.CURRENT:
            return ok("tables", "of this version")
        case Tables.NEWER:
            return warning("tables", "of a later version", "Stop the older processes after the upgrade.")
        case Tables.OLDER:
            return fault("tables", "of an earlier version", UPGRADE)
        case Tables.NONE:
            return fault("tables", "there are none", UPGRADE)


def _roles_check(connection: Connection) -> Check:
    missing = missing_roles(connection)
    if missing:
        advice = f"As an administrator: GRANT {', '.join(missing)} TO the role in DATABASE_URL WITH INHERIT FALSE."
        return fault(
            "roles",
            f"the role in DATABASE_URL cannot switch to {', '.join(missing)}, or inherits from it: requests would fail",
            advice,
        )
    return ok("roles", "the service can switch to every reading role")


def _dispatchers_check(connection: Connection) -> Check:
    now, known = clock(connection), heartbeats.last_heartbeats(connection)
    if alive := heartbeats.count_alive(connection, now):
        hosts = ", ".join(sorted({row.host for row in known[:alive]}))
        return ok("dispatcher", f"{alive} alive on {hosts}")
    last = (
        f"the last was seen {(now - known[0].seen_at) / MICROSECONDS:.0f} s ago"
        if known
        else "all were stopped, or none ran in the last day"
    )
    advice = "Start `singlewindow dispatch` (`singlewindow up` includes it): without it no agency is asked."
    return fault("dispatcher", f"none is alive; {last}", advice)


def _checkpoints_check(connection: Connection, settings: Settings) -> Check:
    name, now, reach = "checkpoints", clock(connection), checkpoint_coverage(connection)
    if reach.last is None:
        text = f"there is no readable checkpoint: {reach.since} events are not proven"
        return warning(name, text, NO_KEY)
    text = f"the last was made {(now - reach.last) / MICROSECONDS:.0f} s ago; {reach.since} events since"
    if reach.seconds_waiting(now) > MISSED * settings.sw_checkpoint_seconds:
        return warning(
            name, text, f"Check that a dispatcher runs, and that SW_AUDIT_KEY_FILE is set for it. {SEE_ITS_LOG}"
        )
    return ok(name, text)


def _work_checks(connection: Connection) -> Iterator[Check]:
    work = backlog.backlog(connection, clock(connection))
    parked = {agency: line.parked for agency, line in work.items() if line.parked}
    overdue = {agency: line.overdue for agency, line in work.items() if line.overdue}
    lost = {agency: line.lost for agency, line in work.items() if line.lost}
    waiting = sum(line.open for line in work.values())
    yield ok("work", f"{waiting} open questions, {sum(line.batches for line in work.values())} batches under way")
    yield warning("parked", _counts_in_words(parked), RETRY) if parked else ok("parked", "no question")
    yield warning("overdue", _counts_in_words(overdue), SWEEP) if overdue else ok("overdue", "no question")
    yield warning("lost batches", _counts_in_words(lost), SWEEP) if lost else ok("lost batches", "none")


def _counts_in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{agency} {count}" for agency, count in sorted(counts.items()))
