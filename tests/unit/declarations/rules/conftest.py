"""An import and an export of our own making that break no rule, and a way to ask what a changed one breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from singlewindow.declarations.faults import Fault
from singlewindow.declarations.faults import Path as Place
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.rules import Profile, Rulebook, Rulebooks, load_rulebooks
from tests.corpus import CORPUS
from tests.places import CONFIGURATION

_ITEM: Tree = {
    "SequenceNumeric": "1",
    "AdditionalDocument": [
        {"CategoryCode": "N", "ID": "INV-7781", "TypeCode": "935", "LPCOExemptionCode": "AC"},
        {"CategoryCode": "C", "ID": "GBCGU-0001", "TypeCode": "505"},
        {"CategoryCode": "C", "ID": "GBDPO-0002", "TypeCode": "506"},
    ],
    "AdditionalInformation": [{"StatementCode": "00100", "StatementDescription": "Simplified authorisation"}],
    "Commodity": {
        "Description": "Steel kettles",
        "Classification": [
            {"ID": "73239300", "IdentificationTypeCode": "TSP"},
            {"ID": "00", "IdentificationTypeCode": "TRC"},
        ],
        "DutyTaxFee": [
            {"DutyRegimeCode": "100", "TypeCode": "A00", "Payment": {"MethodCode": "E"}},
            {"DutyRegimeCode": "100", "TypeCode": "B00", "Payment": {"MethodCode": "E"}},
        ],
        "GoodsMeasure": {"GrossMassMeasure": "120.5", "NetNetWeightMeasure": "110"},
        "InvoiceLine": {"ItemChargeAmount": {"@currencyID": "GBP", "#text": "900.00"}},
    },
    "CustomsValuation": {"MethodCode": "1"},
    "GovernmentProcedure": [{"CurrentCode": "40", "PreviousCode": "00"}, {"CurrentCode": "000"}],
    "Origin": [{"CountryCode": "CN", "TypeCode": "1"}],
    "Packaging": [
        {"SequenceNumeric": "1", "MarksNumbersID": "KETTLES 1-10", "QuantityQuantity": "10", "TypeCode": "CT"}
    ],
    "ValuationAdjustment": {"AdditionCode": "0000"},
}

_IMPORT: Tree = {
    "FunctionCode": "9",
    "FunctionalReferenceID": "KETTLES-2026-0001",
    "TypeCode": "IMA",
    "GoodsItemQuantity": "1",
    "InvoiceAmount": {"@currencyID": "GBP", "#text": "900.00"},
    "TotalPackageQuantity": "10",
    "AdditionalDocument": [{"CategoryCode": "1", "ID": "7654321", "TypeCode": "DAN"}],
    "Agent": {"FunctionCode": "2"},
    "AuthorisationHolder": [
        {"ID": "GB111222333000", "CategoryCode": "CGU"},
        {"ID": "GB111222333000", "CategoryCode": "DPO"},
    ],
    "BorderTransportMeans": {"ID": "PELICAN", "IdentificationTypeCode": "11", "ModeCode": "1"},
    "Declarant": {"ID": "GB444555666000"},
    "Exporter": {
        "Name": "Kettle Works",
        "Address": {"CityName": "Ningbo", "CountryCode": "CN", "Line": "1 Harbour Road", "PostcodeID": "315000"},
    },
    "GoodsShipment": {
        "Consignment": {
            "ContainerCode": "1",
            "ArrivalTransportMeans": {"ID": "9000001", "IdentificationTypeCode": "10"},
            "GoodsLocation": {
                "Name": "FXTFXTFXT",
                "TypeCode": "A",
                "Address": {"TypeCode": "U", "CountryCode": "GB"},
            },
            "TransportEquipment": [{"SequenceNumeric": "1", "ID": "CONU0000019"}],
        },
        "Destination": {"CountryCode": "GB"},
        "ExportCountry": {"ID": "CN"},
        "GovernmentAgencyGoodsItem": [_ITEM],
        "Importer": {"ID": "GB111222333000"},
        "PreviousDocument": [
            {"CategoryCode": "Z", "ID": "6GB111222333000-KETTLES1", "TypeCode": "DCR", "LineNumeric": "1"}
        ],
        "TradeTerms": {"ConditionCode": "CIF", "LocationID": "GBFXT"},
    },
    "ObligationGuarantee": [{"SecurityDetailsCode": "0"}],
}

Breaches = Callable[..., list[str]]


@pytest.fixture
def goods_import() -> Tree:
    """A fresh import declaration that breaks no rule of the United Kingdom."""
    return copy.deepcopy(_IMPORT)


@pytest.fixture
def goods_export() -> Tree:
    """A fresh export declaration that breaks no rule of the United Kingdom."""
    tree = copy.deepcopy(_IMPORT)
    tree["TypeCode"] = "EXD"
    tree["ExitOffice"] = {"ID": "GB000060"}
    return tree


@pytest.fixture
def item(goods_import: Tree) -> Tree:
    """The one goods item of `goods_import`, to change in place."""
    first: Tree = goods_import["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    return first


@pytest.fixture(scope="session")
def rulebooks() -> Rulebooks:
    """The rulebooks of the configuration that ships."""
    return load_rulebooks(CONFIGURATION)


def written(place: Place) -> str:
    """A place for reading in tests: "GoodsShipment/GovernmentAgencyGoodsItem[1]/SequenceNumeric"."""
    return "/".join(f"{step.name}[{step.index}]" if step.index else step.name for step in place[1:])


@pytest.fixture
def faults_of(rulebooks: Rulebooks) -> Callable[..., list[Fault]]:
    """`faults_of(tree, country="GB", broken=())` is what the rulebook finds; other countries have a bare profile."""

    def check(tree: Tree, country: str = "GB", broken: tuple[str, ...] = ()) -> list[Fault]:
        book = rulebooks.rulebook_for(country) if country in rulebooks.profiles else Rulebook(Profile(country), 999)
        return book.check(Declaration(tree), broken)

    return check


@pytest.fixture
def breaches(faults_of: Callable[..., list[Fault]]) -> Breaches:
    """The same, written as "hard GB-EXIT-OFFICE ExitOffice/ID"."""

    def check(tree: Tree, **circumstances: Any) -> list[str]:
        found = faults_of(tree, **circumstances)
        return [f"{fault.severity} {fault.rule} {written(fault.path)}" for fault in found]

    return check


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of published declarations."""
    if not CORPUS.is_dir():
        pytest.skip(f"the published declarations are not at {CORPUS}; set SW_CORPUS to their folder")
    return CORPUS
