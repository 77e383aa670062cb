"""Who may do what: the one table of permissions. A route names a permission; a key holds those of its role, or fewer.

This table only decides whether a call is allowed at all. Which rows the caller then sees (its own party's, its own
agency's, or all) is decided in the SQL that reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from singlewindow.access.keys import Caller, Role


class Permission(StrEnum):
    """One permission; these are also the scopes of keys and tokens."""

    LODGE = "lodge"
    REPORT = "report"
    READ = "read"
    NOTICES = "notices"
    FEED = "feed"
    SUBSCRIBE = "subscriptions"
    ANSWER = "answer"
    REQUESTS = "requests"
    QUESTIONS = "questions"
    DOCUMENTS = "documents"
    INSPECT = "inspect"
    RELEASE_TIMES = "release-times"
    AUDIT = "audit"
    METRICS = "metrics"


PERMISSIONS: Final[Mapping[Permission, frozenset[Role]]] = MappingProxyType({
    Permission.LODGE: frozenset({Role.TRADER, Role.BROKER}),
    Permission.REPORT: frozenset({Role.TRADER, Role.BROKER, Role.CARRIER}),
    Permission.READ: frozenset({Role.TRADER, Role.BROKER, Role.AUDITOR}),
    Permission.NOTICES: frozenset({Role.TRADER, Role.BROKER}),
    Permission.FEED: frozenset({Role.AGENCY}),
    Permission.SUBSCRIBE: frozenset({Role.TRADER, Role.BROKER, Role.AGENCY}),
    Permission.ANSWER: frozenset({Role.AGENCY}),
    Permission.REQUESTS: frozenset({Role.AGENCY}),
    Permission.QUESTIONS: frozenset({Role.AGENCY}),
    Permission.DOCUMENTS: frozenset({Role.AGENCY}),
    Permission.INSPECT: frozenset({Role.AGENCY}),
    Permission.RELEASE_TIMES: frozenset({Role.AUDITOR, Role.ANALYST}),
    Permission.AUDIT: frozenset({Role.AUDITOR}),
    Permission.METRICS: frozenset({Role.OPERATOR}),
})  # fmt: skip


def permissions_of(role: Role) -> tuple[Permission, ...]:
    """All that a role may do."""
    return tuple(permission for permission, roles in PERMISSIONS.items() if role in roles)


def is_permitted(caller: Caller, permission: Permission) -> bool:
    """Whether this caller may do this: its role allows it, and so do its scopes, if it has any."""
    in_scope = not caller.scopes or permission in caller.scopes
    return in_scope and caller.role in PERMISSIONS[permission]
