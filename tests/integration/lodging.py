"""Lodgements for tests of the engine, past HTTP: an example under any reference, made ready as for a caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import Caller, Role
from singlewindow.bootstrap.service import build_lodging
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.lodge import Lodging
from singlewindow.clearance.lodging.store import Lodgement, Message, Receipt, Stored, store_lodgements
from singlewindow.declarations.reading.message import Media
from tests.documents import declarant_of, original


def lodging_over(context: ClearanceContext) -> Lodging:
    """The way from bytes to a stored declaration, over any window; nothing is counted in the background."""
    settings = msgspec.structs.replace(context.settings, sw_open_limit=0)
    return build_lodging(replace(context, settings=settings), Keyring(context.engine))


def arrival(
    context: ClearanceContext, lrn: str, content: bytes | None = None, party: str = "", media: Media = Media.XML
) -> Lodgement:
    """A lodgement as the web makes it ready, by the party that declares it; of an example that may be any."""
    content = content or original(lrn, party=party)
    trader = Caller("key", Role.TRADER, party=party or declarant_of(content))
    return lodging_over(context).prepare(Message(content, media), trader)


def store(context: ClearanceContext, arrivals: Iterable[Lodgement]) -> list[Stored]:
    """Store lodgements in one transaction."""
    return store_lodgements(context.engine, context.agencies, [*arrivals])


def one(context: ClearanceContext, lrn: str) -> Receipt:
    """Lodge one declaration; its receipt."""
    (answer,) = store(context, [arrival(context, lrn)])
    assert isinstance(answer, Receipt)
    return answer
