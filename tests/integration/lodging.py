"""Lodgements for tests of the engine, past HTTP: an example under any reference, validated and ready to store."""

from __future__ import annotations

from singlewindow.access.keys import Caller, Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.lodge import Lodgement, Receipt, lodge
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.validation import validate
from tests.documents import original

TRADER = Caller("key", Role.TRADER, party="GB123456789012")


def arrival(context: ClearanceContext, lrn: str, content: bytes | None = None, trader: Caller = TRADER) -> Lodgement:
    """A lodgement as the web hands it on."""
    content = content or original(lrn)
    validated = validate(content, Media.XML, context.rulebooks, context.limits)
    return Lodgement(trader, content, "application/xml", validated, b"[]")


def one(context: ClearanceContext, lrn: str) -> Receipt:
    """Lodge one declaration; its receipt."""
    (answer,) = lodge(context, [arrival(context, lrn)])
    assert isinstance(answer, Receipt)
    return answer
