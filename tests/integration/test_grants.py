"""The service works as a PostgreSQL role that can add to the record and change nothing that was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import ProgrammingError

from singlewindow.access.keyring import create_key, revoke_key
from singlewindow.access.keys import Caller as KeyHolder
from singlewindow.access.keys import Role
from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.retry_parked import Choice, retry
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.access_log import record_reading
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.privileges import RIGHTS, grant_rights
from singlewindow.storage.tables import metadata
from tests import servers
from tests.integration.conftest import Caller, Callers, app_over, body_of, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.lodging import one
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, rule, send
from workers.heartbeat import Heartbeat


@contextmanager
def role(owner: Engine) -> Iterator[str]:
    """A role of the test's own, gone at its end."""
    name = f"service {uuid4().hex}"
    with owner.begin() as connection:
        connection.exec_driver_sql(f'CREATE ROLE "{name}" LOGIN')
    try:
        yield name
    finally:
        with owner.begin() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{name}"')
            connection.exec_driver_sql(f'DROP ROLE "{name}"')


@pytest.fixture
def owner(postgres_url: str, migrated_postgres: str) -> Iterator[Engine]:
    """A migrated PostgreSQL database as its owner."""
    with servers.database(postgres_url, migrated_postgres) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def service(owner: Engine, context: ClearanceContext) -> Iterator[ClearanceContext]:
    """The same database as the granted role."""
    with role(owner) as name:
        grant_rights(owner, name)
        url = make_url(owner.url).set(username=name).render_as_string(hide_password=False)
        engine = open_engine(url)
        yield replace(context, engine=engine)
        engine.dispose()


@pytest.fixture
def database_url(migrated_sqlite: object) -> str:
    """For the window's rules and agencies only: its own record is not used."""
    return "sqlite://"


def test_every_table_has_its_rights() -> None:
    assert {*metadata.tables, "alembic_version"} == {*RIGHTS}


def test_the_role_does_all_that_the_service_does(service: ClearanceContext) -> None:
    callers = Callers(app_over(service), service)
    trader, auditor = callers.trader(), callers.auditor()
    mrn = body_of(trader.lodge(tree()))["mrn"]
    one(service, "GRANTED")
    dispatch.make_batches(service)
    dispatch.take_back(service)
    dispatch.answer_for_silence(service)
    work(service)
    assert auditor.get(f"/v1/declarations/{mrn}/decision").status_code in {200, 202}
    assert body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"]
    _live(service, callers, trader)
    key = create_key(service.engine, Role.OPERATOR)
    assert revoke_key(service.engine, key.key_id)
    assert retry(service.engine, Choice()) == 0
    heart = Heartbeat(service.engine)
    heart.beat()
    heart.leave()
    record_reading(service.engine, KeyHolder("k", Role.AUDITOR), "test", {})
    assert audit_trail.sign_checkpoint(service.engine, Signer(new_key())) is not None


def _live(service: ClearanceContext, callers: Callers, trader: Caller) -> None:
    """Every command in a declaration's life."""
    mrn, held = lodge_in_advance(trader, "LIFE"), str(body_of(trader.lodge(tree("HELD", commodity=PISTOLS)))["mrn"])
    work(service)
    answers = [
        put(trader, mrn, tree("LIFE", TypeCode="IMD", description="Pliers")),
        send(trader, mrn, "milestones", arrived(service) | {"milestone": "unloaded"}),
        send(trader, mrn, "arrival", arrived(service)),
        send(trader, mrn, "cancellation", {"reason": "Sold elsewhere"}),
        asked := send(trader, held, "cancellation", {"reason": "Sold elsewhere"}),
    ]
    customs = callers.agency("customs")
    assert body_of(customs.get("/v1/agencies/customs/requests"))["requests"]
    answers.append(rule(customs, (held, body_of(asked)["request"]), "granted"))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 202, 200]
    assert pass_deadlines(service) == 0


FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    table: tuple(verb for verb in ("UPDATE", "DELETE") if not any(right.startswith(verb) for right in rights))
    for table, rights in RIGHTS.items()
}


def test_the_role_can_neither_change_nor_take_away_what_was_told(service: ClearanceContext) -> None:
    one(service, "GRANTED")
    allowed = []
    for table, verbs in FORBIDDEN.items():
        column = "version_num" if table == "alembic_version" else metadata.tables[table].c[0].name
        statements = {"UPDATE": f"UPDATE {table} SET {column} = {column}", "DELETE": f"DELETE FROM {table}"}
        allowed += [(table, verb) for verb in verbs if _may(service.engine, statements[verb])]
        allowed += [(table, verb) for verb in ("TRUNCATE", "DROP TABLE") if _may(service.engine, f"{verb} {table}")]
    assert allowed == []


REFUSED = (
    "UPDATE event SET detail = '{}'",
    "UPDATE version SET received = ''",
    "UPDATE declaration SET party = 'OTHER'",
    "UPDATE request SET received = ''",
    "UPDATE decision SET outcome = 'release'",
    "UPDATE principal SET role = 'auditor'",
    "INSERT INTO trail VALUES (16, 0, '')",
    "ALTER TABLE event DISABLE TRIGGER ALL",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_role_is_refused(service: ClearanceContext, statement: str) -> None:
    assert not _may(service.engine, statement)


def _may(engine: Engine, statement: str) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        if "permission denied" not in str(error) and "must be owner" not in str(error):
            raise
        return False
    return True


def test_granting_again_takes_back_what_is_too_much(owner: Engine) -> None:
    with role(owner) as name:
        with owner.begin() as connection:
            connection.exec_driver_sql(f'GRANT ALL ON event TO "{name}"')
        grant_rights(owner, name)
        with owner.begin() as connection:
            query = text("SELECT privilege_type FROM information_schema.role_table_grants"
                         " WHERE grantee = :role AND table_name = 'event'")  # fmt: skip
            assert set(connection.execute(query, {"role": name}).scalars()) == {"SELECT", "INSERT"}


def test_servers_that_know_no_inheritance_of_single_roles_are_not_asked_for_it(
    owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    event.listen(owner, "before_cursor_execute", lambda _connection, _cursor, statement, *_: said.append(statement))
    with role(owner) as name:
        grant_rights(owner, name)
        monkeypatch.setattr(owner.dialect, "server_version_info", (15, 8))
        grant_rights(owner, name)
    (newer, older) = [statement for statement in said if statement.startswith("GRANT singlewindow_")]
    assert newer == f"{older} WITH INHERIT FALSE"


def test_a_role_that_does_not_exist_is_refused_with_what_to_do(owner: Engine) -> None:
    with pytest.raises(ValueError, match='CREATE ROLE "no ""such""" LOGIN'):
        grant_rights(owner, 'no "such"')


def test_sqlite_has_no_roles(migrated_sqlite: object) -> None:
    engine = open_engine(f"sqlite:///{migrated_sqlite}")
    with pytest.raises(ValueError, match="Only PostgreSQL has roles"):
        grant_rights(engine, "service")
    engine.dispose()
