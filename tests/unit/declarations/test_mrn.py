"""Movement reference numbers: their shape, and what their check digit does and does not catch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from singlewindow.declarations.mrn import SERIALS, check_digit, is_mrn, make_mrn, serial_of
from tests.unit.declarations.samples import corpus

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# ISO 6346: letters count from 10 and skip the multiples of 11.
WORTH = dict(zip(ALPHABET, [*range(10), *(n for n in range(10, 39) if n not in (11, 22, 33))], strict=True))
mrns = st.builds(make_mrn, st.integers(0, 99), st.sampled_from(("GB", "FR", "XI")), st.integers(0, SERIALS - 1))


@given(mrns)
def test_an_mrn_is_recognised(mrn: str) -> None:
    assert is_mrn(mrn)


@given(st.integers(0, SERIALS - 1))
def test_the_serial_comes_back(serial: int) -> None:
    assert serial_of(make_mrn(2026, "GB", serial)) == serial


def test_an_mrn_reads_as_year_country_serial_and_check_digit() -> None:
    assert make_mrn(2026, "GB", 35)[:17] == "26GB000000000000Z"


def test_the_check_digit_is_that_of_a_container_number() -> None:
    assert check_digit("CSQU305438") == "3"


@given(mrns, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_a_wrong_character_is_caught_exactly_where_the_digit_can_tell(mrn: str, at: int, other: str) -> None:
    wrong = mrn[:at] + other + mrn[at + 1 :]
    if other == mrn[at]:
        return
    before, after = (
        sum(WORTH[letter] << place for place, letter in enumerate(text[:17])) % 11 for text in (mrn, wrong)
    )
    missed = before == after or {before, after} == {0, 10}
    assert (check_digit(wrong[:17]) == wrong[17]) == missed


@pytest.mark.parametrize("pair", ["1B", "1L", "BL", "0K"])
def test_characters_of_equal_worth_modulo_11_are_not_told_apart(pair: str) -> None:
    same = WORTH[pair[0]] % 11 == WORTH[pair[1]] % 11
    assert (check_digit("26GB000000000000" + pair[0]) == check_digit("26GB000000000000" + pair[1])) == same


def test_remainders_0_and_10_share_a_digit() -> None:
    texts = ["26GB00000000000" + a + b for a in ALPHABET for b in ALPHABET]
    remainders = {sum(WORTH[c] << k for k, c in enumerate(t)) % 11 for t in texts if check_digit(t) == "0"}
    assert remainders == {0, 10}


@pytest.mark.parametrize(
    "text", ["", "26GB", "26GB0000000000000", "26gb00000000000000", "26GB0000000000000\u0661", "26GB00000000000000\n"]
)
def test_another_text_is_no_mrn(text: str) -> None:
    assert not is_mrn(text)


def test_a_wrong_check_digit_is_no_mrn() -> None:
    mrn = make_mrn(2026, "GB", 1)
    assert not is_mrn(mrn[:17] + str((int(mrn[17]) + 1) % 10))


@pytest.mark.parametrize(("country", "serial"), [("gb", 1), ("GBR", 1), ("GB", -1), ("GB", SERIALS)])
def test_a_part_that_does_not_fit_is_refused(country: str, serial: int) -> None:
    with pytest.raises(ValueError, match=r"two capital letters|does not fit"):
        make_mrn(2026, country, serial)


def test_a_serial_cannot_be_had_of_what_is_no_mrn() -> None:
    with pytest.raises(ValueError, match="is not an MRN"):
        serial_of("26GB")


def test_mrns_of_real_responses_are_recognised() -> None:
    files = [file for file in corpus("uk_rejected") if file.stem.endswith("Notification")]
    numbers = {file.name: etree.parse(file).getroot().findtext(".//{*}Declaration/{*}ID") for file in files}
    assert [number for number in numbers.values() if not number or not is_mrn(number)] == []
