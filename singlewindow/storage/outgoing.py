"""Reading what the single window has said: a trader's notices and an agency's feed, complete and in order."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from singlewindow.storage.tables import Record, assessment, decision, declaration, feed, notice, version

INSPECTIONS = ("05", "06")
"""The function codes of notices that tell of a decision to inspect."""


def notices(connection: Connection, party: str, after: int, limit: int) -> list[Record]:
    """A party's notices with a number above `after`, each with what its RES message needs.

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
        .where(notice.c.party == party, notice.c.number > after)
        .order_by(notice.c.number)
        .limit(limit)
    )  # fmt: skip
    return list(connection.execute(query))


def feed_entries(connection: Connection, agency: str, after: int, limit: int) -> list[Record]:
    """An agency's feed above `after`: content to project, its own assessment's body, and the decision where made."""
    own = and_(assessment.c.version_id == feed.c.version_id, assessment.c.agency == feed.c.agency)
    query = (
        select(
            feed.c.number.label("cursor"), feed.c.kind, feed.c.at,
            declaration.c.mrn, version.c.number.label("version"), version.c.canonical, version.c.routing,
            assessment.c.body.label("assessment"), assessment.c.answered_at,
            decision.c.outcome, decision.c.body.label("decision"), decision.c.decided_at,
        )
        .join(version, version.c.id == feed.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(assessment, own)
        .outerjoin(decision, decision.c.version_id == feed.c.version_id)
        .where(feed.c.agency == agency, feed.c.number > after)
        .order_by(feed.c.number)
        .limit(limit)
    )  # fmt: skip
    return list(connection.execute(query))
