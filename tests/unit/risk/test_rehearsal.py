from __future__ import annotations

import pytest

from singlewindow.risk.compiled_conditions import Scope
from singlewindow.risk.conditions import compile_condition
from singlewindow.risk.rehearsal import rehearse


def faults(source: str, scope: Scope = "item") -> list[str]:
    return rehearse(compile_condition("C-1", source, scope))


@pytest.mark.parametrize(
    "source",
    [
        "item.commodity_code.startsWith('93') && item.net_mass_kg > 10",
        "item.marks.size() > 0 && item.marks[0] == 'x'",
        "item.net_mass_kg > 0.0 && item.value / item.net_mass_kg < 1.0",
        "declaration.direction == 'import' ? item.value > 1.0 : item.value > 2.0",
        "['3601', '3602'].exists(heading, item.commodity_code.startsWith(heading))",
        "!(item.description.contains('a && b') || declaration.containerised)",
    ],
)
def test_a_sound_condition_is_let_in(source: str) -> None:
    assert faults(source) == []


def test_an_operand_of_the_wrong_type_is_found_behind_one_that_decides() -> None:
    assert "item.net_mass_kg + 1" in faults("item.description == 'rifle' && item.net_mass_kg + 1 > 3.0")[0]


def test_an_operand_of_the_wrong_type_is_found_inside_parentheses() -> None:
    assert faults("item.description == 'rifle' && !(item.value > 1.0 || item.description + 1 == 'x')")


def test_a_type_error_inside_a_macro_is_found() -> None:
    assert faults("items.exists(i, i.description + 1 == 'x')", "declaration")


def test_an_unguarded_absent_value_is_found() -> None:
    assert "guard against it" in faults("item.marks[0] == 'x'")[0]


def test_a_condition_that_gives_no_yes_or_no_is_found() -> None:
    assert "not true or false" in faults("item.value")[0]


def test_a_number_compared_with_text_is_found() -> None:
    assert "another type" in faults("item.value == '100'")[0]


def test_folded_text_compared_with_capitals_is_found() -> None:
    assert "lower case" in faults("item.description.contains('Rifle')")[0]


def test_a_code_compared_with_small_letters_is_found() -> None:
    assert "upper case" in faults("declaration.export_country == 'ir'")[0]


def test_a_pattern_that_cannot_be_read_is_found() -> None:
    assert "cannot be used" in faults("item.description.matches('(')")[0]


def test_a_pattern_that_hostile_text_could_make_endless_is_found() -> None:
    assert "has a repetition inside a repetition" in faults("item.description.matches('^(a+)+b')")[0]
