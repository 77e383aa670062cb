"""The tables as ORM classes; what they hold is what the product's record holds."""

from __future__ import annotations

from functools import cache
from os import environ

from sqlalchemy import BigInteger, Engine, ForeignKey, UniqueConstraint, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables of this side."""


class Key(Base):
    """A trader's key."""

    __tablename__ = "key"
    secret_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    party: Mapped[str]


class Declaration(Base):
    """One declaration as lodged, with what came of it."""

    __tablename__ = "declaration"
    __table_args__ = (UniqueConstraint("party", "lrn"),)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mrn: Mapped[str] = mapped_column(unique=True)
    party: Mapped[str]
    lrn: Mapped[str]
    media: Mapped[str]
    received: Mapped[bytes]
    received_sha256: Mapped[bytes]
    canonical: Mapped[bytes]
    content_sha256: Mapped[bytes]
    warnings: Mapped[bytes]
    routing: Mapped[bytes]
    lodged_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    assessments: Mapped[list[Assessed]] = relationship()
    events: Mapped[list[Event]] = relationship()
    notices: Mapped[list[Notice]] = relationship()
    feed: Mapped[list[FeedEntry]] = relationship()


class Assessed(Base):
    """One agency's answer."""

    __tablename__ = "assessment"
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"), primary_key=True)
    agency: Mapped[str] = mapped_column(primary_key=True)
    lane: Mapped[str]
    body: Mapped[bytes]
    answered_at: Mapped[int] = mapped_column(BigInteger)


class Decision(Base):
    """The one decision on a declaration."""

    __tablename__ = "decision"
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"), primary_key=True)
    outcome: Mapped[str]
    lane: Mapped[str]
    fingerprint: Mapped[str]
    body: Mapped[bytes]
    decided_at: Mapped[int] = mapped_column(BigInteger)


class Event(Base):
    """One entry of the audit trail."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    actor: Mapped[str]
    detail: Mapped[bytes]


class Notice(Base):
    """One message to a trader."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"))
    function_code: Mapped[str]
    issued_at: Mapped[int] = mapped_column(BigInteger)


class FeedEntry(Base):
    """One line of an agency's feed."""

    __tablename__ = "feed"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"))
    agency: Mapped[str]
    kind: Mapped[str]
    at: Mapped[int] = mapped_column(BigInteger)


@cache
def engine() -> Engine:
    """The process's engine, with connections for all threads."""
    return create_engine(environ["DATABASE_URL"], pool_size=16, max_overflow=0)
