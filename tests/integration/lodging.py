"""Lodgements for tests of the engine, past HTTP: an example under any reference, validated and ready to store."""

from __future__ import annotations

from singlewindow.access.keys import Principal, Role
from singlewindow.clearance.context import Window
from singlewindow.clearance.lodging.lodge import Lodgement, Receipt, lodge
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.validation import validate
from tests.documents import original

TRADER = Principal("key", Role.TRADER, party="GB123456789012")


def arrival(window: Window, lrn: str, content: bytes | None = None, trader: Principal = TRADER) -> Lodgement:
    """A lodgement as the web hands it on."""
    content = content or original(lrn)
    validated = validate(content, Media.XML, window.rulebooks, window.limits)
    return Lodgement(trader, content, "application/xml", validated, b"[]")


def one(window: Window, lrn: str) -> Receipt:
    """Lodge one declaration; its receipt."""
    (answer,) = lodge(window, [arrival(window, lrn)])
    assert isinstance(answer, Receipt)
    return answer
