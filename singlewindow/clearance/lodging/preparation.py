"""Everything that lodging needs from a message, worked out at once: its faults, its form, the agencies to ask.

This part of a lodgement does not use the record, so that another process can do it for a large message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.legal_minimum import missing_elements
from singlewindow.agencies.routing import Routing, route
from singlewindow.clearance.lodging.admission import SCHEMA, Parties, is_refusal, parties_of, with_refusals
from singlewindow.clearance.lodging.study_dimensions import study_dimensions
from singlewindow.declarations.amending.requests import REQUEST, Request
from singlewindow.declarations.canonical import canonical_bytes
from singlewindow.declarations.faults import Fault, FaultReport, hard_faults
from singlewindow.declarations.reading.message import Limits, Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.validation import Validated, describe_fault, validate
from singlewindow.life_cycle.deadlines import ENDLESS, Span, first_state, span_of
from singlewindow.life_cycle.machine import State
from singlewindow.risk.terms import terms_of
from singlewindow.times import today


@dataclass(frozen=True)
class Rules:
    """What preparing uses: the rules of all countries served, the agencies, the limits on one message."""

    rulebooks: Rulebooks
    agencies: Mapping[str, Agency]
    limits: Limits


NUMBERING = "WCO-ITEM-SEQUENCE"
"""The rule that goods items are numbered without gaps. An amendment that removes an item leaves one."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What admission and the record need to know of a declaration, besides its content.

    `country` is the country whose rules applied, `parties` are None if one could not be read, and `enveloped` says
    whether the message had its MetaData. The declaration begins in the state `begins`, which `lasts` so long from its
    lodgement.
    """

    lrn: str
    type_code: str
    country: str
    parties: Parties | None
    enveloped: bool
    begins: State = State.PRESENTED
    lasts: Span = ENDLESS


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A message, prepared as far as possible without its sender: `faults` are the gravest of `total`.

    The faults include those that forbid anybody to lodge the document. `form` (canonical bytes) is empty if the message
    was only to be validated, or if more than a rule on its content forbids it; `routing` is empty if there is any hard
    fault, except in how items are numbered, and so are the `dimensions` of a study. `request` is what a message asks
    that is no declaration itself.
    """

    header: Header
    faults: list[FaultReport]
    total: int
    form: bytes = b""
    routing: list[Routing] = []
    dimensions: dict[str, Any] = {}
    request: Request | None = None


def prepare_message(content: bytes, media: Media, rules: Rules, lodging: bool) -> Prepared:
    """Validate a message and, if it is to be lodged, work out what storing it needs; raises `Refused`."""
    validated = with_refusals(validate(content, media, rules.rulebooks, rules.limits))
    if validated.declaration.function_code == REQUEST:
        return _prepare_request(validated)
    declaration, country, enveloped = validated.declaration, validated.country, validated.enveloped
    forbidding = hard_faults(validated.faults)
    lacks = [*missing_elements(rules.agencies, declaration.tree)] if not forbidding else []
    parties = parties_of(validated)
    lrn, type_code = declaration.lrn or "", declaration.type_code
    profile = rules.rulebooks.profile_of(country)
    begins = first_state(type_code, profile)
    routing, dimensions = [], {}
    if lodging and all(fault.rule == NUMBERING for fault in forbidding):
        terms = terms_of(rules.rulebooks, country, today())
        routing, dimensions = route(rules.agencies, declaration.tree, terms), study_dimensions(declaration.tree, terms)
    return Prepared(
        header=Header(
            lrn=lrn,
            type_code=type_code,
            country=country,
            parties=parties,
            enveloped=enveloped,
            begins=begins,
            lasts=span_of(begins, 0, 0, type_code, profile.periods),
        ),
        faults=[describe_fault(fault, enveloped) for fault in (*validated.faults, *lacks)],
        total=validated.total + len(lacks),
        form=canonical_bytes(declaration) if lodging and all(map(_is_of_content, forbidding)) else b"",
        routing=routing,
        dimensions=dimensions,
    )


def _prepare_request(validated: Validated) -> Prepared:
    declaration, enveloped = validated.declaration, validated.enveloped
    lrn, type_code, country = declaration.lrn or "", declaration.type_code, validated.country
    return Prepared(
        header=Header(lrn=lrn, type_code=type_code, country=country, parties=None, enveloped=enveloped),
        faults=[describe_fault(fault, enveloped) for fault in validated.faults],
        total=validated.total,
        request=validated.request,
    )


def _is_of_content(fault: Fault) -> bool:
    """Whether a fault breaks a rule on content, which another edition of the rules may not have."""
    return not fault.rule.startswith(SCHEMA) and not is_refusal(fault.rule)
