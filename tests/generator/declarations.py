"""Draws whole declarations: parties, transport and goods items that belong together, as the GB profile wants them.

The same seed gives the same declarations in the same order, on any machine.
"""

from __future__ import annotations

from random import Random

from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.mrn import check_digit
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.generator import goods
from tests.generator.goods import pick
from tests.generator.items import Shipment, item

HEADER = {
    "WCODataModelVersionCode": "3.6",
    "WCOTypeName": "DEC",
    "ResponsibleCountryCode": "GB",
    "ResponsibleAgencyName": "HMRC",
    "AgencyAssignedCustomizationVersionCode": "v2.1",
}


class Generator:
    """An endless supply of declarations; `seed` chooses which."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)

    def declaration(self, lrn: str, items: int | None = None) -> Declaration:
        """One original with this LRN (22 characters at most); `items` as real ones have them unless given."""
        draw = self._random
        kind = pick(draw, goods.TYPES)
        shipment = _shipment(draw, kind)
        count = items or pick(draw, goods.ITEMS)
        drawn = [item(draw, shipment, number) for number in range(1, count + 1)]
        tree = _header(draw, shipment, lrn, drawn) | {"GoodsShipment": _goods_shipment(draw, shipment, drawn)}
        return Declaration(tree, HEADER)

    def xml(self, lrn: str, items: int | None = None) -> bytes:
        """The same as an XML document in its envelope."""
        return to_xml(self.declaration(lrn, items), enveloped=True)

    def json(self, lrn: str, items: int | None = None) -> bytes:
        """The same as a JSON document in its envelope."""
        return to_json(self.declaration(lrn, items), enveloped=True)


def _shipment(draw: Random, kind: str) -> Shipment:
    importing = kind[:2] != "EX"
    abroad = pick(draw, {country: share for country, share in goods.ORIGINS.items() if country != "GB"})
    supplementary = kind[2] in "YZ"
    mode = pick(draw, {"1": 60, "4": 18, "3": 12, "6": 8, "5": 2})
    held = [name for name, (share, _) in goods.AUTHORISATIONS.items() if draw.randrange(goods.ORIGINALS) < share]
    return Shipment(
        kind=kind,
        importing=importing,
        abroad=abroad,
        trader=f"GB{draw.randrange(10**11, 10**12)}",
        agent=f"GB{draw.randrange(10**11, 10**12)}" if draw.random() < 0.5 else "",
        mode=mode,
        containers=draw.randint(1, 2) if mode == "1" and draw.random() < 0.9 else 0,
        authorisations=tuple(held) if importing else (),
        # Simplified and pre-lodged forms leave the value to the supplementary declaration.
        valued=importing and kind[2] in "ADYZ" and draw.random() < 0.9,
        supplementary=supplementary,
        currency=pick(draw, goods.CURRENCIES),
        serial=draw.randrange(10**9),
    )


def _header(draw: Random, shipment: Shipment, lrn: str, items: list[Tree]) -> Tree:
    packages = sum(int(entry["Packaging"][0]["QuantityQuantity"]) for entry in items)
    declarant = shipment.agent or shipment.trader
    tree: Tree = {
        "FunctionCode": "9",
        "FunctionalReferenceID": lrn,
        "TypeCode": shipment.kind,
        "GoodsItemQuantity": str(len(items)),
        "TotalPackageQuantity": str(packages),
        "BorderTransportMeans": {"RegistrationNationalityCode": draw.choice(goods.FLAGS), "ModeCode": shipment.mode},
        "Declarant": {"ID": declarant},
    }
    if shipment.supplementary:
        day = f"2026{draw.randint(1, 10):02d}{draw.randint(1, 28):02d}"
        tree["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": day}}
    if "DPO" in shipment.authorisations:
        account = str(draw.randrange(10**6, 10**7))
        tree["AdditionalDocument"] = [{"CategoryCode": "1", "ID": account, "TypeCode": "DAN"}]
    if shipment.agent:
        tree["Agent"] = {"FunctionCode": "2"}
    if shipment.authorisations:
        holders = [{"ID": shipment.trader, "CategoryCode": name} for name in shipment.authorisations]
        tree["AuthorisationHolder"] = holders
    if "CGU" in shipment.authorisations:
        guarantee = {"ID": f"GBCGU{shipment.trader[2:]}20250001", "SecurityDetailsCode": "1"}
        tree["ObligationGuarantee"] = [guarantee]
    return tree | (_import_header(draw, shipment) if shipment.importing else _export_header(draw, shipment))


def _import_header(draw: Random, shipment: Shipment) -> Tree:
    tree: Tree = {"Exporter": _named_party(draw, shipment.abroad)}
    if draw.random() < 0.28:
        tree["SupervisingOffice"] = {"ID": "GBLBA001"}
    return tree


def _export_header(draw: Random, shipment: Shipment) -> Tree:
    route = [("1", "GB"), ("2", shipment.abroad)]
    return {
        "Exporter": {"ID": shipment.trader},
        "ExitOffice": {"ID": draw.choice(goods.EXIT_OFFICES)},
        "Consignment": {
            "Carrier": {"ID": f"GB{draw.randrange(10**11, 10**12)}"},
            "Freight": {"PaymentMethodCode": "D"},
            "Itinerary": [{"SequenceNumeric": number, "RoutingCountryCode": country} for number, country in route],
        },
    }


def _named_party(draw: Random, country: str) -> Tree:
    word = "".join(draw.choice(goods.SYLLABLES) for _ in range(draw.randint(2, 4))).capitalize()
    city, postcode = draw.choice(goods.CITIES[country])
    address = {
        "CityName": city,
        "CountryCode": country,
        "Line": f"{draw.randint(1, 240)} {draw.choice(goods.STREETS)}",
        "PostcodeID": postcode,
    }
    form = goods.FORMS.get(country, "Co Ltd")
    return {"Name": f"{word} {draw.choice(goods.TRADES)} {form}", "Address": address}


def _goods_shipment(draw: Random, shipment: Shipment, items: list[Tree]) -> Tree:
    reference = f"6{shipment.trader}-{shipment.serial:09d}"
    previous = [{"CategoryCode": "Z", "ID": reference, "TypeCode": "DCR"}]
    if shipment.supplementary:
        previous.append({"CategoryCode": "Y", "ID": f"SDE{shipment.serial:09d}", "TypeCode": "SDE"})
    elif shipment.importing:
        ticket = {"CategoryCode": "Z", "ID": f"26GB{shipment.serial:09d}X0T1B", "TypeCode": "355", "LineNumeric": "1"}
        previous.append(ticket)
    tree: Tree = {
        "TransactionNatureCode": draw.choice(("1", "11")),
        "Consignment": _carriage(draw, shipment),
        "Destination": {"CountryCode": "GB" if shipment.importing else shipment.abroad},
        "ExportCountry": {"ID": shipment.abroad if shipment.importing else "GB"},
        "GovernmentAgencyGoodsItem": items,
        "PreviousDocument": previous,
    }
    if shipment.importing:
        place = {"ConditionCode": pick(draw, goods.INCOTERMS), "LocationID": "GBFXT"}
        return tree | {"Importer": {"ID": shipment.trader}, "TradeTerms": place}
    return tree | {"Consignee": _named_party(draw, shipment.abroad)}


def _carriage(draw: Random, shipment: Shipment) -> Tree:
    place = {"TypeCode": "A", "Address": {"TypeCode": "U", "CountryCode": "GB"}, "Name": draw.choice(goods.LOCATIONS)}
    ship = "".join(draw.choice(goods.SYLLABLES) for _ in range(3)).upper()
    kinds = {
        "1": ("11", ship),
        "4": ("40", f"QN{draw.randint(100, 999)}"),
        "3": ("30", f"KX{draw.randint(10, 76)} {ship}"),
    }
    kind, name = kinds.get(shipment.mode, kinds["3"])
    means = "ArrivalTransportMeans" if shipment.importing else "DepartureTransportMeans"
    tree: Tree = {
        "ContainerCode": "1" if shipment.containers else "0",
        means: {"ID": name, "IdentificationTypeCode": kind},
        "GoodsLocation": place,
    }
    if shipment.containers:
        tree["TransportEquipment"] = [
            {
                "SequenceNumeric": str(number),
                "ID": container_number(draw),
                "Seal": [{"SequenceNumeric": "1", "ID": f"SL{draw.randrange(10**6, 10**7)}"}],
            }
            for number in range(1, shipment.containers + 1)
        ]
    return tree


def container_number(draw: Random) -> str:
    """A container number with its check digit (ISO 6346)."""
    number = f"MSCU{draw.randrange(10**5, 10**6)}"
    return number + check_digit(number)
