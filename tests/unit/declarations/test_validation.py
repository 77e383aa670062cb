"""A message is judged as a whole: schema and rules together, in document order, with lines and pointers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from singlewindow.declarations.faults import FAULTS_SHOWN, hard_faults
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, describe_fault, validate
from tests.corpus import CORPUS
from tests.places import CONFIGURATION

KETTLES = """<MetaData xmlns="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2">
<ResponsibleCountryCode>GB</ResponsibleCountryCode>
<Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2">
<FunctionCode>9</FunctionCode>
<FunctionalReferenceID>KETTLES-2026-0001</FunctionalReferenceID>
<TypeCode>EXD</TypeCode>
<GoodsItemQuantity>1</GoodsItemQuantity>
<InvoiceAmount currencyID="GBP">900.00</InvoiceAmount>
<TotalPackageQuantity>10</TotalPackageQuantity>
<BorderTransportMeans>
<ModeCode>1</ModeCode>
</BorderTransportMeans>
<Declarant>
<ID>GB444555666000</ID>
</Declarant>
<ExitOffice>
<ID>GB000060</ID>
</ExitOffice>
<Exporter>
<ID>GB111222333000</ID>
</Exporter>
<GoodsShipment>
<Consignment>
<ContainerCode>1</ContainerCode>
<GoodsLocation>
<Name>FXTFXTFXT</Name>
<TypeCode>A</TypeCode>
<Address>
<TypeCode>U</TypeCode>
<CountryCode>GB</CountryCode>
</Address>
</GoodsLocation>
<TransportEquipment>
<SequenceNumeric>1</SequenceNumeric>
<ID>CONU0000019</ID>
</TransportEquipment>
</Consignment>
<Destination>
<CountryCode>JP</CountryCode>
</Destination>
<GovernmentAgencyGoodsItem>
<SequenceNumeric>1</SequenceNumeric>
<Commodity>
<Description>Steel kettles</Description>
<Classification>
<ID>73239300</ID>
<IdentificationTypeCode>TSP</IdentificationTypeCode>
</Classification>
<GoodsMeasure>
<GrossMassMeasure>120.5</GrossMassMeasure>
<NetNetWeightMeasure>110</NetNetWeightMeasure>
</GoodsMeasure>
<InvoiceLine>
<ItemChargeAmount currencyID="GBP">900.00</ItemChargeAmount>
</InvoiceLine>
</Commodity>
<GovernmentProcedure>
<CurrentCode>10</CurrentCode>
<PreviousCode>40</PreviousCode>
</GovernmentProcedure>
<GovernmentProcedure>
<CurrentCode>000</CurrentCode>
</GovernmentProcedure>
<Packaging>
<SequenceNumeric>1</SequenceNumeric>
<QuantityQuantity>10</QuantityQuantity>
<TypeCode>CT</TypeCode>
</Packaging>
</GovernmentAgencyGoodsItem>
<PreviousDocument>
<CategoryCode>Z</CategoryCode>
<ID>6GB111222333000-KETTLES1</ID>
<TypeCode>DCR</TypeCode>
</PreviousDocument>
</GoodsShipment>
</Declaration>
</MetaData>
"""

PLANTED = (
    # what is written, what is planted instead, the code, the line, the WCO pointer
    ("<FunctionalReferenceID>KETTLES-2026-0001", "<FunctionalReferenceID>KETTLES-2026-0001-LONGER", "VALUE_TOO_LONG",
     "FunctionalReferenceID", "42A#D026"),
    ("<GoodsItemQuantity>1<", "<GoodsItemQuantity>2<", "TOTALS_MISMATCH", "GoodsItemQuantity", "42A#228"),
    ('<InvoiceAmount currencyID="GBP">', '<InvoiceAmount currencyID="ZZZ">', "UNKNOWN_CODE",
     "InvoiceAmount", "42A#109"),
    ("<ModeCode>1<", "<ModeCode>sea<", "VALUE_TOO_LONG", "ModeCode", "42A/15A#T022"),
    ("<ID>GB000060<", "<ID>GB999999<", "UNKNOWN_CODE", "GB999999", "42A/56A#G005"),
    ("<TypeCode>U</TypeCode>\n", "", "RULE_VIOLATED", "<Address>", "42A/67A/28A/64A/04A#410"),
    ("<ID>CONU0000019</ID>\n", "", "RULE_VIOLATED", "<TransportEquipment>", "42A/67A/28A/31B[1]#159"),
    ("<CountryCode>JP<", "<CountryCode>JX<", "UNKNOWN_CODE", "JX", "42A/67A/99B#465"),
    ("<ID>73239300<", "<ID>7323O300<", "INVALID_CHARACTERS", "7323O300", "42A/67A/68A[1]/23A/21A[1]#145"),
    ("<NetNetWeightMeasure>110<", "<NetNetWeightMeasure>0<", "VALUE_OUT_OF_RANGE", "NetNetWeightMeasure",
     "42A/67A/68A[1]/23A/65A#128"),
)  # fmt: skip


@pytest.fixture(scope="module")
def rulebooks() -> Rulebooks:
    return load_rulebooks(CONFIGURATION)


@pytest.fixture(scope="module")
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip(f"the published declarations are not at {CORPUS}; set SW_CORPUS to their folder")
    return CORPUS


def judged(message: str, rulebooks: Rulebooks) -> Validated:
    return validate(message.encode(), Media.XML, rulebooks)


def line_with(message: str, words: str) -> int:
    return next(number for number, line in enumerate(message.split("\n"), start=1) if words in line)


def test_a_clean_message_has_no_faults(rulebooks: Rulebooks) -> None:
    assert judged(KETTLES, rulebooks).faults == ()


@pytest.mark.parametrize("planted", range(len(PLANTED)))
def test_one_planted_fault_is_found_with_its_line_and_pointer(planted: int, rulebooks: Rulebooks) -> None:
    before, after, code, _, pointer = PLANTED[planted]
    validated = judged(KETTLES.replace(before, after, 1), rulebooks)
    found = [describe_fault(fault, validated.enveloped) for fault in hard_faults(validated.faults)]
    assert [(fault.code, fault.wco_pointer) for fault in found] == [(code, pointer)]


def test_ten_planted_faults_are_all_found_in_order_with_their_lines_and_pointers(rulebooks: Rulebooks) -> None:
    message = KETTLES
    for before, after, *_ in PLANTED:
        assert message.count(before) == 1 or before.startswith("<ID>")
        message = message.replace(before, after, 1)
    validated = judged(message, rulebooks)
    found = [describe_fault(fault, validated.enveloped) for fault in validated.faults]
    assert [(fault.code, fault.line, fault.wco_pointer) for fault in found] == [
        (code, line_with(message, words), pointer) for _, _, code, words, pointer in PLANTED
    ]


def test_a_fault_is_described_in_one_shape(rulebooks: Rulebooks) -> None:
    message = KETTLES.replace("<ID>GB000060<", "<ID>GB999999<")
    validated = judged(message, rulebooks)
    described = msgspec.to_builtins(describe_fault(validated.faults[0], validated.enveloped))
    assert described.pop("text")
    assert described.pop("advice")
    assert described == {
        "rule": "GB-EXIT-OFFICE-KNOWN",
        "code": "UNKNOWN_CODE",
        "severity": "hard",
        "xpath": "/md:MetaData/dec:Declaration/dec:ExitOffice/dec:ID",
        "json_pointer": "/MetaData/Declaration/ExitOffice/ID",
        "wco_pointer": "42A/56A#G005",
        "line": 17,
    }


def test_the_json_form_gives_the_same_faults_without_lines(rulebooks: Rulebooks) -> None:
    tree: dict[str, Any] = {"FunctionCode": "9", "FunctionalReferenceID": "KETTLES-1", "TypeCode": "EXD"}
    message = {"MetaData": {"ResponsibleCountryCode": "GB", "Declaration": tree}}
    validated = validate(json.dumps(message).encode(), Media.JSON, rulebooks)
    assert "GB-EXIT-OFFICE" in {fault.rule for fault in validated.faults}
    assert {fault.line for fault in validated.faults} == {None}


def test_hard_faults_are_not_crowded_out_by_warnings(rulebooks: Rulebooks) -> None:
    packaging = "<Packaging>\n<SequenceNumeric>1</SequenceNumeric>\n</Packaging>\n"
    message = KETTLES.replace("</Packaging>\n", "</Packaging>\n" + packaging * (2 * FAULTS_SHOWN), 1)
    message = message.replace("6GB111222333000-KETTLES1</ID>\n<TypeCode>DCR", "KETTLES</ID>\n<TypeCode>MCR")
    validated = judged(message, rulebooks)
    assert len(validated.faults) == FAULTS_SHOWN
    assert validated.total > 2 * FAULTS_SHOWN
    assert [fault.rule for fault in hard_faults(validated.faults)] == ["GB-CONSIGNMENT-REFERENCE"]


def test_every_published_original_is_accepted(corpus: Path, rulebooks: Rulebooks) -> None:
    documents = sorted((corpus / "uk").glob("*.xml"))
    assert documents
    refused = {
        document.name: faults
        for document in documents
        if (faults := hard_faults(validate(document.read_bytes(), Media.XML, rulebooks).faults))
    }
    assert refused == {}


def test_published_rejections_are_refused_for_their_reason(corpus: Path, rulebooks: Rulebooks) -> None:
    with (corpus / "uk_rejected" / "index.csv").open(encoding="utf-8", newline="") as lines:
        samples = {row["name"]: row["errors"] for row in csv.DictReader(lines)}
    pointers = {}
    for name in samples:
        validated = validate((corpus / "uk_rejected" / f"{name}.xml").read_bytes(), Media.XML, rulebooks)
        pointers[name.rpartition("2.02_")[2]] = [
            describe_fault(fault, validated.enveloped).wco_pointer for fault in hard_faults(validated.faults)
        ]
    assert pointers == {
        "Accepted": [],
        "Rejected_Format": ["42A#D026"],
        "Rejected_Obligation_Exitoffice": ["42A/56A#G005"],
        "Rejected_RefData": ["42A/56A#G005"],
    }
