"""Conditions in CEL over facts: compiled and rehearsed once at load, evaluated without ever guessing.

An item-scoped condition sees `item` and `declaration`; a declaration-scoped one sees `declaration` and `items`. A
condition that depends on a mass or an amount which cannot be measured raises `Unmeasurable`. Anything else that goes
wrong is a `ConditionError`: a condition that could not be answered is different from one that did not fire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from singlewindow.declarations.model import Tree, text_of
from singlewindow.risk.cel_engine import cel
from singlewindow.risk.compiled_conditions import Predicate, Scene, Scope, compile_predicate
from singlewindow.risk.fact_readers import Fact, Unmeasurable, Value
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS, Facts, goods_items
from singlewindow.risk.patterns import FUNCTIONS, LITERAL, with_own_matches
from singlewindow.risk.terms import Terms

Names = frozenset[str]
_CEL_ERRORS: Final = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
_LITERAL = re.compile(LITERAL)
_BOUND = re.compile(r"\.\s*(?:exists|exists_one|all|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_MEMBER = re.compile(r"\b(item|declaration)\s*\.\s*([A-Za-z_]\w*)")
_INDEXED = re.compile(r"\b(item|declaration)\s*\[")
_WHOLE = re.compile(r"(?<![.\w])(item|declaration)\b(?!\s*[.\[])")
_HAS = re.compile(r"(?<![.\w])has\s*\(")


class ConditionError(Exception):
    """A condition could not be compiled or answered; the text says which one and why."""


@dataclass(frozen=True)
class Condition:
    """One compiled condition; `item` and `declaration` are the names of the facts it reads.

    If there is a `predicate`, it answers instead of the `program`, with the same result.
    """

    id: str
    source: str
    scope: Scope
    program: cel.Program
    predicate: Predicate | None
    item: Names
    declaration: Names

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts read, by the name written in the condition."""
        return {f"item.{name}": ITEM_FACTS[name] for name in sorted(self.item)} | {
            f"declaration.{name}": DECLARATION_FACTS[name] for name in sorted(self.declaration)
        }

    def holds(self, scene: Scene) -> bool:
        """Whether it is true; raises `Unmeasurable`, or `ConditionError` if it is neither true nor false."""
        return self.evaluate_cel(scene) if self.predicate is None else self.predicate(scene)

    def evaluate_cel(self, scene: Scene) -> bool:
        """CEL's answer; raises as `holds` does."""
        unknown: list[Unmeasurable] = []
        variables = self._cel_variables(scene, unknown)
        try:
            answer = self.program.execute(cel.Context(variables, FUNCTIONS))
        except _CEL_ERRORS as error:
            if unknown:
                raise unknown[0] from error
            raise ConditionError(f"Condition {self.id} could not be answered: {error}") from error
        if not isinstance(answer, bool):
            raise ConditionError(f"Condition {self.id} gives {type(answer).__name__}, not true or false")
        return answer

    def _cel_variables(self, scene: Scene, unknown: list[Unmeasurable]) -> dict[str, Any]:
        """Only the facts that are named: CEL copies everything it gets."""
        variables: dict[str, Any] = {"declaration": _measured_facts(scene["declaration"], self.declaration, unknown)}
        if self.scope == "item":
            variables["item"] = _measured_facts(scene["item"], self.item, unknown)
        else:
            variables["items"] = [_measured_facts(item, self.item, unknown) for item in scene["items"]]
        return variables


def _measured_facts(facts: Mapping[str, Value], names: Names, unknown: list[Unmeasurable]) -> dict[str, Value]:
    """The facts of these names, without the `unknown` ones, so that CEL fails if it needs them."""
    found: dict[str, Value] = {}
    for name in names:
        try:
            found[name] = facts[name]
        except Unmeasurable as error:
            unknown.append(error)
    return found


def compile_condition(identifier: str, source: str, scope: Scope) -> Condition:
    """Compile `source` and find the facts it reads; raises `ConditionError` on bad syntax or unknown names."""
    return replace(compile_cel(identifier, source, scope), predicate=compile_predicate(source, scope))


def compile_cel(identifier: str, source: str, scope: Scope) -> Condition:
    """The same for CEL alone, without a predicate: quicker, for a condition that is tried once or twice."""
    try:
        program = cel.compile(with_own_matches(source))
    except ValueError as error:
        raise ConditionError(f"the condition cannot be read: {' '.join(str(error).split())}") from error
    bare = _LITERAL.sub('""', source)
    bound = set(_BOUND.findall(bare))
    _refuse_variables(set(program.variables()), bound, scope)
    if indexed := _INDEXED.search(bare):
        raise ConditionError(f"write {indexed[1]}.name instead of {indexed[1]}[...]")
    if whole := _WHOLE.search(bare):
        raise ConditionError(f"name a fact, such as {whole[1]}.name: a condition cannot use the whole of {whole[1]}")
    if _HAS.search(bare):
        raise ConditionError("remove has(...): every fact exists, and an absent value is an empty one")
    named = _MEMBER.findall(bare)
    item = {name for owner, name in named if owner == "item"}
    declaration = {name for owner, name in named if owner == "declaration"}
    if scope == "declaration":
        item = _members_of_items(bare, bound)
    _refuse_unknown("item", item, ITEM_FACTS)
    _refuse_unknown("declaration", declaration, DECLARATION_FACTS)
    return Condition(identifier, source, scope, program, None, frozenset(item), frozenset(declaration))


def _refuse_variables(variables: set[str], bound: set[str], scope: Scope) -> None:
    seen = {"item", "declaration"} if scope == "item" else {"declaration", "items"}
    if bound & {"item", "items", "declaration"}:
        raise ConditionError("a variable of exists, all, map or filter must not be called item, items or declaration")
    if unknown := sorted(variables - bound - seen):
        known = " and ".join(sorted(seen))
        raise ConditionError(f"{unknown[0]!r} is unknown here: a condition of scope {scope} sees {known}")


def _members_of_items(bare: str, bound: set[str]) -> set[str]:
    owners = "|".join([r"\]", *(rf"\b{re.escape(name)}" for name in sorted(bound))])
    return set(re.findall(rf"(?:{owners})\s*\.\s*([A-Za-z_]\w*)\b(?!\s*\()", bare))


def _refuse_unknown(owner: str, names: set[str], facts: Mapping[str, Fact]) -> None:
    if unknown := sorted(names - facts.keys()):
        raise ConditionError(f"there is no fact {owner}.{unknown[0]}")


class Scenes:
    """One declaration as conditions see it, as a whole and item by item; each of its facts is read at most once.

    `items` holds each goods item's SequenceNumeric and its scene.
    """

    def __init__(self, tree: Tree, terms: Terms) -> None:
        declaration, trees = Facts(DECLARATION_FACTS, tree, terms), goods_items(tree)
        facts = [Facts(ITEM_FACTS, item, terms) for item in trees]
        self.whole: Scene = {"declaration": declaration, "items": facts}
        self.items: list[tuple[str | None, Scene]] = [
            (text_of(item.get("SequenceNumeric")), {"declaration": declaration, "item": each})
            for item, each in zip(trees, facts, strict=True)
        ]


class Fired(NamedTuple):
    """A condition by its index, and the item's SequenceNumeric (None: the whole declaration).

    It holds, or its answer is unknown because something in it is `unmeasurable`.
    """

    condition: int
    item: str | None
    unmeasurable: Unmeasurable | None = None


class ConditionSet:
    """Conditions evaluated over the same scenes."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.conditions = tuple(conditions)

    def find_fired(self, scenes: Scenes, wanted: Iterable[int] | None = None) -> Iterator[Fired]:
        """Each condition that holds or cannot be measured, by item; raises `ConditionError`.

        `wanted` restricts the evaluation to those indexes.
        """
        chosen = range(len(self.conditions)) if wanted is None else sorted(wanted)
        single = [(index, self.conditions[index]) for index in chosen if self.conditions[index].scope == "item"]
        whole = [(index, self.conditions[index]) for index in chosen if self.conditions[index].scope == "declaration"]
        yield from _fired_in_scene(whole, scenes.whole, None)
        for sequence, scene in scenes.items:
            yield from _fired_in_scene(single, scene, sequence)


def _fired_in_scene(conditions: Iterable[tuple[int, Condition]], scene: Scene, item: str | None) -> Iterator[Fired]:
    for index, condition in conditions:
        try:
            if condition.holds(scene):
                yield Fired(index, item)
        except Unmeasurable as error:
            yield Fired(index, item, error)
