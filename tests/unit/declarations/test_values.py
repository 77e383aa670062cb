"""Characters that nobody sees are told from those that somebody may."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.values import UNSEEN, check_value, collapse, trimmed

EVERY = [chr(number) for number in range(sys.maxunicode + 1)]


def test_white_space_of_every_kind_is_unseen() -> None:
    separators = {"\x1c", "\x1d", "\x1e", "\x1f"}  # Python alone calls them white space, and XML knows none of them
    assert {letter for letter in EVERY if letter.isspace()} - separators <= UNSEEN


def test_of_the_format_characters_only_those_that_are_drawn_are_seen() -> None:
    seen = {letter for letter in EVERY if unicodedata.category(letter) == "Cf"} - UNSEEN
    drawn = ("ARABIC", "SYRIAC", "KAITHI", "INTERLINEAR", "EGYPTIAN")
    assert all(unicodedata.name(letter).startswith(drawn) for letter in seen)


def test_no_letter_mark_or_sign_that_is_drawn_is_unseen() -> None:
    named = [unicodedata.name(letter, "") for letter in UNSEEN if unicodedata.category(letter)[0] in "LNPS"]
    assert all("FILLER" in name for name in named)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("A", "A"), (" A ", "A"), ("", ""), (" ", ""), ("\u200b\ufeff", ""), ("A B", "A B"),
        ("\u00a0A\u00a0B\t", "A\u00a0B"),
        ("\u3164A", "A"), ("A\ufe0f", "A"), ("é ", "é"), ("\u2800A", "\u2800A"), ("\x7fA", "\x7fA"), ("A\x92", "A\x92"),
    ],
    ids=ascii,
)  # fmt: skip
def test_only_the_ends_are_trimmed(text: str, rest: str) -> None:
    assert trimmed(text) == rest


def test_a_code_has_single_blanks_inside() -> None:
    assert collapse("\u00a0 A \t\n B \u200b") == "A B"


def test_much_white_space_is_trimmed_in_one_pass() -> None:
    assert trimmed(" " * 2_000_000 + "A" + "\u200b" * 2_000_000) == "A"


@pytest.mark.parametrize("path", ["FunctionalReferenceID", "TypeCode", "Declarant/ID", "Exporter/ID"])
def test_a_blank_value_that_is_needed_is_not_to_be_left_out(path: str) -> None:
    finding = check_value(ELEMENTS[f"Declaration/{path}"], "")
    assert finding
    assert finding.rule == "SCHEMA-BLANK"
    assert ("remove" in finding.advice) is (path == "Exporter/ID")
