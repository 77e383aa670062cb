"""Draws goods items: what they are, what they are worth, and the documents, taxes and procedures that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from singlewindow.declarations.model import Tree
from tests.generator import goods
from tests.generator.goods import Goods, pick

CERTIFIED = 0.8
"""Of goods that need a certificate, so many come with it; the others are inspected."""
SAID = 0.7
"""Of importers who declare for themselves, so many say so; the others get a warning."""

_SHARES = [entry.share for entry in goods.GOODS]


@dataclass(frozen=True)
class Shipment:
    """What the parts of one declaration share. `agent` is empty where the trader declares for himself."""

    kind: str
    importing: bool
    abroad: str
    trader: str
    agent: str
    mode: str
    containers: int
    authorisations: tuple[str, ...]
    valued: bool
    supplementary: bool
    currency: str
    serial: int


def item(draw: Random, shipment: Shipment, number: int) -> Tree:
    """Goods item `number` of a shipment."""
    kind = draw.choices(goods.GOODS, _SHARES)[0]
    net = draw.randint(20, 4_000)
    packages = max(1, net // draw.randint(8, 25))
    value = f"{net * kind.price * draw.uniform(0.8, 1.25):.2f}"
    price = {"@currencyID": shipment.currency, "#text": value}
    origin = shipment.abroad if shipment.importing else "GB"
    tree: Tree = {
        "SequenceNumeric": str(number),
        "AdditionalDocument": _documents(draw, shipment, kind, number),
        "AdditionalInformation": _statements(draw, shipment),
        "Commodity": _commodity(draw, shipment, kind, net, packages),
        "GovernmentProcedure": _procedures(draw, shipment),
        "Origin": [{"CountryCode": origin, "TypeCode": "1"}],
        "Packaging": [
            {
                "SequenceNumeric": "1",
                "MarksNumbersID": f"LOT {shipment.serial % 100_000}/{number}",
                "QuantityQuantity": str(packages),
                "TypeCode": kind.package,
            }
        ],
    }
    tree["Commodity"]["InvoiceLine"] = {"ItemChargeAmount": price}
    if shipment.valued:
        tree["CustomsValuation"] = {"MethodCode": "1"}
        tree["ValuationAdjustment"] = {"AdditionCode": "0000"}
    if not shipment.importing:
        tree["StatisticalValueAmount"] = {"@currencyID": "GBP", "#text": value}
    return {name: held for name, held in tree.items() if held}


def _documents(draw: Random, shipment: Shipment, kind: Goods, number: int) -> list[Tree]:
    found: dict[str, Tree] = {}
    for name in shipment.authorisations:
        code = goods.AUTHORISATIONS[name][1]
        found[code] = _document(code, f"GB{name}{shipment.trader[2:]}2025")
    invoice = f"INV-{shipment.serial}/{number}"
    found["N935"] = _document("N935", invoice, pick(draw, goods.STATUSES))
    for code in kind.documents if draw.random() < CERTIFIED else ():
        found[code] = _document(code, f"GB/{kind.code[:4]}/{shipment.serial % 10**6:06d}", "AE")
    for code, (words, share) in goods.OTHER_DOCUMENTS.items():
        if draw.randrange(320) < share:
            status = pick(draw, goods.STATUSES)
            found.setdefault(code, _document(code, words or f"REF {draw.randrange(10**6):06d}", status))
    return list(found.values())


def _document(code: str, reference: str, status: str = "") -> Tree:
    tree: Tree = {"CategoryCode": code[0], "ID": reference, "TypeCode": code[1:]}
    if not status:
        return tree
    reason = {"Name": goods.REASONS[len(reference) % 3]} if status == "AC" else {}
    return tree | reason | {"LPCOExemptionCode": status}


def _statements(draw: Random, shipment: Shipment) -> list[Tree]:
    found: list[Tree] = []
    if shipment.importing and not shipment.agent and draw.random() < SAID:
        found.append({"StatementCode": "00500", "StatementDescription": "IMPORTER"})
    for code, (words, share) in goods.STATEMENTS.items():
        if draw.randrange(320) < share:
            found.append({"StatementCode": code} | ({"StatementDescription": words} if words else {}))
    return found


def _commodity(draw: Random, shipment: Shipment, kind: Goods, net: int, packages: int) -> Tree:
    gross = net + packages * draw.randint(1, 2)
    codes = [{"ID": kind.code, "IdentificationTypeCode": "TSP"}]
    if draw.random() < 0.7:
        codes.append({"ID": "00", "IdentificationTypeCode": "TRC"})
    tree: Tree = {
        "Description": f"{kind.description}, {packages} packages of lot {draw.randrange(10**5):05d}",
        "Classification": codes,
        "GoodsMeasure": {"GrossMassMeasure": str(gross), "NetNetWeightMeasure": str(net)},
    }
    if draw.random() < 0.3:
        tree["GoodsMeasure"]["TariffQuantity"] = str(packages)
    if shipment.valued:
        tree["DutyTaxFee"] = _taxes(draw, shipment)
    return tree


def _taxes(draw: Random, shipment: Shipment) -> list[Tree]:
    method = {"MethodCode": "E" if "DPO" in shipment.authorisations else "R"}
    lines: list[Tree] = [{"DutyRegimeCode": pick(draw, goods.PREFERENCES), "TypeCode": "A00", "Payment": method}]
    lines += [
        {"TypeCode": name, "Payment": method} for name, share in goods.TAXES.items() if draw.randrange(171) < share
    ]
    return lines


def _procedures(draw: Random, shipment: Shipment) -> list[Tree]:
    table = goods.IMPORT_PROCEDURES if shipment.importing else goods.EXPORT_PROCEDURES
    code, more = pick(draw, table), pick(draw, goods.ADDITIONAL_PROCEDURES)
    return [{"CurrentCode": code[:2], "PreviousCode": code[2:]}, {"CurrentCode": more}]
