"""A small declaration, and requests about it, written as text."""

from __future__ import annotations

from singlewindow.declarations.amending.apply import Amended, apply
from singlewindow.declarations.amending.requests import Request, read_request
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical
from singlewindow.declarations.faults import Fault
from singlewindow.declarations.model import Tree
from singlewindow.declarations.mrn import make_mrn
from singlewindow.declarations.reading.intake import Reading
from tests.unit.declarations.samples import document, read_xml

MRN = make_mrn(2026, "GB", 17)
GOODS = """
<FunctionCode>9</FunctionCode><FunctionalReferenceID>SHOES-1</FunctionalReferenceID><TypeCode>IMD</TypeCode>
<GoodsItemQuantity>2</GoodsItemQuantity><InvoiceAmount currencyID="GBP">90.50</InvoiceAmount>
<Agent><ID>GB000000000001</ID><FunctionCode>2</FunctionCode></Agent>
<GoodsShipment>
 <GovernmentAgencyGoodsItem><SequenceNumeric>1</SequenceNumeric>
  <AdditionalDocument><CategoryCode>N</CategoryCode><ID>INVOICE-7</ID><TypeCode>935</TypeCode></AdditionalDocument>
  <AdditionalDocument><CategoryCode>C</CategoryCode><ID>PHYTO-1</ID><TypeCode>085</TypeCode></AdditionalDocument>
  <Commodity><Description>Boots</Description><GoodsMeasure><GrossMassMeasure>12</GrossMassMeasure>
   <NetNetWeightMeasure unitCode="KGM">10</NetNetWeightMeasure></GoodsMeasure></Commodity>
  <Packaging><SequenceNumeric>1</SequenceNumeric><QuantityQuantity>4</QuantityQuantity></Packaging>
  <Packaging><SequenceNumeric>2</SequenceNumeric><QuantityQuantity>6</QuantityQuantity></Packaging>
 </GovernmentAgencyGoodsItem>
 <GovernmentAgencyGoodsItem><SequenceNumeric>2</SequenceNumeric>
  <Commodity><Description>Laces</Description></Commodity></GovernmentAgencyGoodsItem>
</GoodsShipment>"""


def read(content: str) -> Reading:
    """The reading of a message that the schema accepts."""
    reading = read_xml(document(content))
    assert reading.faults == ()
    return reading


def lodged() -> Tree:
    """The declaration as it stands, in canonical form."""
    return decode_canonical(canonical_bytes(read(GOODS).declaration))


def pointer(chain: str) -> str:
    """The Pointers of a chain such as "42A/67A/68A[2]/23A#137"."""
    return "".join(map(_pointer, chain.split("/")))


def _pointer(step: str) -> str:
    rest, _, tag = step.partition("#")
    section, _, number = rest.partition("[")
    sequence = f"<SequenceNumeric>{number[:-1]}</SequenceNumeric>" if number else ""
    name = f"<DocumentSectionCode>{section}</DocumentSectionCode>" if section else ""
    return f"<Pointer>{sequence}{name}{f'<TagID>{tag}</TagID>' if tag else ''}</Pointer>"


def amendments(*chains: str) -> str:
    """One Amendment for each chain."""
    return "".join(
        f"<Amendment><ChangeReasonCode>32</ChangeReasonCode>{pointer(chain)}</Amendment>" for chain in chains
    )


def reason(words: str, *numbers: int) -> str:
    """Words that explain the Amendments with these numbers."""
    steps = "".join(pointer(f"42A[1]/06A[{number}]") for number in numbers)
    return (
        f"<AdditionalInformation><StatementDescription>{words}</StatementDescription>"
        f"<StatementTypeCode>AES</StatementTypeCode>{steps}</AdditionalInformation>"
    )


def request(body: str, kind: str = "COR", mrn: str = MRN, after: str = "") -> str:
    """A request of this kind; `after` stands between its head and its statements."""
    return (
        "<FunctionCode>13</FunctionCode><FunctionalReferenceID>MINE-1</FunctionalReferenceID>"
        f"<ID>{mrn}</ID><TypeCode>{kind}</TypeCode>{after}{body}"
    )


def item(content: str, number: int = 1) -> str:
    """A goods item of the skeleton, in its shipment."""
    numbered = f"<SequenceNumeric>{number}</SequenceNumeric>{content}"
    return f"<GoodsShipment><GovernmentAgencyGoodsItem>{numbered}</GovernmentAgencyGoodsItem></GoodsShipment>"


def requested(content: str) -> Request:
    """The request of a message that makes one."""
    reading = read(content)
    found = read_request(reading.declaration, reading.line_of)
    assert isinstance(found, Request), [fault.text for fault in found]
    return found


def refused(content: str) -> tuple[Fault, ...]:
    """Why a message makes no request, or why its changes cannot be made."""
    reading = read(content)
    found = read_request(reading.declaration, reading.line_of)
    if not isinstance(found, Request):
        return found
    assert found.values is not None
    amended = apply(lodged(), found.changes, found.values, reading.line_of)
    assert amended.tree is None
    return amended.faults


def amended_by(content: str) -> Amended:
    """What becomes of the declaration by the request."""
    found = requested(content)
    assert found.values is not None
    return apply(lodged(), found.changes, found.values)
