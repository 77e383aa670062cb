"""Rules about the parties: how each is identified, complete addresses, and who acts for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from singlewindow.declarations.faults import Path, Severity
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.context import (
    DECLARATION_PATH,
    SHIPMENT_PATH,
    Context,
    capitals,
    group,
    groups,
    value,
)
from singlewindow.declarations.rules.rule import (
    ITEMS,
    SHIPMENT,
    Findings,
    Rule,
    Scope,
    check_pattern,
    path_below,
    quoted,
)
from singlewindow.declarations.values import UNSEEN

_HEADER = ("Exporter", "Declarant")
_SHIPMENT = ("Importer", "Consignee")
_TRADERS = (
    *(f"Declaration/{name}" for name in _HEADER),
    *(f"{SHIPMENT}/{name}" for name in _SHIPMENT),
    f"{ITEMS}/Consignee",
)
_PATHS = {name: path_below(DECLARATION_PATH, name) for name in _HEADER} | {
    name: path_below(SHIPMENT_PATH, name) for name in _SHIPMENT
}
_ADDRESS = ("Line", "CityName", "CountryCode", "PostcodeID")


def _leaf_paths(parties: tuple[str, ...], *leaves: str) -> tuple[str, ...]:
    return tuple(f"{party}/{leaf}" for party in parties for leaf in leaves)


def _trading_parties(context: Context) -> Iterator[tuple[Path, Tree]]:
    """Exporter, declarant, importer and the consignees that the declaration has."""
    for name in _HEADER:
        if name in context.tree:
            yield _PATHS[name], group(context.tree, name)
    for name in _SHIPMENT:
        if name in context.shipment:
            yield _PATHS[name], group(context.shipment, name)
    for item in context.items:
        if "Consignee" in item.tree:
            yield path_below(item.path, "Consignee"), group(item.tree, "Consignee")


class DeclarantGiven(Rule, frozen=True):
    """An original names the declarant, who is responsible for it (DE 3/17, 3/18)."""

    name = "DECLARANT-GIVEN"
    reads = ("Declaration/Declarant",)
    advice = "Add Declarant with the identifier, or the name and address, of the party that makes the declaration."

    def check(self, context: Context) -> Findings:
        if "Declarant" not in context.tree:
            yield path_below(DECLARATION_PATH, "Declarant", "ID"), "The declaration names no declarant."


class PartyIdentified(Rule, frozen=True):
    """Exporter, importer, declarant and consignee have an identifier or a name (DE 3/1 to 3/18)."""

    name = "PARTY-IDENTIFIED"
    reads = (*_TRADERS, *_leaf_paths(_TRADERS, "ID", "Name"))
    advice = "Give the party's identifier, or its name and address, or remove the party."

    def check(self, context: Context) -> Findings:
        for path, party in _trading_parties(context):
            if "ID" not in party and "Name" not in party:
                yield path_below(path, "ID"), f"{path[-1].name} has neither an identifier nor a name."


class PartyIdentifiedOnce(Rule, frozen=True):
    """A party has either an identifier or a name and address, so that the two cannot contradict each other."""

    name = "PARTY-IDENTIFIED-ONCE"
    severity = Severity.WARNING
    reads = (*_TRADERS, *_leaf_paths(_TRADERS, "ID", "Name", "Address"))
    advice = "Keep the identifier and remove name and address, or the other way round."

    def check(self, context: Context) -> Findings:
        for path, party in _trading_parties(context):
            if "ID" in party and ("Name" in party or "Address" in party):
                other = "Name" if "Name" in party else "Address"
                yield path_below(path, other), f"{path[-1].name} has an identifier and also a name or an address."


class PartyAddress(Rule, frozen=True):
    """A party without an identifier has an address with street, city, country and postcode."""

    name = "PARTY-ADDRESS"
    reads = (*_TRADERS, *_leaf_paths(_TRADERS, "ID", "Name", "Address", *(f"Address/{part}" for part in _ADDRESS)))
    advice = "Complete the address: Line, CityName, CountryCode and PostcodeID."

    def check(self, context: Context) -> Findings:
        for path, party in _trading_parties(context):
            if "ID" in party or ("Name" not in party and "Address" not in party):
                continue
            if "Name" not in party:
                yield path_below(path, "Name"), f"{path[-1].name} has an address but no name."
            address = group(party, "Address")
            for part in _ADDRESS:
                if not value(address, part):
                    yield path_below(path, "Address", part), f"The address of {path[-1].name} has no {part}."


_SINGLE_PARTIES = (
    ("Declaration", ("Agent", "Declarant", "Exporter", "Submitter")),
    (SHIPMENT, ("Buyer", "Consignee", "Consignor", "Importer", "Seller")),
)
_IDENTIFIED = (
    *(f"{parent}/{name}" for parent, names in _SINGLE_PARTIES for name in names),
    "Declaration/AuthorisationHolder",
)


class PartyIdForm(Rule, frozen=True):
    """A party identifier has two letters for the country, then letters or digits."""

    name = "PARTY-ID-FORM"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = (*_IDENTIFIED, *_leaf_paths(_IDENTIFIED, "ID"))
    leafwise = True
    advice = "Give the identifier as it was assigned, such as GB123456789012, without spaces or punctuation."

    pattern: str

    def __post_init__(self) -> None:
        check_pattern(self.pattern)

    def check(self, context: Context) -> Findings:
        form = re.compile(self.pattern)
        for place, party in _identified_parties(context):
            identifier = value(party, "ID")
            if not identifier.isascii() or not UNSEEN.isdisjoint(identifier):
                continue  # the fault of another rule
            if identifier and not form.fullmatch(identifier):
                yield path_below(*place, "ID"), f"{quoted(identifier)} is not a party identifier."


def _identified_parties(context: Context) -> Iterator[tuple[tuple[Path, str | tuple[str, int]], Tree]]:
    for parent, path, (_, names) in (
        (context.tree, DECLARATION_PATH, _SINGLE_PARTIES[0]),
        (context.shipment, SHIPMENT_PATH, _SINGLE_PARTIES[1]),
    ):
        for name in names:
            if name in parent:
                yield (path, name), group(parent, name)
    for index, holder in enumerate(groups(context.tree, "AuthorisationHolder"), start=1):
        yield (DECLARATION_PATH, ("AuthorisationHolder", index)), holder


_ROLES = ("Declaration/Declarant/ID", f"{SHIPMENT}/Importer", f"{SHIPMENT}/Importer/ID")


def _acts_for_another(context: Context) -> bool | None:
    """Whether declarant and importer differ; None if one of them has no identifier."""
    declarant = value(group(context.tree, "Declarant"), "ID")
    importer = value(group(context.shipment, "Importer"), "ID")
    return declarant != importer if declarant and importer else None


class Representative(Rule, frozen=True):
    """A declarant who acts for the importer is either a direct or an indirect representative (DE 3/21)."""

    name = "REPRESENTATIVE"
    scope = Scope.IMPORTS
    reads = (*_ROLES, "Declaration/Agent", "Declaration/Agent/FunctionCode")
    advice = "Add Agent with the FunctionCode for direct or indirect representation."

    functions: frozenset[str]

    def check(self, context: Context) -> Findings:
        if not _acts_for_another(context):
            return
        if capitals(group(context.tree, "Agent"), "FunctionCode") not in self.functions:
            path = path_below(DECLARATION_PATH, "Agent", "FunctionCode")
            yield path, "The declarant is not the importer, but the kind of representation is missing."


class SelfRepresentation(Rule, frozen=True):
    """An importer without a representative says so in a statement."""

    name = "SELF-REPRESENTATION"
    severity = Severity.WARNING
    scope = Scope.IMPORTS
    reads = (
        *_ROLES,
        f"{ITEMS}/AdditionalInformation",
        f"{ITEMS}/AdditionalInformation/StatementCode",
        "Declaration/AdditionalInformation",
        "Declaration/AdditionalInformation/StatementCode",
    )
    advice = "Add the AdditionalInformation statement for importers without a representative."

    statement: str

    def check(self, context: Context) -> Findings:
        if _acts_for_another(context) is False and self.statement not in context.statements and context.items:
            path = path_below(context.items[0].path, "AdditionalInformation", "StatementCode")
            yield path, f"Declarant and importer are the same, but statement {self.statement} is missing."
