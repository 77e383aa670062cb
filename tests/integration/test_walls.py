"""The second wall on PostgreSQL: queries that forget whose rows they are after, as the roles that read for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, insert, make_url, select, text
from sqlalchemy.event import listen
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.sql.schema import Table

from adapters.registry import build_adapters
from singlewindow.agencies.agency import Agency
from singlewindow.clearance.context import ClearanceContext
from singlewindow.declarations.rules import Rulebooks
from singlewindow.settings import Settings
from singlewindow.storage import declarations
from singlewindow.storage.engine import row_security
from singlewindow.storage.engine.connect import open_engine, reading
from singlewindow.storage.engine.row_security import AUDITOR, Reader, missing_roles, of_agency, of_party, reading_as
from singlewindow.storage.tables import assessment, declaration, event, feed, key, metadata, notice, version
from tests import servers
from tests.integration.conftest import CONFIG, Callers, app_over, body_of, work
from tests.integration.documents import PISTOLS, tree

A, B, C = (f"GB{digit * 9}000" for digit in "123")

CONTENT = ("declaration", "version", "event", "assessment", "decision", "notice", "feed")


@pytest.fixture
def database_url(postgres_url: str, migrated_postgres: str) -> Iterator[str]:
    with servers.database(postgres_url, migrated_postgres) as url:
        yield url


@pytest.fixture
def service_url(database_url: str) -> Iterator[str]:
    """The same database, for a role that owns nothing and is no superuser, as a service should have."""
    name = f"service_{uuid4().hex}"
    owner = open_engine(database_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}"))
        connection.execute(text(f"GRANT {', '.join(row_security.ROLES)} TO {name} WITH INHERIT FALSE"))
    yield make_url(database_url).set(username=name).render_as_string(hide_password=False)
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))
    owner.dispose()


@pytest.fixture
def context(service_url: str, agencies: Mapping[str, Agency], rulebooks: Rulebooks) -> Iterator[ClearanceContext]:
    settings, engine = Settings(database_url=service_url, sw_config=str(CONFIG)), open_engine(service_url)
    yield ClearanceContext(settings, engine, rulebooks, agencies, build_adapters(agencies))
    engine.dispose()


@pytest.fixture
def two_parties(context: ClearanceContext) -> dict[str, str]:
    """MRNs by party: A's tools, which concern customs, and B's pistols, which concern the firearms authority, too."""
    callers = Callers(app_over(context), context)
    goods = {A: "73181595", B: PISTOLS}
    mrns = {
        party: body_of(callers.trader(party).lodge(tree("L", code, "Things of metal")))["mrn"]
        for party, code in goods.items()
    }
    work(context)
    return mrns


def _rows(engine: Engine, reader: Reader, table: Table) -> int:
    with reading_as(engine, reader) as connection:
        return len(connection.execute(select(*table.primary_key.columns)).all())


def test_a_query_that_forgets_the_party_sees_that_party_s_rows_only(
    context: ClearanceContext, two_parties: dict[str, str]
) -> None:
    with reading_as(context.engine, of_party(A)) as connection:
        assert [row.mrn for row in connection.execute(select(declaration.c.mrn))] == [two_parties[A]]
        assert len(connection.execute(select(version.c.received)).all()) == 1
        assert {row.party for row in connection.execute(select(notice.c.party))} == {A}
        assert connection.execute(select(event.c.kind).where(event.c.version_id.is_(None))).all() == []
    assert _rows(context.engine, of_party(C), declaration) == 0


def test_a_query_that_forgets_the_agency_sees_what_that_agency_was_asked_only(
    context: ClearanceContext, two_parties: dict[str, str]
) -> None:
    with reading_as(context.engine, of_agency("firearms")) as connection:
        assert [row.mrn for row in connection.execute(select(declaration.c.mrn))] == [two_parties[B]]
        assert len(connection.execute(select(version.c.canonical)).all()) == 1
        assert {row.agency for row in connection.execute(select(assessment.c.agency))} == {"firearms"}
        assert {row.agency for row in connection.execute(select(feed.c.agency))} == {"firearms"}
    assert _rows(context.engine, of_agency("customs"), declaration) == 2
    assert _rows(context.engine, of_agency("nosuch"), declaration) == 0


@pytest.mark.parametrize("role", row_security.ROLES[:2])
def test_a_reader_without_a_name_sees_nothing(
    context: ClearanceContext, two_parties: dict[str, str], role: str
) -> None:
    assert two_parties
    with context.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        for table in ("declaration", "version", "decision"):
            assert connection.execute(text(f"SELECT 1 FROM {table}")).all() == [], table


def test_an_auditor_sees_all_and_the_service_itself_too(context: ClearanceContext, two_parties: dict[str, str]) -> None:
    assert two_parties
    for name in CONTENT:
        with reading(context.engine) as connection:
            own = len(connection.execute(select(*metadata.tables[name].primary_key.columns)).all())
        assert own == _rows(context.engine, AUDITOR, metadata.tables[name]) > 0


@pytest.mark.parametrize("reader", [of_party(A), of_agency("customs"), AUDITOR])
def test_a_reader_can_neither_write_nor_see_what_is_not_for_reading(
    context: ClearanceContext, two_parties: dict[str, str], reader: Reader
) -> None:
    assert two_parties
    row = {"name": "x", "last_number": 1}
    for statement in (delete(declaration), insert(metadata.tables["stream"]).values(row), select(key)):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            reading_as(context.engine, reader) as connection,
        ):
            connection.execute(statement)


def test_the_place_is_left_with_the_transaction(context: ClearanceContext, two_parties: dict[str, str]) -> None:
    assert two_parties
    one = open_engine(context.settings.database_url, pool_size=1)
    assert _rows(one, of_party(A), declaration) == 1
    with reading(one) as connection:
        assert len(connection.execute(select(declaration.c.id)).all()) == 2
    one.dispose()


def test_a_call_whose_query_forgets_the_owner_still_shows_nothing_of_others(
    context: ClearanceContext, two_parties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declarations, "_owned_by", lambda query, _party: query)
    callers = Callers(app_over(context), context)
    foreign, own = (callers.trader(A).get(f"/v1/declarations/{two_parties[party]}") for party in (B, A))
    assert (foreign.status_code, own.status_code) == (404, 200)
    listed = body_of(callers.trader(A).get("/v1/declarations"))["declarations"]
    assert [entry["mrn"] for entry in listed] == [two_parties[A]]


def test_streams_are_read_on_and_their_ends_looked_up_behind_the_wall(
    context: ClearanceContext, two_parties: dict[str, str]
) -> None:
    assert two_parties
    callers = Callers(app_over(context), context)
    for caller, path in (
        (callers.trader(A), "/v1/notices"),
        (callers.agency("firearms"), "/v1/agencies/firearms/feed"),
    ):
        end = body_of(caller.get(path))["next"]
        assert end.startswith("2-")
        assert (
            body_of(caller.get(f"{path}?after=2"))["next"] == body_of(caller.get(f"{path}?after={end}"))["next"] == end
        )
        refused = caller.get(f"{path}?after=3")
        assert (refused.status_code, "its newest is number 2" in refused.text) == (409, True)


def test_lodging_takes_nobody_s_place_and_so_makes_no_statement_more(context: ClearanceContext) -> None:
    trader = Callers(app_over(context), context).trader(A)
    seen: list[str] = []
    trader.lodge(tree("L1"))
    listen(context.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert trader.lodge(tree("L2")).status_code == 202
    assert seen
    assert not any("set_config" in statement for statement in seen)


def test_a_service_that_cannot_take_the_roles_is_told_so(context: ClearanceContext, database_url: str) -> None:
    with reading(context.engine) as connection:
        assert missing_roles(connection) == []
    owner = open_engine(database_url, pool_size=1)
    with owner.begin() as connection:
        name = make_url(context.settings.database_url).username
        connection.execute(text(f"REVOKE {row_security.ROLES[0]} FROM {name}"))
        connection.execute(text(f"GRANT {row_security.ROLES[1]} TO {name} WITH INHERIT TRUE"))
    with reading(context.engine) as connection:
        assert missing_roles(connection) == [*row_security.ROLES[:2]]
    owner.dispose()
