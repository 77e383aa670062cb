"""Small declarations written for tests: they name no country, and keep the rules of the profile that ships."""

from __future__ import annotations

import json
from typing import Any

from singlewindow.declarations.model import Declaration
from singlewindow.declarations.writing.binding import to_xml

JSON_TYPE = "application/json"
XML_TYPE = "application/xml"
TRADER = "GB123456789000"
"""The party of the traders and the declarant of the documents, where a test does not say another."""
HAND_TOOLS, PISTOLS = "82055980", "93020000"


def tree(
    lrn: str = "LRN1", commodity: str = HAND_TOOLS, description: str = "Spanners", **changes: Any
) -> dict[str, Any]:
    """The Declaration element of one import of one item; `changes` replace elements of its top level."""
    item = {
        "SequenceNumeric": "1",
        "Commodity": {
            "Description": description,
            "Classification": [{"ID": commodity, "IdentificationTypeCode": "TSP"}],
            "GoodsMeasure": {"GrossMassMeasure": "12", "NetNetWeightMeasure": "10"},
            "InvoiceLine": {"ItemChargeAmount": {"@currencyID": "GBP", "#text": "100.00"}},
        },
        "CustomsValuation": {"MethodCode": "4"},
        "GovernmentProcedure": [{"CurrentCode": "40", "PreviousCode": "00"}, {"CurrentCode": "000"}],
        "Packaging": [{"SequenceNumeric": "1", "QuantityQuantity": "1", "TypeCode": "CT"}],
    }
    return {
        "FunctionCode": "9",
        "FunctionalReferenceID": lrn,
        "TypeCode": "IMA",
        "GoodsItemQuantity": "1",
        "TotalPackageQuantity": "1",
        "Agent": {"FunctionCode": "2"},
        "BorderTransportMeans": {"ModeCode": "3"},
        "Declarant": {"ID": TRADER},
        "GoodsShipment": {
            "Consignment": {
                "GoodsLocation": {"Name": "LND", "TypeCode": "A", "Address": {"TypeCode": "U", "CountryCode": "GB"}}
            },
            "GovernmentAgencyGoodsItem": [item],
            "PreviousDocument": [
                {"CategoryCode": "Y", "ID": "6FR246813579000-REF1", "TypeCode": "DCR", "LineNumeric": "1"}
            ],
        },
    } | changes


def as_json(declaration: dict[str, Any]) -> bytes:
    """The document in JSON, without an envelope."""
    return json.dumps({"Declaration": declaration}).encode()


def as_xml(declaration: dict[str, Any]) -> bytes:
    """The document in XML, without an envelope."""
    return to_xml(Declaration(declaration), enveloped=False)
