from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from singlewindow.declarations.model import Tree
from singlewindow.risk.compiled_conditions import Scope
from singlewindow.risk.conditions import Condition, ConditionError, ConditionSet, Fired, Scenes, compile_condition
from tests.terms import TERMS


def goods(*descriptions: str) -> Tree:
    items = [
        {"SequenceNumeric": str(number), "Commodity": {"Description": words}}
        for number, words in enumerate(descriptions, start=1)
    ]
    return {"TypeCode": "IMA", "GoodsShipment": {"GovernmentAgencyGoodsItem": items}}


def condition(source: str, scope: Scope = "item") -> Condition:
    return compile_condition("C-1", source, scope)


def fired(source: str, tree: Tree, scope: Scope = "item") -> list[str | None]:
    return [fired.item for fired in ConditionSet([condition(source, scope)]).find_fired(Scenes(tree, TERMS))]


def test_a_condition_on_items_names_the_items_it_holds_for() -> None:
    assert fired("item.description.contains('rifle')", goods("Rifle", "Bread", "rifles")) == ["1", "3"]


def test_a_condition_on_the_declaration_names_no_item() -> None:
    assert fired("declaration.direction == 'import'", goods("Bread"), "declaration") == [None]


def test_a_condition_on_the_declaration_can_look_at_all_items() -> None:
    source = "items.exists(i, i.description == 'rifle') && items.exists(j, j.description == 'scope')"
    assert fired(source, goods("Rifle", "Scope"), "declaration") == [None]


def test_items_chosen_by_filter_and_index_are_read_too() -> None:
    source = "items.filter(i, i.net_mass_kg == 0.0).size() == 2 && items[0].description == 'rifle'"
    assert fired(source, goods("Rifle", "Scope"), "declaration") == [None]


def test_the_number_of_items_can_be_asked_without_any_of_their_facts() -> None:
    assert fired("items.size() == 2", goods("Rifle", "Scope"), "declaration") == [None]


def test_only_the_facts_named_are_read() -> None:
    found = condition("item.description == 'x' && declaration.type == 'IMA' && item.marks == ['item.value']")
    assert (sorted(found.item), sorted(found.declaration)) == (["description", "marks"], ["type"])


def test_a_pattern_is_found_anywhere_in_the_text() -> None:
    assert fired(r"item.description.matches('\\brifles?\\b')", goods("two rifles", "trifle")) == ["1"]


def test_a_fact_nobody_knows_is_refused() -> None:
    with pytest.raises(ConditionError, match=r"no fact item\.colour"):
        condition("item.colour == 'red'")


def test_a_fact_nobody_knows_is_refused_inside_a_macro() -> None:
    with pytest.raises(ConditionError, match=r"no fact item\.colour"):
        condition("items.exists(i, i.colour == 'red')", "declaration")


def test_a_condition_on_the_declaration_cannot_name_one_item() -> None:
    with pytest.raises(ConditionError, match="'item' is unknown"):
        condition("item.value > 1.0", "declaration")


def test_a_condition_on_items_cannot_name_all_items() -> None:
    with pytest.raises(ConditionError, match="'items' is unknown"):
        condition("items.size() > 1")


def test_facts_in_brackets_are_refused_because_nobody_could_check_them() -> None:
    with pytest.raises(ConditionError, match=r"write item\.name"):
        condition("item['value'] > 1.0")


def test_a_macro_cannot_hide_the_item_behind_its_own_variable() -> None:
    with pytest.raises(ConditionError, match="must not be called"):
        condition("item.marks.exists(item, item == 'x')")


def test_bad_syntax_is_refused() -> None:
    with pytest.raises(ConditionError, match="cannot be read"):
        condition("item.value >")


def test_a_condition_that_fails_is_an_error_and_not_a_no() -> None:
    with pytest.raises(ConditionError, match="C-1 could not be answered"):
        fired("item.marks[7] == 'x'", goods("Bread"))


def test_an_answer_that_is_not_yes_or_no_is_an_error() -> None:
    with pytest.raises(ConditionError, match="not true or false"):
        fired("item.description", goods("Bread"))


def test_only_the_wanted_conditions_are_evaluated() -> None:
    both = ConditionSet([condition("item.marks[7] == 'x'"), condition("item.description == 'bread'")])
    assert list(both.find_fired(Scenes(goods("Bread"), TERMS), [1])) == [Fired(1, "1")]


def test_conditions_can_be_answered_by_many_threads_at_once() -> None:
    shared = ConditionSet([condition("item.description.matches('rifle') && declaration.type == 'IMA'")])
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: list(shared.find_fired(Scenes(goods("Rifle"), TERMS))), range(200)))
    assert answers == [[Fired(0, "1")]] * 200
