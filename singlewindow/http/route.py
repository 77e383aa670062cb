"""One entry of the table of routes: its address, who may call it, what it reads and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from singlewindow.access.keys import Role
from singlewindow.access.permissions import PERMISSIONS, Permission
from singlewindow.http.parameters import Parameter
from singlewindow.http.request import JSON, Request, Response


class Public(Enum):
    """Takes the place of a permission: a route is public only if it names this."""

    EVERYBODY = "public"


PUBLIC = Public.EVERYBODY


class Discloses(Enum):
    """What a route's answers show of declarations, apart from what the caller itself sends with this call.

    `what` says it in words. `subject` is the member of a response's `discloses` that names what was shown, for the
    record of readings (empty: nothing was shown); None if there is nothing to record.
    """

    NOTHING = ("no declaration", None)
    RECEIPT = ("the result for what the caller sent", None)
    DECLARATIONS = ("declarations", "mrns")
    NOTICES = ("notices", "mrns")
    REQUESTS = ("requests that wait for an officer", "mrns")
    QUESTIONS = ("questions to an agency's officers", "mrns")
    INSPECTIONS = ("inspections", "mrns")
    FEED = ("an agency's feed", "mrns")
    RELEASE_TIMES = ("release times", "fingerprint")
    DOCUMENTS = ("supporting documents", "mrns")
    AUDIT_TRAIL = ("the audit trail", "checkpoints")

    def __init__(self, what: str, subject: str | None) -> None:
        self.what, self.subject = what, subject

    @property
    def by_party(self) -> bool:
        """Whether a party is shown what is its own; such readings are not recorded."""
        return self in (Discloses.DECLARATIONS, Discloses.NOTICES, Discloses.DOCUMENTS)


Body = type | Mapping[str, Any] | None
"""The class of a body, or its JSON Schema; None if neither describes it."""


@dataclass(frozen=True)
class ResponseShape:
    """One documented response of a route: what it means, and the shape of its body."""

    meaning: str
    body: Body = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """One call: `path` has its variables in angle brackets.

    `headers` are those it reads besides the common ones, and `problems` its codes besides the common ones.
    `body` is what it reads, in one of the forms that it consumes, with at most `largest` bytes; without `largest`, as
    many as one declaration may have. A route that `streams` reads its body by itself, as far as one document may be
    long.
    """

    method: str
    path: str
    handler: Callable[[Request], Response]
    permission: Permission | Public
    discloses: Discloses
    summary: str
    responses: Mapping[int, ResponseShape]
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    body: Body = None
    largest: int | None = None
    streams: bool = False
    problems: tuple[str, ...] = ()

    @property
    def reads_whole(self) -> bool:
        """Whether its handler gets the whole body at once."""
        return bool(self.consumes) and not self.streams

    @property
    def endpoint(self) -> str:
        """The name of the call."""
        return f"{self.method} {self.path}"

    @property
    def roles(self) -> frozenset[Role] | Public:
        """The roles that may make the call."""
        return self.permission if isinstance(self.permission, Public) else PERMISSIONS[self.permission]

    @property
    def variables(self) -> list[str]:
        """The variables of the path."""
        return re.findall(r"<(\w+)>", self.path)

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace("<", "{").replace(">", "}")
