"""What has to be known of a message before it is lodged, worked out in one go: its faults, its form, who is asked.

This is the part of a lodgement that needs no record, so that a large message can have it done in another process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.legal_minimum import lacking
from singlewindow.agencies.routing import Routing, route
from singlewindow.clearance.lodging.admission import SCHEMA, Parties, is_refusal, parties_of, with_refusals
from singlewindow.declarations.canonical import canonical
from singlewindow.declarations.faults import Fault, FaultReport, hard
from singlewindow.declarations.reading.message import Limits, Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.validation import describe, validate
from singlewindow.risk.terms import terms_of
from singlewindow.times import today


@dataclass(frozen=True)
class Rules:
    """What messages are prepared by: the rules of all countries served, the agencies, the limits on one message."""

    rulebooks: Rulebooks
    agencies: Mapping[str, Agency]
    limits: Limits


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What admission and the record ask of a declaration, beside its content.

    `country` is the one served by whose rules it was judged, `parties` are None where one could not be read, and
    `enveloped` says whether the message had its MetaData.
    """

    lrn: str
    type_code: str
    country: str
    parties: Parties | None
    enveloped: bool


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A message as far as it can be prepared by itself: `faults` are the gravest of the `total` that were found.

    What forbids to lodge the document, whoever sends it, is among the faults. `form` (canonical bytes) is empty where
    the message was only to be validated, or where more than a rule on its content stands against it; `routing` is
    empty where there is any hard fault.
    """

    header: Header
    faults: list[FaultReport]
    total: int
    form: bytes = b""
    routing: list[Routing] = []


def prepare_message(content: bytes, media: Media, rules: Rules, lodging: bool) -> Prepared:
    """Validate a message, and work out what lodging it takes if it is to be lodged; raises `Refused` as validation."""
    validated = with_refusals(validate(content, media, rules.rulebooks, rules.limits))
    declaration, country, enveloped = validated.declaration, validated.country, validated.enveloped
    forbidding = hard(validated.faults)
    lacks = [*lacking(rules.agencies, declaration.tree)] if not forbidding else []
    parties = parties_of(validated)
    lrn, type_code = declaration.lrn or "", declaration.type_code
    routing = []
    if lodging and not forbidding:
        routing = route(rules.agencies, declaration.tree, terms_of(rules.rulebooks, country, today()))
    return Prepared(
        header=Header(lrn=lrn, type_code=type_code, country=country, parties=parties, enveloped=enveloped),
        faults=[describe(fault, enveloped) for fault in (*validated.faults, *lacks)],
        total=validated.total + len(lacks),
        form=canonical(declaration) if lodging and all(map(_is_of_content, forbidding)) else b"",
        routing=routing,
    )


def _is_of_content(fault: Fault) -> bool:
    """Whether a fault is a breach of a rule on content, which another edition of the rules may not find."""
    return not fault.rule.startswith(SCHEMA) and not is_refusal(fault.rule)
