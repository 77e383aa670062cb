"""A condition answered by a function of ours says what CEL says of it, and one that could fail is left to CEL."""

from __future__ import annotations

import re
from functools import cache

import cel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from singlewindow.risk.compiled_conditions import Predicate, Scene, Scope, compile_predicate
from singlewindow.risk.conditions import Condition, compile_condition
from singlewindow.risk.fact_readers import Fact, Unmeasurable, Value
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS
from singlewindow.risk.patterns import LITERAL
from tests.judgement import configuration

WORDS = ["", "93", "9301", "930120", "N851", "C640", "rifle", "two rifles", "é"]


def values(fact: Fact, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Value]:
    """Values a fact of this kind can have; its texts are among `texts`."""
    kinds: dict[str, st.SearchStrategy[Value]] = {
        "text": texts,
        "texts": st.lists(texts, max_size=3),
        "number": st.sampled_from([0.0, 1.0, 9.5, 10.0, 1_000.0, 1e15]),
        "count": st.integers(0, 5),
        "flag": st.booleans(),
    }
    return kinds[fact.kind]


def scenes(condition: Condition, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Scene]:
    """What the condition may see, as far as it looks."""
    declaration = {name: values(DECLARATION_FACTS[name], texts) for name in condition.declaration}
    item = st.fixed_dictionaries({name: values(ITEM_FACTS[name], texts) for name in condition.item})
    seen = {"declaration": st.fixed_dictionaries(declaration)}
    return st.fixed_dictionaries(
        {**seen, "item": item} if condition.scope == "item" else {**seen, "items": st.lists(item, max_size=3)}
    )


@cache
def shipped() -> list[Condition]:
    agencies = configuration()[1].values()
    routing = [condition for agency in agencies for _, condition in agency.routing]
    return routing + [profile.condition for agency in agencies for profile in agency.method.profiles]


def texts_of(condition: Condition) -> st.SearchStrategy[str]:
    """Texts that its literals are about: themselves, with more behind, or found by them as patterns."""
    literals = [cel.evaluate(literal) for literal in re.findall(LITERAL, condition.source)] or [""]
    patterns = [st.from_regex(literal) for literal in literals if not literal.isalnum()]
    return st.one_of(st.sampled_from([*literals, *(f"{literal}0" for literal in literals), ""]), *patterns)


def test_every_condition_shipped_is_answered_by_a_function() -> None:
    assert [condition.id for condition in shipped() if condition.predicate is None] == []


class Measured(dict[str, Value]):
    """Facts, of which those that are not there cannot be measured."""

    def __missing__(self, name: str) -> Value:
        raise Unmeasurable(f"{name} is unknown", "")


@st.composite
def open_scenes(draw: st.DrawFn, condition: Condition, texts: st.SearchStrategy[str]) -> tuple[Scene, Scene]:
    """What the condition may see, and the same with some numbers that nobody knows."""
    full = draw(scenes(condition, texts))

    def hidden(facts: dict[str, Value]) -> Measured:
        return Measured({name: fact for name, fact in facts.items() if type(fact) is not float or draw(st.booleans())})

    return full, {owner: [*map(hidden, of)] if owner == "items" else hidden(of) for owner, of in full.items()}


def assert_open_facts_leave_open_no_more_than_they_must(condition: Condition, full: Scene, partly: Scene) -> None:
    """What is said without a number is what is said with it; CEL says the same, or that it cannot tell."""
    ours, cels = (_said(answer, partly) for answer in (condition.holds, condition.evaluate_cel))
    assert ours in (None, condition.holds(full)), condition.source
    assert cels in (None, ours), condition.source


def _said(answer: Predicate, scene: Scene) -> bool | None:
    try:
        return answer({**scene})
    except Unmeasurable:
        return None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_condition_shipped_says_what_cel_says(data: st.DataObject) -> None:
    condition = data.draw(st.sampled_from(shipped()))
    scene = data.draw(scenes(condition, texts_of(condition)))
    assert condition.holds(scene) is condition.evaluate_cel(scene)


def written(texts: list[str]) -> str:
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"


LITERALS = [*(f"'{word}'" for word in WORDS), r"r'\d'", '"\\u00e9"', "'''it's'''"]
TEXTS = [*LITERALS, "item.commodity_code", "item.description", "declaration.type"]
SEVERAL = ["item.document_codes", "declaration.itinerary_countries", "[item.description, '93']"]
NUMBERS = st.sampled_from(["item.value", "item.net_mass_kg", "1.0", "-9.5", "(item.value + 0.5)", "item.value * 2.0"])
COUNTS = st.sampled_from(["declaration.item_count", "size(item.marks)", "item.marks.size()", "0", "3"])
LISTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(written) | st.sampled_from(SEVERAL)
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


SIMPLE = {
    "{text} {equal} {text}",
    "{text}.{method}({text})",
    "{text}.matches('^(9|two)[0-9 ]*')",
    "{text}.without('(two|93) ?').matches('^rifle')",
    "{text} in {texts}",
    "{number} {sign} {number}",
    "{count} {sign} {count}",
    "declaration.containerised",
    "true",
    "false",
}
JOINED = {
    "!{text}.{method}({text})",
    "!({flag})",
    "({flag}) && ({flag})",
    "({flag}\n || {flag})",
    "{texts}.exists({each}, {inner})",
    "{texts}.all({each}, {inner})",
    "{texts}.exists({each}, {each} in {texts} || {inner})",
    "{texts}.exists({each}, {text} == {each} || {text}.startsWith({each}))",
    "{texts}.exists({each}, {each}.startsWith({text}))",
    "{texts}.exists({each}, {texts}.exists(begin, {each}.startsWith(begin)))",
    "{texts}.exists({each}, ['9', '640'].exists(begin, {each}.startsWith(begin)) && {inner})",
}


@st.composite
def flags(draw: st.DrawFn, bound: tuple[str, ...] = (), depth: int = 3) -> str:
    """A condition on items in the part that is covered, which may name the variables `bound`."""
    shape = draw(st.sampled_from(sorted(SIMPLE | JOINED if depth else SIMPLE)))
    each = f"each{depth}"
    parts = {
        "text": st.sampled_from([*TEXTS, *bound]),
        "texts": LISTS,
        "number": NUMBERS,
        "count": COUNTS,
        "sign": SIGNS,
        "equal": st.sampled_from(["==", "!="]),
        "method": st.sampled_from(["startsWith", "endsWith", "contains"]),
        "each": st.just(each),
        "flag": st.deferred(lambda: flags(bound, depth - 1)),
        "inner": st.deferred(lambda: flags((*bound, each), depth - 1)),
    }
    return re.sub(r"{(\w+)}", lambda found: str(draw(parts[found[1]])), shape)


@given(st.data())
def test_a_condition_of_the_covered_part_says_what_cel_says(data: st.DataObject) -> None:
    condition = compile_condition("C-1", data.draw(flags()), "item")
    scene = data.draw(scenes(condition, st.sampled_from(WORDS)))
    assert condition.predicate is not None, condition.source
    assert condition.holds(scene) is condition.evaluate_cel(scene), condition.source


@given(st.data())
def test_a_number_that_nobody_knows_leaves_open_only_what_depends_on_it(data: st.DataObject) -> None:
    condition = compile_condition("C-1", data.draw(flags()), "item")
    scenes_of = open_scenes(condition, st.sampled_from(WORDS))
    assert_open_facts_leave_open_no_more_than_they_must(condition, *data.draw(scenes_of))


@given(st.data())
def test_a_condition_shipped_says_no_more_than_it_knows(data: st.DataObject) -> None:
    measured = [each for each in shipped() if "_kg" in each.source or "value" in each.source]
    condition = data.draw(st.sampled_from(measured))
    scenes_of = open_scenes(condition, texts_of(condition))
    assert_open_facts_leave_open_no_more_than_they_must(condition, *data.draw(scenes_of))


@pytest.mark.parametrize(
    "source",
    [
        "items.exists(one, one.commodity_code.startsWith('93')) && items.exists(two, two.value > 1.0)",
        "items.all(one, one.marks.exists(mark, mark == one.description))",
        "items.exists(one, items.all(two, two.value <= one.value))",
        "size(items) > 1 && items.exists(one, '93' in one.document_codes)",
    ],
)
@given(data=st.data())
def test_a_condition_on_all_items_says_what_cel_says(source: str, data: st.DataObject) -> None:
    condition = compile_condition("C-1", source, "declaration")
    scene, partly = data.draw(open_scenes(condition, st.sampled_from(WORDS)))
    assert condition.predicate is not None
    assert condition.holds(scene) is condition.evaluate_cel(scene)
    assert_open_facts_leave_open_no_more_than_they_must(condition, scene, partly)


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        ("item.marks[0] == 'x'", "item"),
        ("item.value / item.net_mass_kg > 1.0", "item"),
        ("item.value > 1", "item"),
        ("declaration.item_count > 1.0", "item"),
        ("declaration.item_count + 1 > 2", "item"),
        ("item.value == '1'", "item"),
        ("item.value", "item"),
        ("size(item.description) > 3", "item"),
        ("item.description < 'x'", "item"),
        ("item.description.matches(item.ucr)", "item"),
        ("item.marks.filter(mark, mark == 'x').size() > 0", "item"),
        ("item.marks.exists_one(mark, mark == 'x')", "item"),
        ("item.marks.exists(mark, item.document_ids.exists(mark, mark.contains('x')))", "item"),
        ("item.marks.exists(mark, mark)", "item"),
        ("item.document_codes.exists(code, ['X', 'N9'].exists(code, code.startsWith(code)))", "item"),
        ("declaration.containerised ? item.value > 1.0 : true", "item"),
        ("declaration.containerised == true // as it is said\n&& true", "item"),
        ("item.description == 'why\\?'", "item"),
        ("item.marks == ['x']", "item"),
        ("1.0 < 2.0 == true", "item"),
        ("item.value in [1.0]", "item"),
        ("item.description.upperAscii() == 'X'", "item"),
        ("items[0].value > 1.0", "declaration"),
        ("items.map(one, one.value).size() > 0", "declaration"),
    ],
)
def test_what_could_fail_or_reads_otherwise_is_left_to_cel(source: str, scope: Scope) -> None:
    assert compile_predicate(source, scope) is None


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("['01', '93'].exists(code, item.commodity_code.startsWith(code))", True),
        ("['01'].exists(code, code.startsWith(item.commodity_code))", False),
        ("item.document_codes.exists(code, code in ['N851'])", True),
        ("item.document_codes.exists(code, code in declaration.itinerary_countries || code == 'X')", False),
        ("item.document_codes.exists(code, code.startsWith('N8'))", True),
        ("item.document_codes.exists(code, code.startsWith('N9'))", False),
        ("item.document_codes.exists(code, ['X', 'N8'].exists(begin, code.startsWith(begin)))", True),
        ("item.document_codes.exists(code, ['X', declaration.type].exists(begin, code.startsWith(begin)))", False),
        ("item.description.without('a') == '\\n || b'", True),
        ("['KP', 'N851'].exists(code, code == declaration.type || code in item.document_codes)", True),
        ("!item.description.contains('&& !true') && item.description.contains(' || ')", True),
    ],
)
def test_what_is_looked_at_at_once_is_looked_at_in_full(source: str, holds: bool) -> None:
    item = {"commodity_code": "930120", "document_codes": ["C640", "N851"], "description": "a || b"}
    scene = {"item": item, "declaration": {"type": "IMA", "itinerary_countries": ["KP"]}}
    asked = compile_predicate(source, "item")
    assert asked is not None
    assert asked(scene) is holds
