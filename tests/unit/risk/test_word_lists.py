"""What the word lists of the agencies must catch and what they must let go, written in the many ways that people write.

Each row is judged by all live profiles on an ordinary import; the code is one under which the words are out of place.
"""

from __future__ import annotations

import re

import pytest

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import route
from singlewindow.declarations.model import Tree
from singlewindow.risk.assess import assess
from tests.judgement import configuration
from tests.terms import TERMS

SHOES, MACHINES, PAPER, PLASTIC, TOYS = "64041100", "84798997", "48189090", "39269097", "95030095"


def agencies() -> list[Agency]:
    return list(configuration()[1].values())


def declaration(description: str, code: str, kind: str = "IMA", mode: str = "1") -> Tree:
    item = {
        "SequenceNumeric": "1",
        "Commodity": {
            "Description": description,
            "Classification": [{"ID": code, "IdentificationTypeCode": "TSP"}],
            "GoodsMeasure": {"GrossMassMeasure": "9", "NetNetWeightMeasure": "8"},
        },
        "CustomsValuation": {"MethodCode": "1"},
        "StatisticalValueAmount": {"@currencyID": "GBP", "#text": "100"},
        "Origin": [{"CountryCode": "FR"}],
    }
    carrier = {"Carrier": {"Name": "Line", "ID": "GB1"}}
    shipment = {"GovernmentAgencyGoodsItem": [item]}
    border = {"ModeCode": mode}
    return {"TypeCode": kind, "BorderTransportMeans": border, "Consignment": carrier, "GoodsShipment": shipment}


def fired(tree: Tree) -> set[str]:
    return {finding.profile for agency in agencies() for finding in assess(agency.method, tree, TERMS).findings}


def asked(tree: Tree, profile: str) -> bool:
    """Whether the agency of the profile is asked at all."""
    by_code = {agency.code: agency for agency in agencies()}
    owner = next(agency.code for agency in agencies() if profile in {each.entry.id for each in agency.method.profiles})
    return next(each.asked for each in route(by_code, tree, TERMS) if each.agency == owner)


CAUGHT = [
    ("FA-006", "Pistols, spare parts"),
    ("FA-006", "SPARE PARTS FOR RIFLES"),
    ("FA-006", "parts of pistols"),
    ("FA-006", "Barrel, rifle"),
    ("FA-006", "Barrels; rifle, steel"),
    ("FA-006", "gunparts"),
    ("FA-006", "gun-parts"),
    ("FA-006", "Guns & parts"),
    ("FA-006", "gun_parts"),
    ("FA-006", "hand-gun slides"),
    ("FA-006", "Handgun frames, 20 pieces"),
    ("FA-006", "Shotgun stocks of walnut"),
    ("FA-006", "pistol 9mm barrels"),
    ("FA-006", "frames and slides for pistols"),
    ("FA-006", "components for machine-guns"),
    ("FA-006", "Kits, rifle"),
    ("FA-006", "trigger assemblies"),
    ("FA-006", "bolt-carriers"),
    ("FA-006", "firing pin"),
    ("FA-006", "Weapon spares"),
    ("FA-006", "rifled barrel blanks"),
    ("FA-006", "Glue guns, pistol barrels"),
    ("FA-006", "silencer kit"),
    ("FA-006", "engine oil, rifle parts"),
    ("FA-017", "Pistols"),
    ("FA-017", "Revolvers and holsters"),
    ("FA-017", "Two rifles in a box"),
    ("FA-017", "hand guns"),
    ("FA-017", "Pistol, 9 mm"),
    ("FA-017", "12 gauge shotgun"),
    ("FA-017", "Ammunition"),
    ("FA-017", "Spray pistols and real pistols"),
    ("FA-009", "Blank-firing pistol"),
    ("FA-009", "pistols, blank firing"),
    ("FA-009", "blankfiring guns"),
    ("FA-009", "Starter pistols"),
    ("FA-009", "Guns, signal"),
    ("FA-009", "Rifles, deactivated"),
    ("FA-010", "Imitation pistols"),
    ("FA-010", "Pistols, imitation"),
    ("FA-010", "Rifle (airsoft)"),
    ("FA-010", "soft-air guns and glue guns"),
    ("FA-010", "airguns"),
    ("FA-011", "Pepper-spray"),
    ("FA-011", "sprays, pepper"),
    ("FA-011", "knuckle-dusters"),
    ("FA-011", "Knives, butterfly"),
    ("FA-011", "CS gas spray"),
    ("EX-002", "Detonators"),
    ("EX-002", "cord, detonating"),
    ("EX-002", "caps (blasting)"),
    ("EX-002", "det-cord"),
    ("EX-002", "Gun powder"),
    ("EX-002", "explosive charges with detector"),
    ("EN-001", "Ivory carvings"),
    ("EN-001", "tusks of elephant"),
    ("EN-001", "horn of rhinoceros"),
    ("EN-001", "Skins, python"),
    ("EN-001", "imitation jewellery and ivory"),
    ("EN-001", "tortoise-shell combs"),
    ("EN-003", "R-22 in cylinders"),
    ("EN-003", "R22"),
    ("EN-003", "r 22 gas"),
    ("EN-006", "waste batteries"),
    ("EN-006", "E-waste"),
    ("ME-001", "resin of cannabis"),
    ("ME-001", "Fentanyl"),
    ("ME-002", "anhydride, acetic"),
    ("ME-002", "pseudo-ephedrine"),
    ("ME-006", "press for tablets"),
    ("ME-006", "Presses, pill"),
    ("ME-007", "anabolic steroid"),
    ("RA-001", "aluminium scrap"),
    ("RA-001", "scrap of copper"),
    ("RA-004", "Caesium-137"),
    ("RA-004", "source, sealed"),
    ("ST-005", "centrifuges, gas"),
    ("CU-012", "Bars of gold"),
    ("CU-012", "bank-notes"),
    ("CU-001", "Spare parts"),
    ("CU-001", "VARIOUS GOODS"),
]

LET_GO = [
    ("glue gun", MACHINES),
    ("Hot-melt glue guns with sticks", MACHINES),
    ("spray pistol", "84242000"),
    ("Spray pistols, spare parts", "84249080"),
    ("nail gun", "84678900"),
    ("Nail guns: parts and magazines", "84679900"),
    ("grease gun spare parts", MACHINES),
    ("spare parts for grease guns", MACHINES),
    ("Gun, grease", MACHINES),
    ("hot-air guns", "85167970"),
    ("pistol grip drill", "84672110"),
    ("Pistol-grip cordless screwdriver, spare parts", "84672110"),
    ("rifled tube for boilers", "73043100"),
    ("gun metal buttons", "96062200"),
    ("Gunmetal frames for mirrors", "83063000"),
    ("starting relay", "85364190"),
    ("Starter motor parts", "85119000"),
    ("top gun dvd", "85234990"),
    ("Pistolera wine", "22042180"),
    ("Rifle green frames for spectacles", "90031900"),
    ("gun drills for deep holes, spare parts", "82075060"),
    ("Gun safes of steel, parts", "83030040"),
    ("gun dog training kits", "42010000"),
    ("shotgun microphones, spare parts", "85181000"),
    ("Rifle slings of leather", "42050090"),
    ("toy guns of plastic, spare springs", TOYS),
    ("water pistols", TOYS),
    ("Bubble guns with spare parts", TOYS),
    ("barcode guns", "84716070"),
    ("Soldering guns and stands", "85151900"),
    ("surge suppressors", "85363010"),
    ("exhaust silencer kits", "87089235"),
    ("History of the pistol, paperback", "49019900"),
    ("Revolving chairs", "94013000"),
    ("drum kit and frames", "92060000"),
    ("receiver for radio, spare parts", "85279900"),
    ("barrel of oil lamp parts", PLASTIC),
    ("trigger sprayers", "96161010"),
    ("triggers for spray bottles", "96161010"),
    ("Springs for furniture", "73202081"),
    ("magazines for women, monthly", "49029000"),
    ("Begunias and begonia bulbs of paper", PAPER),
    ("ivory coloured paper", PAPER),
    ("Envelopes, colour ivory", PAPER),
    ("imitation ivory buttons", PLASTIC),
    ("Handbags, crocodile embossed leather", "42022100"),
    ("faux python skin belts", "42033000"),
    ("explosion-proof lamps", "94054290"),
    ("explosives detector", "90275000"),
    ("capsules for coffee machines", PLASTIC),
    ("steroid-free cream", "33049900"),
    ("press for garlic", "82055100"),
    ("CR22 washers", "73182200"),
    ("Gas cookers", "73211110"),
    ("heavy duty water pumps", "84137045"),
    ("golden bars for towels", PLASTIC),
    ("Tablets with 10 inch screen", "84713000"),
    ("horn combs of buffalo", "96151900"),
    ("scrapbooks of paper", "48205000"),
    ("Women's running shoes, textile uppers", SHOES),
    ("Bath toys: sharks and tigers", TOYS),
    ("M16 bolts and nuts", "73181588"),
    ("AR15 valve, model 4x4 B2B", "84818099"),
    ("T-shirts, 2XL, 100% cotton", "61091000"),
    ("Children's air beds", "94042100"),
]


@pytest.mark.parametrize(("profile", "description"), CAUGHT)
def test_words_are_caught_in_any_order_and_number(profile: str, description: str) -> None:
    tree = declaration(description, SHOES)
    assert profile in fired(tree)
    assert asked(tree, profile)


@pytest.mark.parametrize(("description", "code"), LET_GO)
def test_plain_goods_that_only_sound_alike_are_let_go(description: str, code: str) -> None:
    assert fired(declaration(description, code)) == set()


DIGITS = str.maketrans("oeaOEA", "034034")
LOOKING_ALIKE = str.maketrans("aeopcxyiAEOPCXHKMTB", "аеорсхуіАЕОРСХНКМТВ")  # noqa: RUF001  # Cyrillic


@pytest.mark.parametrize(("profile", "description"), CAUGHT)
@pytest.mark.parametrize("letters", ["look-alike", "capital", "wide", "digits"])
def test_words_are_caught_in_other_letters(profile: str, description: str, letters: str) -> None:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    written = {
        "look-alike": description.translate(LOOKING_ALIKE),
        "capital": description.upper(),
        "wide": description.translate(wide),
        "digits": re.sub(r"\w{2,}", lambda word: word[0].translate(DIGITS), description),
    }[letters]
    tree = declaration(written, SHOES)
    assert profile in fired(tree), written
    assert asked(tree, profile)


def test_words_of_lithium_batteries_are_caught_by_air() -> None:
    for description in ("Lithium-ion batteries", "batteries, lithium", "Li-ion cells", "power-banks"):
        assert "TS-005" in fired(declaration(description, SHOES, mode="4")), description


def test_parts_in_a_small_parcel_are_caught_in_any_order() -> None:
    for description in ("springs for a pistol", "Pistol: grips", "rifle-frames", "gunslides"):
        assert "FA-012" in fired(declaration(description, SHOES, mode="5")), description


def test_tools_and_accessories_are_the_same_list_in_every_profile() -> None:
    firearms = next(agency for agency in agencies() if agency.code == "firearms")
    lists = {
        profile.condition.source.split(".without('")[1].split("')")[0]
        for profile in firearms.method.profiles
        if ".without('" in profile.condition.source
    }
    assert len(lists) == 1
