"""A presentation of goods tells what was seen on arrival."""

from __future__ import annotations

from singlewindow.declarations.amending.arrivals import Arrival, Container, Location, Means
from singlewindow.declarations.amending.requests import RequestKind
from tests.unit.declarations.amending.messages import request, requested

SEEN = """
<GoodsShipment><Consignment>
 <ArrivalTransportMeans><ID>9074729</ID><IdentificationTypeCode>10</IdentificationTypeCode></ArrivalTransportMeans>
 <GoodsLocation><Name>FXTFXT</Name><TypeCode>A</TypeCode>
  <Address><TypeCode>U</TypeCode><CountryCode>GB</CountryCode></Address></GoodsLocation>
 <TransportEquipment><SequenceNumeric>1</SequenceNumeric><ID>CSQU3054383</ID>
  <Seal><SequenceNumeric>1</SequenceNumeric><ID>S-1</ID></Seal>
  <Seal><SequenceNumeric>2</SequenceNumeric><ID>S-2</ID></Seal></TransportEquipment>
 <TransportEquipment><SequenceNumeric>2</SequenceNumeric></TransportEquipment>
</Consignment></GoodsShipment>
<PresentationOffice><ID>GB000060</ID></PresentationOffice>"""
DATE = '<IssueDateTime><ds:DateTimeString formatCode="304">20260131120000Z</ds:DateTimeString></IssueDateTime>'


def test_an_arrival_may_only_name_the_declaration() -> None:
    found = requested(request("", "GPR"))
    assert (found.kind, found.arrival, found.values) == (RequestKind.ARRIVAL, Arrival(), None)


def test_an_arrival_is_read_with_all_that_was_seen() -> None:
    found = requested(request(SEEN, "GPR").replace("<TypeCode>GPR", f"{DATE}<TypeCode>GPR"))
    assert found.arrival == Arrival(
        issued="20260131120000Z",
        office="GB000060",
        means=Means("9074729", "10"),
        location=Location("FXTFXT", None, "A", "U", "GB"),
        containers=(Container("CSQU3054383", ("S-1", "S-2")), Container(None)),
    )
