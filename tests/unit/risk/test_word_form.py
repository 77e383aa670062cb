"""However a word is written, one of its readings is the word; plain goods in any script are not taken for a trick."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.risk.lookalikes import LOOKS
from singlewindow.risk.word_form import disguised_words, word_form


def reads(text: str) -> list[str]:
    return word_form(text).split("\n")


@pytest.mark.parametrize(
    "written",
    [
        "PISTOLS",
        "Pistols",
        " pistols\t",
        "\uff30istols",
        "\u24dfistols",
        "\U0001d4c5istols",
        "\U0001f17fistols",
        "Pist\u043els",
        "\u0440\u0456\u0455tols",
        "\u03a1\u0399S\u03a4\u039fLS",
        "Pi\u0455\u03c4ols",
        "p\u0131stols",
        "p\u00edst\u00f6ls",
        "pist\u00f8ls",
        "p\u0336i\u0336s\u0336t\u0336o\u0336l\u0336s\u0336",
        "pis\x7ftols",
        "pis\u034ftols",
        "pis\u00adtols",
        "pis\u200btols",
        "pis\u2060tols",
        "pis\ufe0ftols",
        "pis\U000e0074tols",
        "pis\u3164tols",
        "pis\u202dtols",
        "\u202eslotsip",
        "p1st0ls",
        "pisto1s",
        "p1sto1s",
        "P!STOL$",
        "p|stols",
        "PistoIs",
        "PlSTOLS",
        "p i s t o l s",
        "p.i.s.t.o.l.s",
        "pis-tols",
        "pis_tols",
        "pis\u2010tols",
        "'pistols'",
        "(pistols)",
    ],
)
def test_a_word_is_read_however_it_is_written(written: str) -> None:
    assert "pistols" in reads(written)


@pytest.mark.parametrize(
    ("written", "reading"),
    [
        ("steel\u200bpistols", "steel pistols"),
        ("Guns & parts", "guns parts"),
        ("guns;parts", "guns parts"),
        ("R1FLE", "rifle"),
        ("si1encer", "silencer"),
        ("amm0n1um n1trate", "ammonium nitrate"),
        ("arnmunition", "ammunition"),
        ("vveapons", "weapons"),
        ("\u042fIFLES", "rifles"),
        ("U.A.V.", "uav"),
        ("Women's", "womens"),
        ("Women\u2019s", "womens"),
        ("1\u00a0000 pieces", "1 000 pieces"),
        ("Stra\u00dfe", "strasse"),
    ],
)
def test_the_reading_is_among_those_looked_through(written: str, reading: str) -> None:
    assert reading in reads(written)


@pytest.mark.parametrize(
    "plain", ["r 22 gas", "9mm ammunition", "2nd hand", "500ml bottles", "cs spray", "m 16", "4x4"]
)
def test_numbers_and_measures_stay_what_they_are(plain: str) -> None:
    assert reads(plain) == [plain]


def test_a_text_of_no_word_is_empty() -> None:
    assert [word_form(text) for text in ("", " - ", "...", "\u200b\u3164", "!!")] == [""] * 5


@given(st.text())
def test_the_plain_reading_is_letters_and_digits_with_single_blanks(text: str) -> None:
    plain = reads(text)[0]
    assert plain == " ".join(plain.split())
    assert all(unicodedata.category(each)[0] in "LNM" for each in plain if each != " ")


@given(st.text(st.characters(codec="ascii")))
def test_letter_case_changes_no_plain_reading(text: str) -> None:
    assert reads(text.upper())[0] == reads(text.lower())[0]


@given(st.text(st.characters(codec="ascii")))
def test_the_plain_reading_is_its_own_plain_reading(text: str) -> None:
    assert reads(reads(text)[0])[0] == reads(text)[0]


ONE_FOR_ONE = {letter: [chr(int(point, 16)) for point in points.split()] for letter, points in LOOKS.items()}


@given(st.sampled_from(["pistols", "cocaine", "explosive", "ivory", "uranium", "fentanyl"]), st.data())
def test_look_alike_letters_hide_no_word(word: str, data: st.DataObject) -> None:
    """Any letter of a word but those of one stroke may be written by any other that looks like it."""
    written = "".join(data.draw(st.sampled_from([each, *ONE_FOR_ONE.get(each, [])])) for each in word)
    assert f"two {word}" in reads(f"two {written}")


def test_every_character_without_a_look_is_left_out() -> None:
    """Format characters of Unicode, but for the signs that are seen as part of Arabic, Syriac and Egyptian writing."""
    seen = {"ARABIC", "SYRIAC", "EGYPTIAN", "KAITHI"}
    for point in range(0x110000):
        character = chr(point)
        if unicodedata.category(character) == "Cf" and unicodedata.name(character, "").split(" ")[0] not in seen:
            assert reads(f"gu{character}ns")[0] == "guns", hex(point)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Two pist\u043els", ["pistols"]),
        ("grinding wh\u0435\u0435ls", ["wheels"]),
        ("\u0420istols", ["pistols"]),
        ("HANDGU\u039dS", ["handguns"]),
        ("gun\u0455", ["guns"]),
        ("\u13e2istols", ["pistols"]),
        ("pis\u200btols", ["pistols"]),
        ("pis\x7ftols", ["pistols"]),
        ("pis\u034ftols", ["pistols"]),
        ("pis\u00adtols", ["pistols"]),
        ("pis\ufe0ftols", ["pistols"]),
        ("pis\U000e0061tols", ["pistols"]),
        ("\u202eslotsip", ["slotsip"]),
    ],
)
def test_a_word_of_two_scripts_or_with_something_unseen_is_disguised(text: str, words: list[str]) -> None:
    assert disguised_words(text) == words


NO_DISGUISE = [
    "Plain oak tables",
    "\u041e\u0431\u0443\u0432\u043d\u0430\u044f \u0444\u0430\u0431\u0440\u0438\u043a\u0430 \u0417\u0430\u0440\u044f",
    "\u0395\u03bb\u03b1\u03b9\u03cc\u03bb\u03b1\u03b4\u03bf extra virgin",
    "LADA \u041d\u0438\u0432\u0430 spare wheels",
    "\u0412\u043a\u0443\u0441Vill tea",
    "\u042f\u043d\u0434\u0435\u043a\u0441Taxi signs",
    "\u041a\u0438\u043d\u043ePoisk posters",
    "i\u0424\u0440\u0443\u043a\u0442 covers",
    "3D\u043f\u0440\u0438\u043d\u0442\u0435\u0440",
    "USB-\u043a\u0430\u0431\u0435\u043b\u044c",
    "\u0425" + "5 Group",
    "\u041a\u0422315A",
    "USB\u30b1\u30fc\u30d6\u30eb",
    "T\u6064 cotton",
    "A4\uc6a9\uc9c0",
    "film of 150 \u00b5m",
    "film of 150 \u03bcm",
    "film of 150 \u00c2\u00b5m",
    "resistors, 10 k\u2126 and 4 M\u03a9",
    "\u03b2-carotene and \u03b1-tocopherol",
    "Caf\u00e9 \u00d8rsted, \u0141\u00f3d\u017a, Stra\u00dfe, Bj\u00f6rk, na\u00efve",
    "Vi\u1ec7t Nam c\u00e0 ph\u00ea",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937",
    "\u05d4\u05e2\u05d1\u05e8\u05d9\u05ea\u200f (Hebrew)",
    "\ufeffOak tables\u200b",
    "toys \u2764\ufe0f for children",
    "1\u00a0000 pieces, 2\u202f500 boxes",
    "line one\r\nline two\ttabbed",
]


@pytest.mark.parametrize("text", NO_DISGUISE)
def test_other_scripts_brands_and_units_are_no_disguise(text: str) -> None:
    assert disguised_words(text) == []
