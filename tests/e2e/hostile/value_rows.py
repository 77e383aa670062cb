"""Declarations with bad values, sent in XML and in JSON: one answer for both forms."""

from __future__ import annotations

from itertools import chain
from typing import Any

from tests.e2e.hostile.row import Row, both, described, item, json, swapped, xml
from tests.integration.documents import HAND_TOOLS, JSON_TYPE, tree

CHARACTERS, LONG, RANGE, DATE = "INVALID_CHARACTERS", "VALUE_TOO_LONG", "VALUE_OUT_OF_RANGE", "INVALID_DATE"
SCHEMA = "SCHEMA_INVALID"
FREE_TEXTS = (
    "' OR 1=1--", "{{7*7}}", "${jndi:ldap://127.0.0.1:@PORT@/a}", "=cmd|'/C calc'!A0",
    "<script>alert(1)</script>",
    "%s%n%x", "$(id)", "../../../etc/passwd", "\u202egnp.exe", "\ufeffa", "\U0001f4a9",
    "Z\u0351\u0348a\u0351lgo", "\u0634\u0627\u064a", "nu\u006c\u006c", "undefined", "true", "-1", "NaN",
    "\ufdd0", "1;DROP TABLE event", "e\u0301", "\xa0x\xa0",
)  # fmt: skip


def _items(count: int) -> dict[str, Any]:
    shipment = tree()["GoodsShipment"]
    (one,) = shipment["GovernmentAgencyGoodsItem"]
    items = [one | {"SequenceNumeric": str(number)} for number in range(1, count + 1)]
    shipment = shipment | {"GovernmentAgencyGoodsItem": items}
    return {"GoodsShipment": shipment, "GoodsItemQuantity": str(count), "TotalPackageQuantity": str(count)}


def _commodity(code: str) -> dict[str, Any]:
    classification = [{"ID": code, "IdentificationTypeCode": "TSP"}]
    return item(Commodity={"Description": "Spanners", "Classification": classification})


def _mass(text: str) -> dict[str, Any]:
    return {"TotalGrossMassMeasure": {"@unitCode": "KGM", "#text": text}}


def _accepted_on(text: str) -> dict[str, Any]:
    return {"AcceptanceDateTime": {"DateTimeString": {"@formatCode": "304", "#text": text}}}


def _invoiced_on(text: str, form: str = "102") -> dict[str, Any]:
    stamp = {"DateTimeString": {"@formatCode": form, "#text": text}}
    return {"GoodsShipment": tree()["GoodsShipment"] | {"Invoice": {"ID": "I1", "IssueDateTime": stamp}}}


def _references() -> list[Row]:
    """References that would be two for a reader and one for a program, or the other way round."""
    bad = {"zero width": "A\u200bB", "right to left": "A\u202eB", "Greek Alpha": "\u0391B", "decomposed": "e\u0301A",
           "parent folder": "../../x", "escaped NUL": "A%00", "SQL": "'; DROP TABLE event--",
           "full width": "\uff21B"}  # fmt: skip
    rows = [both("77 78 X33", f"reference with {name}", 422, CHARACTERS, FunctionalReferenceID=text)
            for name, text in bad.items()]  # fmt: skip
    rows += [both("77", "reference of a blank", 422, CHARACTERS, FunctionalReferenceID="\u200b ")]
    rows += [both("77", "reference with a line break", 422, CHARACTERS, FunctionalReferenceID="A\nB")]
    rows += [both("78", "reference of 36 characters", 422, LONG, FunctionalReferenceID="A" * 36)]
    return list(chain.from_iterable(rows))


def _free_texts() -> list[Row]:
    """Words that would be commands elsewhere are only words here; what no text may hold is refused."""
    rows = [both("79 80", f"free text {text!a}", 202, "", GoodsShipment=described(text)) for text in FREE_TEXTS]
    rows += [both("79 80", f"free text {text!a}, which nobody sees", 422, CHARACTERS, GoodsShipment=described(text))
             for text in ("\u200b\u200d", "\u2028", "\u3164")]  # fmt: skip
    rows += [both("80", "all planes", 202, "", GoodsShipment=described("".join(map(chr, range(0x3041, 0x3141)))))]
    rows += [
        [Row("79", "escape of a terminal", json(GoodsShipment=described("\x1b[31mred")), 422, CHARACTERS, JSON_TYPE)]
    ]
    rows += [[Row("79", "lines in free text", swapped("Spanners", "a&#13;&#10;b"), 422, CHARACTERS)]]
    return list(chain.from_iterable(rows))


NUMBERS = [
    *both("73", "mass -1", 422, RANGE, **_mass("-1")),
    *both("73", "mass 0", 422, RANGE, **_mass("0")),
    *both("73 X46", "mass 1e-30", 422, RANGE, **_mass("1e-30")),
    *both("73", "mass of 17 digits", 422, RANGE, **_mass("1" * 17)),
    *both("73", "amount of 4 decimals where 3 are allowed", 422, RANGE,
          InvoiceAmount={"@currencyID": "GBP", "#text": "1.0001"}),
    *chain.from_iterable(both("X46", f"quantity {name}", 422, code, GoodsItemQuantity=text) for name, text, code in (
        ("1e3", "1e3", RANGE), ("NaN", "NaN", SCHEMA), ("INF", "INF", SCHEMA), ("of 5,000 digits", "9" * 5_000, RANGE),
        ("in Arabic digits", "\u0661", SCHEMA), ("1_000", "1_000", SCHEMA))),
    *chain.from_iterable(both("X46", f"quantity {text!r}", 202, "", GoodsItemQuantity=text)
                         for text in ("+1", "01", "1.", " 1 ")),
]  # fmt: skip

SMALL: dict[str, dict[str, Any]] = {
    "type": {"TypeCode": "ima"},
    "authorisation": {"AuthorisationHolder": [{"ID": "GB1", "CategoryCode": "zzz"}]},
    "currency": {"CurrencyExchange": [{"CurrencyTypeCode": "gbp"}]},
    "office": {"ExitOffice": {"ID": "gb000060"}},
}
SPACED: dict[str, dict[str, Any]] = {
    "MRN": {"ID": "26GB 1"},
    "party": {"Declarant": {"ID": "GB 246813579000"}},
    "commodity code": {"GoodsShipment": _commodity("8205 5980")},
}
CODES = [
    *both("75", "unknown country", 422, "UNKNOWN_CODE",
          GoodsShipment=tree()["GoodsShipment"] | {"ExportCountry": {"ID": "AA"}}),
    *both("75", "unknown currency", 422, "UNKNOWN_CODE", InvoiceAmount={"@currencyID": "QQQ", "#text": "1"}),
    *chain.from_iterable(both("75", f"{name} in small letters", 422, "UNKNOWN_CODE", **change)
                         for name, change in SMALL.items()),
    *chain.from_iterable(both("76", f"{name} with a blank inside", 422, CHARACTERS, **change)
                         for name, change in SPACED.items()),
    *both("76", "commodity code with O and l", 422, CHARACTERS, GoodsShipment=_commodity("82O5598l")),
    *both("76", "commodity code in full-width digits", 422, CHARACTERS, GoodsShipment=_commodity("\uff18\uff1405")),
    *both("76", "commodity code in Arabic digits", 422, CHARACTERS, GoodsShipment=_commodity("\u0668\u0664")),
    *both("74", "items that are not counted", 422, "TOTALS_MISMATCH", GoodsItemQuantity="2"),
    *both("74", "packages that do not add up", 202, "", TotalPackageQuantity="7"),
    *both("75 76", "a good commodity code", 202, "", GoodsShipment=_commodity(HAND_TOOLS)),
]  # fmt: skip

DATES = [
    *chain.from_iterable(both("81", f"date {text}", 422, DATE, **_accepted_on(text)) for text in (
        "20260230000000Z", "00000101000000Z", "100000101000000Z", "20260101240000Z", "20260101000000+1401",
        "1700000000", "2026-01-01T00:00:00Z")),
    *both("81", "invoice of the 30th of February", 422, DATE, **_invoiced_on("20260230")),
    *both("82", "accepted 50 years from now", 422, RANGE, **_accepted_on("20760101000000Z")),
    *both("82", "invoiced 50 years from now", 422, RANGE, **_invoiced_on("20760101")),
    *both("82", "accepted in 2001", 422, RANGE, **_accepted_on("20010101000000Z")),
    *both("81", "accepted in 1999", 422, DATE, **_accepted_on("19991231000000Z")),
]  # fmt: skip

SIZES = [
    *both("58", "1,000 items", 422, "TOO_MANY_ITEMS", **_items(1_000)),
    *both("59", "999 items", 202, "", **_items(999)),
]

ROWS = [*NUMBERS, *CODES, *DATES, *SIZES, *_references(), *_free_texts(), Row("31", "a good one", xml(), 202)]
