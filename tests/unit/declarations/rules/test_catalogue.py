"""Every rule is broken once, alone, in a declaration that is otherwise clean, and is found where it was broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.declarations.elements import ELEMENTS, leaf_paths
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.rules.catalogue import NATIONAL_RULES, WCO_RULES
from singlewindow.declarations.rules.rule import Rule

ITEM = "GoodsShipment/GovernmentAgencyGoodsItem/0"
AT_ITEM = "GoodsShipment/GovernmentAgencyGoodsItem[1]"
CONSIGNMENT = "GoodsShipment/Consignment"

Change = tuple[str, Any]
Case = tuple[str, tuple[Change, ...], str]


def put(tree: Any, path: str, value: Any) -> None:
    """Set the node at `path` (positions from 0), or take it out where `value` is None."""
    *parents, last = path.split("/")
    for step in parents:
        tree = tree[int(step)] if isinstance(tree, list) else tree.setdefault(step, {})
    if isinstance(tree, list):
        tree[int(last) :] = [value]
    elif value is None:
        del tree[last]
    else:
        tree[last] = value


GBP_ITEM = {
    "SequenceNumeric": "2",
    "AdditionalDocument": [{"CategoryCode": "N", "ID": "INV-7782", "TypeCode": "935"}],
    "Commodity": {
        "Classification": [{"ID": "73239300", "IdentificationTypeCode": "TSP"}],
        "InvoiceLine": {"ItemChargeAmount": {"@currencyID": "USD", "#text": "1.00"}},
    },
    "CustomsValuation": {"MethodCode": "4"},
    "GovernmentProcedure": [{"CurrentCode": "40", "PreviousCode": "00"}, {"CurrentCode": "000"}],
}
TWO_ITEMS: tuple[Change, ...] = (
    ("GoodsItemQuantity", "2"),
    ("GoodsShipment/GovernmentAgencyGoodsItem/1", GBP_ITEM),
)
REQUEST: tuple[Change, ...] = (("FunctionCode", "13"), ("TypeCode", "COR"), ("ID", "26GBAB1234567890A1"))
AT_PRICE = f"{AT_ITEM}/Commodity/InvoiceLine/ItemChargeAmount"
DOCUMENT = f"{ITEM}/AdditionalDocument"

CASES: tuple[Case, ...] = (
    ("WCO-LRN-GIVEN", (("FunctionalReferenceID", None),), "hard FunctionalReferenceID"),
    ("WCO-LRN-CHARACTERS", (("FunctionalReferenceID", "KETTLES '1'"),), "hard FunctionalReferenceID"),
    (
        "WCO-IDENTIFIER-CHARACTERS",
        ((f"{ITEM}/Commodity/Classification/0/ID", "7323\uff19\uff1300"),),
        f"hard {AT_ITEM}/Commodity/Classification[1]/ID",
    ),
    (
        "WCO-COMMODITY-DIGITS",
        ((f"{ITEM}/Commodity/Classification/0/ID", "732393O0"),),
        f"hard {AT_ITEM}/Commodity/Classification[1]/ID",
    ),
    (
        "WCO-TARIFF-CODE-ONCE",
        ((f"{ITEM}/Commodity/Classification/1", {"ID": "36036000", "IdentificationTypeCode": "TSP"}),),
        f"hard {AT_ITEM}/Commodity/Classification[2]/ID",
    ),
    ("WCO-TYPE-KNOWN", (("TypeCode", "IMX"),), "hard TypeCode"),
    (
        "WCO-TARIFF-CODE-GIVEN",
        ((f"{ITEM}/Commodity/Classification", None),),
        f"hard {AT_ITEM}/Commodity/Classification[1]/ID",
    ),
    ("WCO-REQUEST-NAMES-DECLARATION", (*REQUEST, ("ID", None)), "hard ID"),
    ("WCO-ITEM-COUNT", (("GoodsItemQuantity", "2"),), "hard GoodsItemQuantity"),
    ("WCO-ITEM-COUNT-GIVEN", (("GoodsItemQuantity", None),), "warning GoodsItemQuantity"),
    ("WCO-ITEM-SEQUENCE", ((f"{ITEM}/SequenceNumeric", "2"),), f"hard {AT_ITEM}/SequenceNumeric"),
    ("WCO-PACKAGE-TOTAL", (("TotalPackageQuantity", "11"),), "warning TotalPackageQuantity"),
    (
        "WCO-PACKAGES-COUNTED",
        ((f"{ITEM}/Packaging/0/QuantityQuantity", "0"), ("TotalPackageQuantity", "0")),
        f"warning {AT_ITEM}/Packaging[1]/QuantityQuantity",
    ),
    (
        "WCO-PACKAGE-SEQUENCE",
        ((f"{ITEM}/Packaging/0/SequenceNumeric", "3"),),
        f"warning {AT_ITEM}/Packaging[1]/SequenceNumeric",
    ),
    (
        "WCO-CONTAINER-IDENTIFIED",
        ((f"{CONSIGNMENT}/TransportEquipment", None),),
        f"hard {CONSIGNMENT}/TransportEquipment[1]/ID",
    ),
    (
        "WCO-CONTAINER-CONTRADICTED",
        ((f"{CONSIGNMENT}/ContainerCode", "0"),),
        f"hard {CONSIGNMENT}/TransportEquipment[1]/ID",
    ),
    (
        "WCO-CONTAINER-CHECK-DIGIT",
        ((f"{CONSIGNMENT}/TransportEquipment/0/ID", "CONU0000018"),),
        f"warning {CONSIGNMENT}/TransportEquipment[1]/ID",
    ),
    (
        "WCO-EQUIPMENT-SEQUENCE",
        ((f"{CONSIGNMENT}/TransportEquipment/0/SequenceNumeric", "2"),),
        f"hard {CONSIGNMENT}/TransportEquipment[1]/SequenceNumeric",
    ),
    (
        "WCO-SEAL-SEQUENCE",
        ((f"{CONSIGNMENT}/TransportEquipment/0/Seal", [{"SequenceNumeric": "5", "ID": "S1"}]),),
        f"warning {CONSIGNMENT}/TransportEquipment[1]/Seal[1]/SequenceNumeric",
    ),
    (
        "WCO-ITINERARY-SEQUENCE",
        (("Consignment", {"Itinerary": [{"SequenceNumeric": "2", "RoutingCountryCode": "CN"}]}),),
        "hard Consignment/Itinerary[1]/SequenceNumeric",
    ),
    (
        "WCO-NOT-NEGATIVE",
        ((f"{ITEM}/StatisticalValueAmount", {"@currencyID": "GBP", "#text": "-1"}),),
        f"hard {AT_ITEM}/StatisticalValueAmount",
    ),
    (
        "WCO-MASS-UNIT",
        ((f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure", {"@unitCode": "tne", "#text": "0.1"}),),
        f"hard {AT_ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure/@unitCode",
    ),
    (
        "WCO-MASS-POSITIVE",
        ((f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure", "-1"),),
        f"hard {AT_ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure",
    ),
    (
        "WCO-NET-MASS-WITHIN-GROSS",
        ((f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure", "120.50001"),),
        f"hard {AT_ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure",
    ),
    (
        "WCO-NET-MASS-BELOW-GROSS",
        ((f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure", "120.500"),),
        f"hard {AT_ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure",
    ),
    (
        "WCO-DATE-REAL",
        (("AcceptanceDateTime", {"DateTimeString": {"@formatCode": "102", "#text": "20260230"}}),),
        "hard AcceptanceDateTime/DateTimeString",
    ),
    (
        "WCO-DATE-FORMAT",
        (("AcceptanceDateTime", {"DateTimeString": {"@formatCode": "304", "#text": "20260228"}}),),
        "warning AcceptanceDateTime/DateTimeString",
    ),
    (
        "WCO-DATE-NOT-FAR-AHEAD",
        (("AcceptanceDateTime", {"DateTimeString": {"@formatCode": "102", "#text": "20990228"}}),),
        "hard AcceptanceDateTime/DateTimeString",
    ),
    (
        "WCO-DATE-NOT-LONG-AGO",
        (("AcceptanceDateTime", {"DateTimeString": {"@formatCode": "102", "#text": "20010228"}}),),
        "hard AcceptanceDateTime/DateTimeString",
    ),
    ("WCO-IDENTIFIER-SPACE", (("Declarant/ID", "GB 444555666000"),), "hard Declarant/ID"),
    (
        "WCO-CODE-CAPITALS",
        (("GoodsShipment/TradeTerms/ConditionCode", "cif"),),
        "hard GoodsShipment/TradeTerms/ConditionCode",
    ),
    ("WCO-COUNTRY-KNOWN", (("GoodsShipment/ExportCountry/ID", "AA"),), "hard GoodsShipment/ExportCountry/ID"),
    (
        "WCO-CURRENCY-KNOWN",
        (("ObligationGuarantee/0/AmountAmount", {"@currencyID": "ZZZ", "#text": "1"}),),
        "hard ObligationGuarantee[1]/AmountAmount/@currencyID",
    ),
    (
        "WCO-AMOUNT-CURRENCY",
        ((f"{ITEM}/StatisticalValueAmount", "5"),),
        f"hard {AT_ITEM}/StatisticalValueAmount/@currencyID",
    ),
    ("WCO-DECLARANT-GIVEN", (("Declarant", None),), "hard Declarant/ID"),
    ("WCO-PARTY-IDENTIFIED", (("Declarant/ID", None),), "hard Declarant/ID"),
    ("WCO-PARTY-IDENTIFIED-ONCE", (("Declarant/Name", "Kettle Agents"),), "hard Declarant/Name"),
    (
        "WCO-ONE-CURRENCY",
        (*TWO_ITEMS, ("InvoiceAmount", None)),
        "hard GoodsShipment/GovernmentAgencyGoodsItem[2]/Commodity/InvoiceLine/ItemChargeAmount/@currencyID",
    ),
    (
        "WCO-INVOICE-CURRENCY",
        (("InvoiceAmount", {"@currencyID": "USD", "#text": "900.00"}),),
        "hard InvoiceAmount/@currencyID",
    ),
    ("WCO-INVOICE-TOTAL", (("InvoiceAmount/#text", "900.01"),), "warning InvoiceAmount"),
    ("GB-LRN-LENGTH", (("FunctionalReferenceID", "K" * 23),), "hard FunctionalReferenceID"),
    ("GB-REQUEST-TYPE-KNOWN", (*REQUEST, ("TypeCode", "XYZ")), "hard TypeCode"),
    (
        "GB-ACCEPTANCE-DATE-GIVEN",
        (
            ("TypeCode", "IMY"),
            ("GoodsShipment/PreviousDocument/0", {"CategoryCode": "Y", "ID": "26GBX", "TypeCode": "SDE"}),
        ),
        "hard AcceptanceDateTime",
    ),
    (
        "GB-STATEMENTS-COMPATIBLE",
        ((f"{ITEM}/AdditionalInformation", [{"StatementCode": "NIDOM"}, {"StatementCode": "NIIMP"}]),),
        f"hard {AT_ITEM}/AdditionalInformation[2]/StatementCode",
    ),
    (
        "GB-TRANSACTION-NATURE-LEVEL",
        (("GoodsShipment/TransactionNatureCode", "11"), (f"{ITEM}/TransactionNatureCode", "11")),
        f"warning {AT_ITEM}/TransactionNatureCode",
    ),
    ("GB-EXPORT-COUNTRY-LEVEL", ((f"{ITEM}/ExportCountry", {"ID": "CN"}),), f"warning {AT_ITEM}/ExportCountry/ID"),
    ("GB-PARTY-ADDRESS", (("Exporter/Address/PostcodeID", None),), "hard Exporter/Address/PostcodeID"),
    ("GB-PARTY-ID-FORM", (("Declarant/ID", "GB-444"),), "hard Declarant/ID"),
    ("GB-REPRESENTATIVE", (("Agent", None),), "hard Agent/FunctionCode"),
    (
        "GB-SELF-REPRESENTATION",
        (("Declarant/ID", "GB111222333000"),),
        f"warning {AT_ITEM}/AdditionalInformation/StatementCode",
    ),
    (
        "GB-PROCEDURE-GIVEN",
        (
            (f"{ITEM}/GovernmentProcedure/0", {"CurrentCode": "40"}),
            (f"{ITEM}/GovernmentProcedure/1", {"CurrentCode": "000"}),
        ),
        f"hard {AT_ITEM}/GovernmentProcedure[1]/PreviousCode",
    ),
    (
        "GB-ADDITIONAL-PROCEDURE-GIVEN",
        ((f"{ITEM}/GovernmentProcedure", [{"CurrentCode": "40", "PreviousCode": "00"}]),),
        f"hard {AT_ITEM}/GovernmentProcedure[2]/CurrentCode",
    ),
    (
        "GB-NO-ADDITIONAL-PROCEDURE-ALONE",
        ((f"{ITEM}/GovernmentProcedure/2", {"CurrentCode": "C07"}),),
        f"hard {AT_ITEM}/GovernmentProcedure[2]/CurrentCode",
    ),
    (
        "GB-COMMODITY-CODE",
        (
            (f"{ITEM}/Commodity/Classification/0/ID", "732393"),
            (f"{ITEM}/Commodity/Classification/1", {"ID": "00", "IdentificationTypeCode": "TRC"}),
        ),
        f"warning {AT_ITEM}/Commodity/Classification[1]/ID",
    ),
    (
        "GB-TARIFF-ADDITION",
        ((f"{ITEM}/Commodity/Classification/1/ID", "000"),),
        f"hard {AT_ITEM}/Commodity/Classification[2]/ID",
    ),
    (
        "GB-DOCUMENT-CODE",
        ((f"{DOCUMENT}/3", {"CategoryCode": "Y", "TypeCode": "92", "ID": "X"}),),
        f"hard {AT_ITEM}/AdditionalDocument[4]/TypeCode",
    ),
    (
        "GB-DOCUMENT-REFERENCE",
        ((f"{DOCUMENT}/3", {"CategoryCode": "Y", "TypeCode": "929"}),),
        f"warning {AT_ITEM}/AdditionalDocument[4]/ID",
    ),
    (
        "GB-DOCUMENT-ONCE",
        ((f"{DOCUMENT}/3", {"CategoryCode": "N", "ID": "INV-7781", "TypeCode": "935"}),),
        f"hard {AT_ITEM}/AdditionalDocument[4]/ID",
    ),
    (
        "GB-AUTHORISATION-DOCUMENT",
        (("AuthorisationHolder/2", {"ID": "GB111222333000", "CategoryCode": "SDE"}),),
        "hard AuthorisationHolder[3]/CategoryCode",
    ),
    (
        "GB-DOCUMENT-AUTHORISATION",
        (("AuthorisationHolder", [{"ID": "GB111222333000", "CategoryCode": "DPO"}]),),
        f"warning {AT_ITEM}/AdditionalDocument[2]/TypeCode",
    ),
    ("GB-GUARANTEE-GIVEN", (("ObligationGuarantee", None),), "warning ObligationGuarantee/SecurityDetailsCode"),
    ("GB-PREVIOUS-DOCUMENT-GIVEN", (("GoodsShipment/PreviousDocument", None),), "hard GoodsShipment/PreviousDocument"),
    (
        "GB-PREVIOUS-DOCUMENT-CATEGORY",
        (("GoodsShipment/PreviousDocument/0/CategoryCode", "Q"),),
        "hard GoodsShipment/PreviousDocument[1]/CategoryCode",
    ),
    (
        "GB-CONSIGNMENT-REFERENCE",
        (
            ("TypeCode", "EXD"),
            ("ExitOffice", {"ID": "GB000060"}),
            ("GoodsShipment/PreviousDocument/0/TypeCode", "MCR"),
        ),
        "hard GoodsShipment/PreviousDocument",
    ),
    (
        "GB-CONSIGNMENT-REFERENCE-FORM",
        (("GoodsShipment/PreviousDocument/0/ID", "KETTLES"),),
        "warning GoodsShipment/PreviousDocument[1]/ID",
    ),
    (
        "GB-SUPPLEMENTARY-PREVIOUS",
        (
            ("TypeCode", "IMY"),
            ("AcceptanceDateTime", {"DateTimeString": {"@formatCode": "102", "#text": "20260228"}}),
        ),
        "warning GoodsShipment/PreviousDocument",
    ),
    ("GB-DEFERMENT-ACCOUNT", (("AdditionalDocument", None),), "hard AdditionalDocument[1]/ID"),
    (
        "GB-DEFERMENT-AUTHORISATION",
        (("AuthorisationHolder", [{"ID": "GB111222333000", "CategoryCode": "CGU"}]),),
        f"hard {AT_ITEM}/Commodity/DutyTaxFee[1]/Payment/MethodCode",
    ),
    (
        "GB-TAX-PAYMENT-METHOD",
        ((f"{ITEM}/Commodity/DutyTaxFee/1/Payment", None),),
        f"hard {AT_ITEM}/Commodity/DutyTaxFee[2]/Payment/MethodCode",
    ),
    (
        "GB-ONE-PREFERENCE",
        ((f"{ITEM}/Commodity/DutyTaxFee/1/DutyRegimeCode", "120"),),
        f"hard {AT_ITEM}/Commodity/DutyTaxFee[2]/DutyRegimeCode",
    ),
    (
        "GB-PREFERENCE-ORIGIN",
        (
            (f"{ITEM}/Commodity/DutyTaxFee/0/DutyRegimeCode", "300"),
            (f"{ITEM}/Commodity/DutyTaxFee/1/DutyRegimeCode", None),
        ),
        f"hard {AT_ITEM}/Origin[2]/TypeCode",
    ),
    ("GB-VALUATION-TERMS", (("GoodsShipment/TradeTerms", None),), "hard GoodsShipment/TradeTerms"),
    (
        "GB-VALUATION-GIVEN",
        ((f"{ITEM}/CustomsValuation", None),),
        f"warning {AT_ITEM}/CustomsValuation/MethodCode",
    ),
    (
        "GB-VALUATION-PRICE",
        (
            (f"{ITEM}/Commodity/InvoiceLine", None),
            (f"{ITEM}/StatisticalValueAmount", {"@currencyID": "GBP", "#text": "900"}),
        ),
        f"hard {AT_PRICE}",
    ),
    ("GB-VALUATION-DOCUMENT", ((f"{DOCUMENT}/0/TypeCode", "954"),), f"hard {AT_ITEM}/AdditionalDocument"),
    (
        "GB-VALUATION-INDICATORS",
        ((f"{ITEM}/ValuationAdjustment/AdditionCode", "000"),),
        f"warning {AT_ITEM}/ValuationAdjustment/AdditionCode",
    ),
    ("GB-EXIT-OFFICE", (("TypeCode", "EXD"),), "hard ExitOffice/ID"),
    ("GB-EXIT-OFFICE-KNOWN", (("TypeCode", "EXD"), ("ExitOffice", {"ID": "GB999999"})), "hard ExitOffice/ID"),
    ("GB-OFFICE-KNOWN", (("SupervisingOffice", {"ID": "GB99"}),), "warning SupervisingOffice/ID"),
    (
        "GB-GOODS-LOCATION",
        ((f"{CONSIGNMENT}/GoodsLocation/Address/TypeCode", None),),
        f"hard {CONSIGNMENT}/GoodsLocation/Address/TypeCode",
    ),
    (
        "GB-TRANSPORT-KIND",
        (("BorderTransportMeans/IdentificationTypeCode", None),),
        "hard BorderTransportMeans/IdentificationTypeCode",
    ),
    ("GB-TRANSPORT-IDENTITY", (("BorderTransportMeans/ID", None),), "warning BorderTransportMeans/ID"),
)

# Rules that cannot be broken alone, with the test that breaks them.
BROKEN_ELSEWHERE = {"WCO-ITEM-LIMIT": "test_counts.py", "WCO-ITEMS-PRESENT": "test_counts.py"}


def test_a_clean_import_breaks_nothing(goods_import: Tree, breaches: Callable[..., list[str]]) -> None:
    assert breaches(goods_import) == []


def test_a_clean_export_breaks_nothing(goods_export: Tree, breaches: Callable[..., list[str]]) -> None:
    assert breaches(goods_export) == []


@pytest.mark.parametrize(("rule", "changes", "breach"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_is_found_alone_where_it_was_broken(
    rule: str, changes: tuple[Change, ...], breach: str, goods_import: Tree, breaches: Callable[..., list[str]]
) -> None:
    for path, value in changes:
        put(goods_import, path, value)
    severity, place = breach.split(" ")
    assert breaches(goods_import) == [f"{severity} {rule} {place}"]


def test_every_rule_has_a_test_that_breaks_it(rulebooks: Rulebooks) -> None:
    applied = {bound.rule_id for bound in rulebooks.rulebook_for("GB").rules}
    assert applied == {case[0] for case in CASES} | set(BROKEN_ELSEWHERE)


def test_every_rule_class_is_in_the_catalogue_once() -> None:
    catalogued = [*WCO_RULES, *NATIONAL_RULES]
    root: type[Rule] = Rule  # type: ignore[type-abstract]  # only its children are looked at
    written = {kind for kind in _descendants(root) if not kind.__name__.startswith("_")}
    assert len(catalogued) == len(set(catalogued))
    assert set(catalogued) == written


def _descendants(kind: type[Rule]) -> set[type[Rule]]:
    return {child for direct in kind.__subclasses__() for child in {direct, *_descendants(direct)}}


@pytest.mark.parametrize("kind", [*WCO_RULES, *NATIONAL_RULES], ids=lambda kind: kind.name)
def test_every_rule_reads_paths_of_the_schema_and_says_what_to_do(kind: type[Rule]) -> None:
    assert set(kind.reads) <= set(ELEMENTS) | set(leaf_paths())
    assert kind.reads
    assert kind.advice.endswith(".")
    assert kind.__doc__
