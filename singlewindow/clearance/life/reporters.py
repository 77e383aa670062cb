"""Who may report about the goods of a declaration: its party, and carriers and terminals that it names."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection

from singlewindow.access.identifiers import normal_party
from singlewindow.access.keys import Caller, Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.model import Tree, texts_at
from singlewindow.life_cycle.deadlines import DAY
from singlewindow.life_cycle.machine import Actor
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion

_NAMED: Final = (
    "Consignment/Carrier/ID",
    "GoodsShipment/Consignment/GoodsLocation/ID",
    "GoodsShipment/Consignment/GoodsLocation/Name",
    "GoodsShipment/Warehouse/ID",
)
"""Where a declaration names its carrier, the place where its goods are, and their warehouse."""


class Reported(NamedTuple):
    """A declaration that somebody may report about: its (locked) newest version, its content, and the reporter."""

    version: LockedVersion
    content: Tree
    actor: Actor


def lock_for_report(connection: Connection, mrn: str, caller: Caller) -> Reported | None:
    """Lock what a report is about; None if there is no such declaration, or none of this caller's."""
    carries = caller.role is Role.CARRIER
    version = declarations.lock_newest(connection, mrn, None if carries else caller.party)
    if version is None:
        return None
    content = decode_canonical(declarations.contents_of(connection, [version.version_id])[version.version_id].canonical)
    if carries and not is_named(content, caller.party or ""):
        return None
    return Reported(version, content, Actor.CARRIER if carries else Actor.TRADER)


def oldest_report(context: ClearanceContext) -> int:
    """How old a report may be (microseconds)."""
    return int(context.settings.sw_oldest_report_days * DAY)


def is_named(content: Tree, carrier: str) -> bool:
    """Whether a declaration names this carrier or terminal."""
    own = normal_party(carrier)
    return bool(own) and any(normal_party(named) == own for path in _NAMED for named in texts_at(content, path))
