"""Rules about places and transport: customs offices, where the goods are, and the means of transport."""

from __future__ import annotations

import re
from collections.abc import Iterator

from singlewindow.declarations.faults import Path, Severity
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.context import (
    CONSIGNMENT_PATH,
    DECLARATION_PATH,
    Context,
    capitals,
    group,
    value,
)
from singlewindow.declarations.rules.rule import CONSIGNMENT, Findings, Rule, Scope, check_pattern, path_below, quoted

_EXIT = "Declaration/ExitOffice/ID"


class ExitOfficeGiven(Rule, frozen=True):
    """An export names the customs office where the goods leave (DE 5/12)."""

    name = "EXIT-OFFICE"
    scope = Scope.EXPORTS
    reads = ("Declaration/TypeCode", "Declaration/ExitOffice", _EXIT)
    advice = "Add ExitOffice with the code of the customs office of exit."

    def check(self, context: Context) -> Findings:
        if not value(group(context.tree, "ExitOffice"), "ID"):
            yield (
                path_below(DECLARATION_PATH, "ExitOffice", "ID"),
                "The export does not name its customs office of exit.",
            )


class _Offices(Rule, frozen=True):
    """An office code is on the list, or has the form of the country's offices or of foreign offices."""

    offices: frozenset[str]
    patterns: tuple[str, ...]

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            check_pattern(pattern)

    def _is_unknown(self, code: str) -> bool:
        if not code or code in self.offices:
            return False
        return not any(re.fullmatch(pattern, code) for pattern in self.patterns)


class ExitOfficeKnown(_Offices, frozen=True):
    """The customs office of exit exists: it is on the country's list, or has the form of such an office."""

    name = "EXIT-OFFICE-KNOWN"
    code = "UNKNOWN_CODE"
    reads = (_EXIT,)
    advice = "Look the office up in the customs office list and give its code of eight characters."

    def check(self, context: Context) -> Findings:
        if "ExitOffice" not in context.tree:
            return
        office = capitals(group(context.tree, "ExitOffice"), "ID")
        if self._is_unknown(office):
            yield path_below(DECLARATION_PATH, "ExitOffice", "ID"), f"{quoted(office)} is not a customs office of exit."


_OTHER_OFFICES = ("PresentationOffice", "SupervisingOffice")


class OfficeKnown(_Offices, frozen=True):
    """The other customs offices that a declaration names exist, too."""

    name = "OFFICE-KNOWN"
    severity = Severity.WARNING
    code = "UNKNOWN_CODE"
    reads = ("Declaration/DeclarationOfficeID", *(f"Declaration/{name}/ID" for name in _OTHER_OFFICES))
    leafwise = True
    advice = "Look the office up in the customs office list and give its code of eight characters."

    def check(self, context: Context) -> Findings:
        office = capitals(context.tree, "DeclarationOfficeID")
        if self._is_unknown(office):
            yield (
                path_below(DECLARATION_PATH, "DeclarationOfficeID"),
                f"{quoted(office)} is not a known customs office.",
            )
        for name in _OTHER_OFFICES:
            if name in context.tree:
                office = capitals(group(context.tree, name), "ID")
                if self._is_unknown(office):
                    yield path_below(DECLARATION_PATH, name, "ID"), f"{quoted(office)} is not a known customs office."


_LOCATION = f"{CONSIGNMENT}/GoodsLocation"
_LOCATION_PARTS = (("TypeCode",), ("Address", "TypeCode"), ("Address", "CountryCode"))


class GoodsLocation(Rule, frozen=True):
    """The place where the goods can be examined has a kind, a qualifier, a country, and a name or code (DE 5/23)."""

    name = "GOODS-LOCATION"
    reads = (
        _LOCATION,
        f"{_LOCATION}/Name",
        f"{_LOCATION}/ID",
        *(f"{_LOCATION}/{'/'.join(part)}" for part in _LOCATION_PARTS),
    )
    advice = "Complete GoodsLocation: Name, TypeCode, Address/TypeCode and Address/CountryCode."

    def check(self, context: Context) -> Findings:
        location = group(context.consignment, "GoodsLocation")
        path = path_below(CONSIGNMENT_PATH, "GoodsLocation")
        if not location:
            yield path, "The declaration does not say where the goods are."
            return
        if not value(location, "Name") and not value(location, "ID"):
            yield path_below(path, "Name"), "The place of the goods has no name or code."
        address = group(location, "Address")
        for part in _LOCATION_PARTS:
            if not value(location if len(part) == 1 else address, part[-1]):
                yield path_below(path, *part), f"The place of the goods has no {'/'.join(part)}."


_MEANS = ("ArrivalTransportMeans", "DepartureTransportMeans")
_BORDER = "BorderTransportMeans"
_MEANS_PATHS = (f"Declaration/{_BORDER}", *(f"{CONSIGNMENT}/{name}" for name in _MEANS))
_MEANS_READS = tuple(f"{path}/{leaf}" for path in _MEANS_PATHS for leaf in ("ID", "IdentificationTypeCode"))


def _means_of_transport(context: Context) -> Iterator[tuple[Path, Tree]]:
    if _BORDER in context.tree:
        yield path_below(DECLARATION_PATH, _BORDER), group(context.tree, _BORDER)
    for name in _MEANS:
        if name in context.consignment:
            yield path_below(CONSIGNMENT_PATH, name), group(context.consignment, name)


class TransportKind(Rule, frozen=True):
    """The identifier of a means of transport has its kind beside it (DE 7/7, 7/9, 7/14)."""

    name = "TRANSPORT-KIND"
    reads = _MEANS_READS
    advice = "Add IdentificationTypeCode, for example for a ship's number, a flight or a number plate."

    def check(self, context: Context) -> Findings:
        for path, means in _means_of_transport(context):
            if "ID" in means and "IdentificationTypeCode" not in means:
                yield (
                    path_below(path, "IdentificationTypeCode"),
                    f"{path[-1].name} has an ID, but IdentificationTypeCode is missing.",
                )


class TransportIdentity(Rule, frozen=True):
    """The kind of identifier of a means of transport has the identifier beside it."""

    name = "TRANSPORT-IDENTITY"
    severity = Severity.WARNING
    reads = _MEANS_READS
    advice = "Add the ID of the means of transport, or remove IdentificationTypeCode."

    def check(self, context: Context) -> Findings:
        for path, means in _means_of_transport(context):
            if "IdentificationTypeCode" in means and "ID" not in means:
                yield path_below(path, "ID"), f"{path[-1].name} has an IdentificationTypeCode, but no ID."
