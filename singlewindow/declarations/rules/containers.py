"""Rules about containers, their equipment lines, seals, and the route of the consignment."""

from __future__ import annotations

import re

from singlewindow.declarations.faults import Path, Severity
from singlewindow.declarations.model import Tree
from singlewindow.declarations.mrn import check_digit
from singlewindow.declarations.rules.context import (
    CONSIGNMENT_PATH,
    DECLARATION_PATH,
    Context,
    group,
    groups,
    sequence_of,
    value,
)
from singlewindow.declarations.rules.leaves import CONTAINERS
from singlewindow.declarations.rules.rule import COMMODITY, CONSIGNMENT, Findings, Rule, path_below, quoted

_EQUIPMENT = (
    f"{CONSIGNMENT}/ContainerCode",
    f"{CONSIGNMENT}/TransportEquipment",
    f"{CONSIGNMENT}/TransportEquipment/ID",
    f"{COMMODITY}/TransportEquipment",
    f"{COMMODITY}/TransportEquipment/ID",
)


def _first_identified(entries: list[Tree], base: Path) -> Path | None:
    for index, entry in enumerate(entries, start=1):
        if value(entry, "ID"):
            return path_below(base, ("TransportEquipment", index), "ID")
    return None


def _first_container(context: Context) -> Path | None:
    """Where the first container number stands, on the consignment or on an item."""
    found = _first_identified(groups(context.consignment, "TransportEquipment"), CONSIGNMENT_PATH)
    if found:
        return found
    for item in context.items:
        found = _first_identified(groups(item.commodity, "TransportEquipment"), path_below(item.path, "Commodity"))
        if found:
            return found
    return None


class ContainerIdentified(Rule, frozen=True):
    """Goods that travel in containers (ContainerCode 1) name at least one container (DE 7/2, 7/10)."""

    name = "CONTAINER-IDENTIFIED"
    reads = _EQUIPMENT
    advice = "Give the container number in TransportEquipment/ID, or set ContainerCode to 0."

    def check(self, context: Context) -> Findings:
        if value(context.consignment, "ContainerCode") == "1" and _first_container(context) is None:
            path = path_below(CONSIGNMENT_PATH, ("TransportEquipment", 1), "ID")
            yield path, "ContainerCode says that the goods are in containers, but no container is named."


class ContainerContradicted(Rule, frozen=True):
    """Goods that do not travel in containers (ContainerCode 0) name no container."""

    name = "CONTAINER-CONTRADICTED"
    reads = _EQUIPMENT
    advice = "Set ContainerCode to 1, or remove the container numbers."

    def check(self, context: Context) -> Findings:
        if value(context.consignment, "ContainerCode") == "0":
            path = _first_container(context)
            if path:
                yield path, "A container is named, but ContainerCode says that the goods are not in containers."


# Owner, equipment category (freight container, detachable equipment, trailer or chassis), serial number, check digit.
_BOX = re.compile(r"([A-Z]{3}[UJZ][0-9]{6})([0-9]?)")
_SEPARATORS = str.maketrans("", "", " -/.")


class ContainerCheckDigit(Rule, frozen=True):
    """The last digit of a container number follows from the ten characters before it (ISO 6346, annex A).

    Numbers in another form, such as those of road trailers, are not checked.
    """

    name = "CONTAINER-CHECK-DIGIT"
    severity = Severity.WARNING
    code = "UNKNOWN_CODE"
    reads = CONTAINERS.paths
    leafwise = True
    advice = "Compare the number with the one on the container; a digit is wrong, missing or in the wrong place."

    def check(self, context: Context) -> Findings:
        if not context.texts[CONTAINERS]:
            return
        for path, text in CONTAINERS.located_texts(context.tree):
            found = _BOX.fullmatch(text.translate(_SEPARATORS).upper())
            if found and found[2] != check_digit(found[1]):
                wrong = "a wrong check digit" if found[2] else "no check digit"
                fitting = found[1] + check_digit(found[1])
                yield path, f"The container number {quoted(text)} has {wrong}; {fitting} would be right."


class EquipmentSequence(Rule, frozen=True):
    """The equipment lines of the consignment are numbered 1, 2, 3 ...; a line numbered 0 is accepted, too."""

    name = "EQUIPMENT-SEQUENCE"
    reads = (f"{CONSIGNMENT}/TransportEquipment", f"{CONSIGNMENT}/TransportEquipment/SequenceNumeric")
    advice = "Number the TransportEquipment elements of the consignment 1, 2, 3 ... in their order."

    def check(self, context: Context) -> Findings:
        sequence = sequence_of(groups(context.consignment, "TransportEquipment"))
        for expected, declared in enumerate(sequence, start=1):
            if declared not in ("0", str(expected)):
                path = path_below(CONSIGNMENT_PATH, ("TransportEquipment", expected), "SequenceNumeric")
                yield path, f"Equipment line {expected} is numbered {quoted(declared)}."


class SealSequence(Rule, frozen=True):
    """Seals are numbered 1, 2, 3 ... on their equipment; a seal numbered 0 is accepted, too."""

    name = "SEAL-SEQUENCE"
    severity = Severity.WARNING
    reads = (
        f"{CONSIGNMENT}/TransportEquipment",
        f"{CONSIGNMENT}/TransportEquipment/Seal",
        f"{CONSIGNMENT}/TransportEquipment/Seal/SequenceNumeric",
    )
    advice = "Number the seals of each equipment line from 1."

    def check(self, context: Context) -> Findings:
        for line, equipment in enumerate(groups(context.consignment, "TransportEquipment"), start=1):
            for expected, declared in enumerate(sequence_of(groups(equipment, "Seal")), start=1):
                if declared not in ("0", str(expected)):
                    base = path_below(CONSIGNMENT_PATH, ("TransportEquipment", line), ("Seal", expected))
                    yield path_below(base, "SequenceNumeric"), f"Seal {expected} is numbered {quoted(declared)}."


class ItinerarySequence(Rule, frozen=True):
    """The countries of the route are numbered 1, 2, 3 ... in the order of the journey (DE 5/18)."""

    name = "ITINERARY-SEQUENCE"
    reads = ("Declaration/Consignment/Itinerary", "Declaration/Consignment/Itinerary/SequenceNumeric")
    advice = "Number the Itinerary elements 1, 2, 3 ... in the order of the route."

    def check(self, context: Context) -> Findings:
        sequence = sequence_of(groups(group(context.tree, "Consignment"), "Itinerary"))
        for expected, declared in enumerate(sequence, start=1):
            if declared != str(expected):
                base = path_below(DECLARATION_PATH, "Consignment", ("Itinerary", expected))
                yield (
                    path_below(base, "SequenceNumeric"),
                    f"Country {expected} of the route is numbered {quoted(declared)}.",
                )
