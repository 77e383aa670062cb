"""What has to be known of a message before it is lodged, worked out in one go: its faults, its form, who is asked.

This is the part of a lodgement that needs no record, so that a large message can have it done in another process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.legal_minimum import lacking
from singlewindow.agencies.routing import Routing, route
from singlewindow.clearance.lodging.admission import Parties, parties_of, with_refusals
from singlewindow.declarations.canonical import canonical
from singlewindow.declarations.faults import hard
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Limits, Media
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.validation import Validated, describe, validate
from singlewindow.risk.terms import Terms, terms_of
from singlewindow.times import today

LARGEST_CLASS = "GoodsShipment"


@dataclass(frozen=True)
class Books:
    """What a message is judged by."""

    rulebooks: Rulebooks
    agencies: Mapping[str, Agency]
    limits: Limits

    def terms(self, country: str) -> Terms:
        """What applies today to a declaration of that country."""
        return terms_of(self.rulebooks, country, today())


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A message as judged: `faults` in the form in which they are published, the gravest of the `total` found.

    `tree` is the declaration without its goods, `country` the one served by whose rules it was judged. `parties` are
    those that the whole of it names, None where one could not be read. What forbids to lodge the document, whoever
    sends it, is among the faults. `form` (canonical bytes) and `routing` are empty where the message was only to be
    validated, or has a hard fault.
    """

    tree: dict[str, Any]
    header: dict[str, str]
    country: str
    parties: Parties | None
    enveloped: bool
    faults: list[dict[str, str | int | None]]
    total: int
    form: bytes = b""
    routing: list[Routing] = []

    @property
    def declaration(self) -> Declaration:
        """The declaration, without its goods."""
        return Declaration(self.tree, self.header)

    @property
    def validated(self) -> Validated:
        """The declaration, without its goods and without its faults."""
        return Validated(self.declaration, self.country, (), self.enveloped, self.total)


def judge(content: bytes, media: Media, books: Books, lodging: bool) -> Judged:
    """Judge a message, and work out what lodging it takes if it is to be lodged; raises `Refused` like `validate`."""
    validated = with_refusals(validate(content, media, books.rulebooks, books.limits))
    declaration = validated.declaration
    sound = not hard(validated.faults)
    lacks = [*lacking(books.agencies, declaration.tree)] if sound else []
    wanted = lodging and sound
    return Judged(
        tree={name: value for name, value in declaration.tree.items() if name != LARGEST_CLASS},
        header=declaration.header,
        country=validated.country,
        parties=parties_of(validated),
        enveloped=validated.enveloped,
        faults=[describe(fault, validated) for fault in (*validated.faults, *lacks)],
        total=validated.total + len(lacks),
        form=canonical(declaration) if wanted else b"",
        routing=route(books.agencies, declaration.tree, books.terms(validated.country)) if wanted else [],
    )
