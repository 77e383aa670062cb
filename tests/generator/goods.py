"""What is traded, by whom and from where: the tables the generator draws from, each entry with how often it comes up.

The shares of chapters, countries and codes are those of published originals; every word is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", str, int)


class Goods(NamedTuple):
    """One kind of goods: `share` among all items, its commodity code, words, pounds a kilogram, package, documents."""

    share: int
    code: str
    description: str
    price: float
    package: str
    documents: tuple[str, ...] = ()


HEALTH = ("N853",)
PLANT = ("N851",)

GOODS = (
    Goods(31, "46021910", "Baskets and trays woven from willow", 9.0, "BX"),
    Goods(18, "85109000", "Cutting heads and parts of electric shavers", 60.0, "BX"),
    Goods(5, "85101000", "Electric shavers with a built-in motor", 45.0, "CT"),
    Goods(7, "85444290", "Charging cables with connectors, 80 V at most", 14.0, "CT"),
    Goods(22, "02071290", "Whole chickens, frozen, plucked and drawn", 2.1, "CT", HEALTH),
    Goods(9, "02023090", "Beef without bones, frozen", 6.5, "CT", HEALTH),
    Goods(14, "07070005", "Cucumbers, fresh or chilled", 1.2, "CT", PLANT),
    Goods(12, "07099310", "Courgettes, fresh or chilled", 1.4, "CT", PLANT),
    Goods(14, "07020000", "Tomatoes on the vine, fresh", 1.6, "CT", PLANT),
    Goods(9, "22042138", "Still white wine of the year, in bottles of 0.75 l", 5.5, "CS"),
    Goods(6, "22083030", "Single malt whisky in bottles of 0.7 l", 24.0, "CS"),
    Goods(10, "62034235", "Men's trousers of cotton, woven", 22.0, "PK"),
    Goods(7, "18040000", "Cocoa butter in blocks", 6.0, "BG"),
    Goods(7, "73181631", "Nuts of stainless steel, threaded", 8.0, "BX"),
    Goods(5, "72024950", "Ferrochromium in lumps", 1.9, "IG"),
    Goods(6, "72193300", "Stainless steel sheet, cold rolled, 2 mm", 2.4, "PK"),
    Goods(3, "93062100", "Cartridges for shotguns, calibre 12", 13.0, "BX", ("9100",)),
    Goods(8, "92079010", "Electric guitars with case", 38.0, "CR"),
    Goods(12, "84713000", "Portable computers of less than 10 kg", 310.0, "CT"),
    Goods(9, "84818081", "Ball valves for water pipes", 17.0, "BX"),
    Goods(9, "39269097", "Fittings of plastics for packing machines", 12.0, "CT"),
    Goods(9, "94036010", "Bookcases of oak for sitting rooms", 5.5, "PK"),
    Goods(9, "87089997", "Brackets for the suspension of motor cars", 11.0, "CR"),
    Goods(8, "95030095", "Building bricks of plastics for children", 16.0, "CT"),
    Goods(8, "61091000", "T-shirts of cotton, knitted", 19.0, "CT"),
    Goods(7, "64041100", "Sports shoes with textile uppers", 26.0, "CT"),
    Goods(7, "33049900", "Face creams in jars of 50 ml", 34.0, "CT"),
    Goods(6, "69072100", "Glazed tiles for floors", 0.9, "PK"),
    Goods(6, "40111000", "New tyres for passenger cars", 6.0, "PK"),
    Goods(6, "08081080", "Apples for eating, class I", 1.1, "CT", PLANT),
    Goods(6, "03048100", "Fillets of salmon, frozen", 9.5, "CT", HEALTH),
    Goods(5, "21069098", "Preparations for soups, in sachets", 5.0, "CT"),
    Goods(5, "34025010", "Washing powder in bags of 5 kg", 1.8, "BG"),
    Goods(5, "49019900", "Novels, bound, in English", 12.0, "CT"),
    Goods(5, "70133719", "Drinking glasses, gathered mechanically", 4.0, "BX"),
    Goods(4, "82055980", "Spanners and hand tools for plumbers", 15.0, "BX"),
    Goods(4, "90189084", "Instruments for dental surgeries", 120.0, "CT"),
    Goods(3, "88073000", "Ribs for the wings of training aircraft", 210.0, "CR"),
    Goods(3, "30049000", "Tablets against headache in retail packs", 45.0, "CT"),
    Goods(3, "38140090", "Thinners for paint, in cans", 3.0, "CN"),
    Goods(9, "42050090", "Straps of crocodile leather for watches", 240.0, "BX", ("C400",)),
    Goods(8, "74040010", "Copper scrap, sorted, in bales", 5.2, "BG"),
    Goods(6, "38276100", "Refrigerant R-404A in returnable cylinders", 14.0, "CY"),
)

ORIGINS = {"US": 93, "GB": 47, "FR": 17, "CN": 10, "AR": 9, "TN": 9, "TR": 9, "BR": 7, "MX": 6, "EG": 3, "VN": 12,
           "IN": 10, "JP": 8, "DE": 8, "ZA": 5, "TH": 5}  # fmt: skip

CITIES = {
    "US": (("Cedar Falls", "50613"), ("Duluth", "55802"), ("Toledo", "43604")),
    "GB": (("Leeds", "LS1 4AP"), ("Swansea", "SA1 3SN"), ("Perth", "PH1 5LU")),
    "FR": (("Angers", "49000"), ("Metz", "57000")),
    "CN": (("Ningbo", "315000"), ("Dongguan", "523000")),
    "AR": (("Rosario", "S2000"), ("Mendoza", "M5500")),
    "TN": (("Sfax", "3000"), ("Bizerte", "7000")),
    "TR": (("Bursa", "16010"), ("Konya", "42030")),
    "BR": (("Santos", "11013"), ("Itajai", "88301")),
    "MX": (("Monterrey", "64000"), ("Puebla", "72000")),
    "EG": (("Alexandria", "21500"),),
    "VN": (("Hai Phong", "180000"), ("Da Nang", "550000")),
    "IN": (("Pune", "411001"), ("Surat", "395003")),
    "JP": (("Nagoya", "450-0002"), ("Sendai", "980-0021")),
    "DE": (("Bremen", "28195"), ("Ulm", "89073")),
    "ZA": (("Durban", "4001"),),
    "TH": (("Chonburi", "20000"),),
}
STREETS = ("Harbour Road", "Mill Lane", "Station Street", "Orchard Avenue", "Canal Quay", "Foundry Yard")
TRADES = ("Trading", "Foods", "Textiles", "Components", "Home", "Industries", "Supplies", "Growers", "Instruments")
FORMS = {"US": "Inc", "GB": "Ltd", "FR": "SARL", "DE": "GmbH", "JP": "KK", "BR": "Ltda", "MX": "SA de CV", "TR": "AS"}
SYLLABLES = ("ba", "cor", "den", "el", "fa", "gra", "hol", "in", "ker", "lum", "mar", "nor", "or", "pel", "quin", "ros",
             "sil", "tam", "ul", "ver", "wex", "yar", "zan")  # fmt: skip

TYPES = {"IMA": 144, "IMY": 29, "EXD": 27, "IMZ": 17, "IMD": 13, "EXA": 12, "IMJ": 10, "IMK": 7, "EXK": 5, "IMC": 4,
         "COA": 4, "EXJ": 3, "IMF": 3, "IMB": 3, "EXC": 2, "EXY": 2, "EXF": 2, "IME": 2, "COD": 1}  # fmt: skip
ITEMS = {1: 280, 2: 12, 3: 4, 4: 1}

# Authorisations: of 297 originals so many name one of the kind; the document that goes with it.
AUTHORISATIONS = {"CGU": (181, "C505"), "DPO": (169, "C506"), "SDE": (43, "C512"), "UKIM": (33, "1UKI"),
                  "EIR": (27, "C514"), "AEOC": (23, "C501"), "CWP": (22, "C517")}  # fmt: skip
ORIGINALS = 297

IMPORT_PROCEDURES = {"4000": 174, "4071": 16, "5300": 13, "4400": 11, "5100": 6, "0700": 4, "7122": 3, "6122": 3}
EXPORT_PROCEDURES = {"1040": 42, "1007": 3, "2300": 3}
ADDITIONAL_PROCEDURES = {"000": 193, "1CS": 11, "F15": 8, "C07": 8, "D12": 7, "1SG": 7, "1SP": 7, "1EN": 6}
STATEMENTS = {"NIIMP": ("", 90), "NIREM": ("", 58), "00400": ("EXPORTER", 31),
              "00100": ("SIMPLIFIED AUTHORISATION", 22),
              "GEN45": ("1000.50", 21), "GEN28": ("Stated by the importer", 12)}  # fmt: skip
OTHER_DOCUMENTS = {"C644": ("Not organic", 55), "Y929": ("Goods not concerned", 52), "9120": ("", 33),
                   "Y922": ("No cat or dog fur", 20), "Y023": ("", 17), "C676": ("", 25), "C501": ("", 26),
                   "9WKS": ("Worksheet at the office", 22), "Y024": ("", 17), "C679": ("", 16), "N730": ("", 120),
                   "N271": ("Packing list with the invoice", 150)}  # fmt: skip
REASONS = ("Held by the importer", "Not required for these goods", "Waived under the threshold")
STATUSES = {"AC": 309, "AE": 116, "GE": 52, "JE": 20, "AP": 18}
TAXES = {"B00": 98, "A50": 64, "B05": 36, "A70": 10}
# Those that ask for no preferential origin.
PREFERENCES = {"100": 174, "120": 11, "115": 4}
INCOTERMS = {"CIF": 172, "FOB": 20, "DDP": 3, "DAP": 2, "CFR": 1}
LOCATIONS = ("FXTFXTFXT", "LGPLGPLGP", "SOUSOUSOU", "LHRLHRANS", "IMMIMMIMM", "TEETEETEE")
EXIT_OFFICES = ("GB000014", "GB000040", "GB000051", "GB000060", "GB000084", "GB000085", "GB000290")
FLAGS = ("LR", "PA", "GB", "NL", "DK", "SG", "MT")
CURRENCIES = {"GBP": 357, "USD": 8, "EUR": 6}


def pick(draw: Random, shares: Mapping[Key, int]) -> Key:
    """One of the keys, each as often as its share says."""
    return draw.choices(list(shares), list(shares.values()))[0]
