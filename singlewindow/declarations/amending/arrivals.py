"""What a goods presentation (GPR) can say of the arrival: when, where, by which means, in which containers."""

from __future__ import annotations

from dataclasses import dataclass

from singlewindow.declarations.model import Tree, find_nodes, first_text, text_of, texts_at

_CONSIGNMENT = "GoodsShipment/Consignment"
_MEANS = f"{_CONSIGNMENT}/ArrivalTransportMeans"
_PLACE = f"{_CONSIGNMENT}/GoodsLocation"
_EQUIPMENT = f"{_CONSIGNMENT}/TransportEquipment"
SAID = tuple(f"Declaration/{path}" for path in (_MEANS, _PLACE, _EQUIPMENT, "PresentationOffice"))
"""The classes that an arrival is read from."""


@dataclass(frozen=True, slots=True)
class Container:
    """Transport equipment as seen (WCO 31B): its identifier, and the numbers of its seals (44B)."""

    identifier: str | None
    seals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """Where the goods are (WCO 64A): name, identifier and type of the place; type of the address, and its country."""

    name: str | None = None
    identifier: str | None = None
    type_code: str | None = None
    address_type: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """The means of transport on arrival (WCO 10A): identifier, its kind (WCO T018), name, type and mode."""

    identifier: str | None = None
    identifier_type: str | None = None
    name: str | None = None
    type_code: str | None = None
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An arrival as the message tells it; what it does not say is None or empty.

    `issued` is the IssueDateTime as sent (yyyymmdd, or yyyymmddhhmmss with zone), the only time that the message has:
    the data model holds none of the arrival itself.
    """

    issued: str | None = None
    office: str | None = None
    means: Means | None = None
    location: Location | None = None
    containers: tuple[Container, ...] = ()


def arrival_of(tree: Tree) -> Arrival:
    """The arrival that a GPR message describes."""
    return Arrival(
        issued=first_text(tree, "IssueDateTime/DateTimeString"),
        office=first_text(tree, "PresentationOffice/ID"),
        means=next((_means(node) for _, node in find_nodes(tree, _MEANS)), None),
        location=next((_location(node) for _, node in find_nodes(tree, _PLACE)), None),
        containers=tuple(
            Container(text_of(node.get("ID")), tuple(texts_at(node, "Seal/ID")))
            for _, node in find_nodes(tree, _EQUIPMENT)
        ),
    )


def _means(node: Tree) -> Means:
    names = ("ID", "IdentificationTypeCode", "Name", "TypeCode", "ModeCode")
    return Means(*(text_of(node.get(name)) for name in names))


def _location(node: Tree) -> Location:
    names = ("Name", "ID", "TypeCode", "Address/TypeCode", "Address/CountryCode")
    return Location(*(first_text(node, name) for name in names))
