"""Reading what the single window has said: a trader's notices and an agency's feed, complete and in order."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from singlewindow.storage.tables import Record, assessment, decision, declaration, feed, notice, version

FEED_ENTRY = (feed.c.number.label("cursor"), feed.c.version_id, feed.c.kind, feed.c.at)
"""What an entry of a feed is, apart from its content."""
INSPECTIONS = ("05", "06")
"""The function codes of notices that tell of a decision to inspect."""


def notices(connection: Connection, party: str, first: int, limit: int) -> list[Record]:
    """A party's notices from number `first` on, each with what its RES message needs.

    Those of a decision to inspect have its body as `decision`.
    """
    its_own = and_(decision.c.version_id == notice.c.version_id, notice.c.function_code.in_(INSPECTIONS))
    query = (
        select(
            notice, declaration.c.mrn, declaration.c.lrn, version.c.number.label("version"), version.c.lodged_at,
            decision.c.body.label("decision"),
        )
        .join(version, version.c.id == notice.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(decision, its_own)
        .where(notice.c.party == party, notice.c.number >= first)
        .order_by(notice.c.number)
        .limit(limit)
    )  # fmt: skip
    return list(connection.execute(query))


def newest_notice(connection: Connection, party: str) -> Record | None:
    """The number and reference of a party's last notice; None where it has none."""
    query = select(notice.c.number, notice.c.reference).where(notice.c.party == party)
    return connection.execute(query.order_by(notice.c.number.desc()).limit(1)).first()


def feed_entries(connection: Connection, agency: str, first: int, limit: int) -> list[Record]:
    """An agency's feed from number `first` on, each entry with the content to project.

    That of a decision has the agency's own assessment and the decision; an earlier one tells nothing of either.
    """
    decided = feed.c.kind == "decided"
    own = and_(decided, assessment.c.version_id == feed.c.version_id, assessment.c.agency == feed.c.agency)
    query = (
        select(
            *FEED_ENTRY,
            declaration.c.mrn, version.c.number.label("version"), version.c.canonical, version.c.routing,
            assessment.c.body.label("assessment"),
            decision.c.outcome, decision.c.body.label("decision"), decision.c.decided_at,
        )
        .join(version, version.c.id == feed.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(assessment, own)
        .outerjoin(decision, and_(decided, decision.c.version_id == feed.c.version_id))
        .where(feed.c.agency == agency, feed.c.number >= first)
        .order_by(feed.c.number)
        .limit(limit)
    )  # fmt: skip
    return list(connection.execute(query))


def newest_entry(connection: Connection, agency: str) -> Record | None:
    """The last entry of an agency's feed, without content; None where it has none."""
    query = select(*FEED_ENTRY).where(feed.c.agency == agency)
    return connection.execute(query.order_by(feed.c.number.desc()).limit(1)).first()
