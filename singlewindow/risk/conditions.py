"""Conditions in CEL over facts: compiled and rehearsed once at load, evaluated without ever guessing.

An item-scoped condition sees `item` and `declaration`; a declaration-scoped one sees `declaration` and `items`.
Whatever goes wrong while evaluating is a `ConditionError`: a condition that could not be answered is not one that
did not fire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import cel

from singlewindow.declarations.model import Tree, text_of
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS, declaration_facts, goods_items, item_facts
from singlewindow.risk.patterns import FUNCTIONS, LITERAL, translated
from singlewindow.risk.readers import Fact, Value

Scope = Literal["item", "declaration"]
Names = frozenset[str]
Fired = tuple[int, str | None]

_CEL_ERRORS: Final = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
_LITERAL = re.compile(LITERAL)
_BOUND = re.compile(r"\.\s*(?:exists|exists_one|all|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_MEMBER = re.compile(r"\b(item|declaration)\s*\.\s*([A-Za-z_]\w*)")
_INDEXED = re.compile(r"\b(item|declaration)\s*\[")


class ConditionError(Exception):
    """A condition could not be compiled or answered; the text says which one and why."""


@dataclass(frozen=True)
class Condition:
    """One compiled condition; `item` and `declaration` are the names of the facts it reads."""

    id: str
    source: str
    scope: Scope
    program: cel.Program
    item: Names
    declaration: Names

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts read, by the name written in the condition."""
        return {f"item.{name}": ITEM_FACTS[name] for name in sorted(self.item)} | {
            f"declaration.{name}": DECLARATION_FACTS[name] for name in sorted(self.declaration)
        }

    def holds(self, context: cel.Context) -> bool:
        """Whether the condition is true; raises `ConditionError` where it is neither true nor false."""
        try:
            answer = self.program.execute(context)
        except _CEL_ERRORS as error:
            raise ConditionError(f"Condition {self.id} could not be answered: {error}") from error
        if not isinstance(answer, bool):
            raise ConditionError(f"Condition {self.id} gives {type(answer).__name__}, not true or false")
        return answer


def compile_condition(identifier: str, source: str, scope: Scope) -> Condition:
    """Compile `source`, find the facts it reads; raises `ConditionError` on bad syntax or unknown names."""
    try:
        program = cel.compile(translated(source))
    except ValueError as error:
        raise ConditionError(f"the condition cannot be read: {' '.join(str(error).split())}") from error
    bare = _LITERAL.sub('""', source)
    bound = set(_BOUND.findall(bare))
    _refuse_variables(set(program.variables()), bound, scope)
    if indexed := _INDEXED.search(bare):
        raise ConditionError(f"write {indexed[1]}.name instead of {indexed[1]}[...]")
    named = _MEMBER.findall(bare)
    item = {name for owner, name in named if owner == "item"}
    declaration = {name for owner, name in named if owner == "declaration"}
    if scope == "declaration":
        item = _members_of_items(bare, bound)
    _refuse_unknown("item", item, ITEM_FACTS)
    _refuse_unknown("declaration", declaration, DECLARATION_FACTS)
    return Condition(identifier, source, scope, program, frozenset(item), frozenset(declaration))


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


class ConditionSet:
    """Conditions evaluated together: each fact of a tree is read once, and CEL is called once for all of them."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.conditions = tuple(conditions)
        self._together: dict[tuple[int, ...], cel.Program] = {}

    def fired(self, tree: Tree, wanted: Iterable[int] | None = None) -> Iterator[Fired]:
        """Index of each condition that holds, with the item's SequenceNumeric (None: the whole declaration).

        `wanted` restricts the evaluation to those indexes. Raises `ConditionError`.
        """
        chosen = range(len(self.conditions)) if wanted is None else sorted(wanted)
        whole = [index for index in chosen if self.conditions[index].scope == "declaration"]
        single = [index for index in chosen if self.conditions[index].scope == "item"]
        declaration = declaration_facts(tree, self._declaration)
        context = cel.Context({"declaration": declaration}, FUNCTIONS)
        if whole:
            seen = self._with_items(tree, declaration) if self._uses_items else context
            yield from ((index, None) for index in self._held(whole, seen))
        if single:
            yield from self._by_item(tree, context, single)

    def _by_item(self, tree: Tree, context: cel.Context, single: list[int]) -> Iterator[Fired]:
        for item in goods_items(tree):
            context.add_variable("item", item_facts(item, self._item))
            sequence = text_of(item.get("SequenceNumeric"))
            yield from ((index, sequence) for index in self._held(single, context))

    def _held(self, indexes: list[int], context: cel.Context) -> list[int]:
        """Those of the conditions that are true."""
        try:
            answers = self._program(tuple(indexes)).execute(context)
        except _CEL_ERRORS:  # one of them cannot be answered: asked alone, it says which and why
            answers = []
        if len(answers) != len(indexes) or not all(isinstance(answer, bool) for answer in answers):
            answers = [self.conditions[index].holds(context) for index in indexes]
        return [index for index, answer in zip(indexes, answers, strict=True) if answer]

    def _program(self, indexes: tuple[int, ...]) -> cel.Program:
        """One program that answers these conditions, as a list; kept, as the same ones are asked again all day."""
        found = self._together.get(indexes)
        if found is None:
            sources = ",\n".join(f"({translated(self.conditions[index].source)}\n)" for index in indexes)
            found = self._together[indexes] = cel.compile(f"[{sources}]")
        return found

    def _with_items(self, tree: Tree, declaration: dict[str, Value]) -> cel.Context:
        """A context of its own, as CEL copies a context's variables for every macro it runs."""
        items = [item_facts(item, self._items) for item in goods_items(tree)]
        return cel.Context({"declaration": declaration, "items": items}, FUNCTIONS)

    @cached_property
    def _item(self) -> Names:
        return frozenset().union(*(each.item for each in self.conditions if each.scope == "item"))

    @cached_property
    def _items(self) -> Names:
        return frozenset().union(*(each.item for each in self.conditions if each.scope == "declaration"))

    @cached_property
    def _declaration(self) -> Names:
        return frozenset().union(*(each.declaration for each in self.conditions))

    @cached_property
    def _uses_items(self) -> bool:
        return any("items" in each.program.variables() for each in self.conditions if each.scope == "declaration")
