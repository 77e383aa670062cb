"""What is reported when goods arrive, and how it differs from what was declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from singlewindow.declarations.amending.arrivals import Arrival as Told
from singlewindow.declarations.model import Tree, find_nodes, first_text, texts_at

_SHIPMENT = "GoodsShipment/Consignment"
_MEANS = (f"{_SHIPMENT}/ArrivalTransportMeans/ID", "BorderTransportMeans/ID")
_EQUIPMENT = (f"{_SHIPMENT}/TransportEquipment", "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/TransportEquipment")


class SeenContainer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A container or other transport equipment as seen, with the numbers on its seals."""

    id: str
    seals: tuple[str, ...] | None = None


class Arrival(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A report of arrival: what is None was not looked at.

    `happened_at` is in microseconds, None if the report comes at once. `place` names a location, `transport` the means
    of transport on arrival.
    """

    happened_at: int | None = None
    place: str = ""
    transport: str | None = None
    containers: tuple[SeenContainer, ...] | None = None


def presented(told: Told | None) -> Arrival:
    """What a message that presents goods (GPR) tells; it has no time of its own."""
    if told is None:
        return Arrival()
    location, means = told.location, told.means
    seen = tuple(SeenContainer(id=each.identifier or "", seals=each.seals or None) for each in told.containers)
    place = (location.name or location.identifier or "") if location else ""
    return Arrival(place=place, transport=means.identifier if means else None, containers=seen or None)


def differences(declaration: Tree, arrival: Arrival) -> Iterator[str]:
    """What was seen and is not as declared, in words; a broken or missing seal among it (MOSAIC 05.60, 9.2.4.7)."""
    if arrival.transport is not None:
        yield from _transport(declaration, arrival.transport)
    if arrival.containers is not None:
        declared = _containers(declaration)
        seen = _seen(arrival.containers)
        yield from (f"Container {each} is declared but was not seen." for each in sorted(declared.keys() - seen.keys()))
        yield from (f"Container {each} was seen but is not declared." for each in sorted(seen.keys() - declared.keys()))
        for number in sorted(declared.keys() & seen.keys()):
            yield from _seals(number, declared[number], seen[number])


def _transport(declaration: Tree, seen: str) -> Iterator[str]:
    declared = [each for path in _MEANS for each in map(_plain, texts_at(declaration, path)) if each]
    if declared and _plain(seen) not in declared:
        yield f"The means of transport is {_plain(seen)}, but {' or '.join(declared)} is declared."


def _containers(declaration: Tree) -> Mapping[str, frozenset[str]]:
    """The declared seals of each declared container."""
    found: dict[str, frozenset[str]] = {}
    for path in _EQUIPMENT:
        for _, equipment in find_nodes(declaration, path):
            number = _plain(first_text(equipment, "ID") or "")
            seals = {_plain(seal) for seal in texts_at(equipment, "Seal/ID")} - {""}
            if number:
                found[number] = found.get(number, frozenset()) | seals
    return found


def _seen(containers: Iterable[SeenContainer]) -> Mapping[str, frozenset[str] | None]:
    """The seals that were seen on each container, wherever the report names it; None if nobody looked at them."""
    found: dict[str, frozenset[str] | None] = {}
    for each in containers:
        number, before = _plain(each.id), found.get(_plain(each.id))
        seals = None if each.seals is None else frozenset(map(_plain, each.seals))
        found[number] = before if seals is None else (before or frozenset()) | seals
    return found


def _seals(number: str, declared: frozenset[str], there: frozenset[str] | None) -> Iterator[str]:
    if there is None:
        return
    yield from (f"Seal {each} of container {number} is declared but was not seen." for each in sorted(declared - there))
    yield from (f"Seal {each} of container {number} was seen but is not declared." for each in sorted(there - declared))


def _plain(text: str) -> str:
    """Capital letters and digits only: people write numbers with blanks and hyphens."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
