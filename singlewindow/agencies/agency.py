"""One agency as configured: when it is asked, what it may see, its profiles and its lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import msgspec

from singlewindow.declarations.projection import Entitlement
from singlewindow.risk.conditions import Condition
from singlewindow.risk.method import RiskMethod
from singlewindow.risk.profiles import Conditional, Words


class RoutingRule(Conditional, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [[routing]]: when the agency has a lawful interest, and the reason in plain words."""

    reason: Words
    legal_basis: Words


class Remote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[remote]: the address of an agency's own system. `key_env` names the variable of its key; times are in seconds.

    `timeout_seconds` limits a whole call, whatever the other side does; `concurrency` is how many may run at once.
    After `breaker_failures` in a row a process stops its calls, and then tries one every `probe_seconds`.
    """

    url: Annotated[str, msgspec.Meta(max_length=2_000)]
    key_env: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9_]{0,99}\Z")]
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 10.0
    connect_seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 3.0
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=32)] = 4
    breaker_failures: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    probe_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10.0
    allow_http: bool = False


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`agency.toml` without its routing; `deadline_seconds` counts from the question.

    `documents_seconds` is the deadline where profiles answer for the agency and the party has given documents, which an
    officer reads.
    """

    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]*$")]
    name: Words
    deadline_seconds: Annotated[float, msgspec.Meta(gt=0)]
    documents_seconds: Annotated[float, msgspec.Meta(gt=0)] = 14_400.0
    adapter: Literal["profiles", "remote", "officer", "sandbox"]
    always: bool = False


class ElementEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [[element]] of `entitlement.toml`."""

    path: Words
    need: Literal["minimum", "maximum"]
    basis: Words


class LegalBasis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`entitlement.toml` without its elements."""

    legal_basis: Words


class LegalLists(NamedTuple):
    """An agency's lists as the law gives them, for people to read."""

    basis: str
    elements: tuple[ElementEntry, ...]


@dataclass(frozen=True, eq=False)
class Agency:
    """One agency as configured; its `fingerprint` changes with every byte of its configuration.

    `customs`: nothing is released unless this agency has assessed every goods item.
    """

    head: Head
    method: RiskMethod
    routing: tuple[tuple[RoutingRule, Condition], ...]
    entitlement: Entitlement
    remote: Remote | None
    legal: LegalLists
    customs: bool = False

    @property
    def code(self) -> str:
        """The name of the agency's folder."""
        return self.head.code

    @property
    def fingerprint(self) -> str:
        """Which configuration this is (sha256, hex)."""
        return self.method.fingerprint

    @property
    def name(self) -> str:
        """The agency's name for people."""
        return self.head.name

    @property
    def legal_basis(self) -> str:
        """The law behind the agency's lists as a whole."""
        return self.legal.basis

    @property
    def elements(self) -> tuple[ElementEntry, ...]:
        """The elements that the agency may see, each with its law, in the order of the configuration."""
        return self.legal.elements

    @property
    def always(self) -> bool:
        """Whether the agency is asked about every declaration."""
        return self.head.always

    @property
    def deadline_seconds(self) -> float:
        """How long the agency may take; silence after that means inspect."""
        return self.head.deadline_seconds

    @property
    def adapter(self) -> str:
        """The kind of adapter that asks the agency."""
        return self.head.adapter

    @property
    def reading_seconds(self) -> float:
        """How long the agency may take to read what a party has given."""
        return self.head.documents_seconds if self.head.adapter == "profiles" else self.deadline_seconds

    @property
    def by_officers(self) -> bool:
        """Whether people answer for the agency, through the interface."""
        return self.head.adapter == "officer"

    def left_to_officers(self, *, with_documents: bool) -> bool:
        """Whether an officer answers a question: profiles cannot read what a party has given."""
        return self.by_officers or (with_documents and self.head.adapter == "profiles")
