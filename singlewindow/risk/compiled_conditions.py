"""Conditions as Python functions, for the part of CEL in which most conditions are written.

CEL needs a copy of every fact (3 microseconds a text), which costs more than the answer; a function reads the facts in
place. The covered part means the same in Python once `&&`, `||` and `!` are written its way: comparisons, `in`, `+ - *`
on numbers, `exists` and `all`, `size`, and the methods of text. Kinds must agree as in CEL. Anything else, and anything
that could fail in CEL, is left to CEL.

A fact that cannot be measured leaves open only what depends on it: `true || it` is true. CEL is more cautious with
`exists` and `all`: it leaves the whole of them open and so asks for documents, where a function may know better.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from singlewindow.risk.cel_engine import cel
from singlewindow.risk.fact_readers import Fact, Kind, Unmeasurable
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS
from singlewindow.risk.patterns import CUT, LITERAL

Scope = Literal["item", "declaration"]
Scene = dict[str, Any]
"""What a condition sees: the facts of `declaration`, and those of `item` or of each of `items`."""
Predicate = Callable[[Scene], bool]

_Read = Callable[[Scene], Any]
_SPELLINGS: Final = {"&&": " and ", "||": " or ", "!": "~", "true": "True", "false": "False"}
_SPELLED = re.compile(rf"(?P<literal>(?:\b[rR])?(?:{LITERAL}))|&&|\|\||!(?!=)|\b(?:true|false)\b")
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_SUMS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_KINDS: Final[dict[type, Kind]] = {str: "text", float: "number", int: "count", bool: "flag"}
_TEXT_METHODS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": operator.contains,
}


class _NotCoveredError(Exception):
    """CEL must answer this one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a condition: the kind of its value, how it is read, and the value itself if it is a literal."""

    kind: Kind | Literal["item", "items"]
    read: _Read
    written: Any = None


def compile_predicate(source: str, scope: Scope) -> Predicate | None:
    """The condition as a function of what it sees; None if CEL must answer. The function raises only `Unmeasurable`.

    `source` is a condition that CEL has compiled and that has no unknown name.
    """
    try:
        spelled = _SPELLED.sub(_python_spelling, source)
        part = _Reader(scope).part(ast.parse(f"(\n{spelled}\n)", mode="eval").body)
    except (_NotCoveredError, SyntaxError, ValueError, re.error):
        return None
    return part.read if part.kind == "flag" else None


def _python_spelling(found: re.Match[str]) -> str:
    if found["literal"] is None:
        return _SPELLINGS[found[0]]
    if not _is_spelled_alike(found[0]):
        raise _NotCoveredError(found[0])
    return found[0]


@cache
def _is_spelled_alike(literal: str) -> bool:
    """Whether a text means the same in Python and in CEL."""
    return bool(ast.literal_eval(literal) == cel.evaluate(literal))


class _Reader:
    """Reads the syntax tree of one condition; each method raises `_NotCoveredError` if CEL must answer."""

    def __init__(self, scope: Scope) -> None:
        self._seen = {"declaration", "item" if scope == "item" else "items"}
        self._bound: dict[str, Kind | Literal["item"]] = {}

    def part(self, node: ast.expr) -> _Part:
        match node:
            case ast.Constant() | ast.UnaryOp(ast.USub()):
                return _literal_part(ast.literal_eval(node))
            case ast.List(elements):
                return _list_part([self._part_of(element, "text") for element in elements])
            case ast.Name() | ast.Attribute():
                return self._name_part(node)
            case ast.Call(keywords=[]):
                return self._call_part(node)
            case ast.BinOp(left, op, right) if type(op) in _SUMS:
                return _calculated_part(
                    "number", _SUMS[type(op)], self._part_of(left, "number"), self._part_of(right, "number")
                )
            case _:
                return self._truth_part(node)

    def _truth_part(self, node: ast.expr) -> _Part:
        match node:
            case ast.BoolOp(op, values):
                return _joined_part(op, [self._flag_predicate(value) for value in values])
            case ast.UnaryOp(ast.Invert(), operand):
                denied = self._flag_predicate(operand)
                return _Part("flag", lambda scene: not denied(scene))
            case ast.Compare(left, [ast.In()], [right]):
                return _membership_part(self._part_of(left, "text"), self._part_of(right, "texts"))
            case ast.Compare(left, [op], [right]) if type(op) in _COMPARISONS:
                return _comparison_part(self.part(left), type(op), self.part(right))
        raise _NotCoveredError(ast.dump(node))

    def _call_part(self, node: ast.Call) -> _Part:
        match node.func, node.args:
            case (ast.Name("size"), [several]) | (ast.Attribute(several, "size"), []):
                return _size_part(self.part(several))
            case ast.Attribute(owner, "exists"), [ast.Name(name), body]:
                return self._exists_part(self.part(owner), name, body)
            case ast.Attribute(owner, "all"), [ast.Name(name), body]:
                return self._searched_part(self.part(owner), name, body, wanted=False)
            case ast.Attribute(owner, "matches"), [ast.Constant(str() as pattern)]:
                return _match_part(self._part_of(owner, "text"), pattern)
            case ast.Attribute(owner, "without"), [ast.Constant(str() as pattern)]:
                return _cut_part(self._part_of(owner, "text"), pattern)
            case ast.Attribute(owner, method), [argument] if method in _TEXT_METHODS:
                return _calculated_part(
                    "flag", _TEXT_METHODS[method], self._part_of(owner, "text"), self._part_of(argument, "text")
                )
        raise _NotCoveredError(ast.dump(node))

    def _part_of(self, node: ast.expr, kind: Kind) -> _Part:
        part = self.part(node)
        if part.kind != kind:
            raise _NotCoveredError(f"{part.kind} is not {kind}")
        return part

    def _flag_predicate(self, node: ast.expr) -> Predicate:
        return self._part_of(node, "flag").read

    def _name_part(self, node: ast.Name | ast.Attribute) -> _Part:
        match node:
            case ast.Name(name) if name in self._bound:
                return _Part(self._bound[name], lambda scene: scene[name])
            case ast.Name("items") if "items" in self._seen:
                return _Part("items", lambda scene: scene["items"])
            case ast.Attribute(ast.Name(owner), name) if name in (facts := self._facts_of(owner)):
                return _Part(facts[name].kind, lambda scene: scene[owner][name])
        raise _NotCoveredError(ast.dump(node))

    def _facts_of(self, owner: str) -> Mapping[str, Fact]:
        if owner == "declaration":
            return DECLARATION_FACTS
        return ITEM_FACTS if owner in self._seen - {"items"} or self._bound.get(owner) == "item" else {}

    def _exists_part(self, several: _Part, name: str, body: ast.expr) -> _Part:
        """Whether `body` holds for one of `several`: at once if sets or a tuple of prefixes can tell."""

        def is_free(node: ast.expr) -> bool:
            return all(not isinstance(each, ast.Name) or each.id != name for each in ast.walk(node))

        if several.kind == "texts":
            match body:
                case ast.BoolOp(ast.Or() as op, values):
                    return _joined_part(op, [self._exists_part(several, name, value).read for value in values])
                case ast.Compare(ast.Name(each), [ast.Eq()], [other]) if each == name and is_free(other):
                    return _membership_part(self._part_of(other, "text"), several)
                case ast.Compare(ast.Name(each), [ast.In()], [others]) if each == name and is_free(others):
                    return _in_common(several, self._part_of(others, "texts"))
                case ast.Call(ast.Attribute(one, "startsWith"), [ast.Name(each)], []) if each == name and is_free(one):
                    if several.written is not None:
                        return _calculated_part("flag", str.startswith, self._part_of(one, "text"), several)
            if (beginnings := _literal_beginnings(body, name)) is not None:
                return _beginning_part(several, beginnings)
        return self._searched_part(several, name, body, wanted=True)

    def _searched_part(self, several: _Part, name: str, body: ast.expr, *, wanted: bool) -> _Part:
        """Whether `body` is `wanted` for one of `several`; for `all`, whether it is false for none."""
        if name in self._bound or several.kind not in ("texts", "items"):
            raise _NotCoveredError(name)
        self._bound[name] = "item" if several.kind == "items" else "text"
        holds, read = self._flag_predicate(body), several.read
        del self._bound[name]

        def looked_through(scene: Scene) -> bool:
            unknown: Unmeasurable | None = None
            for one in read(scene):
                scene[name] = one
                try:
                    if holds(scene) is wanted:
                        return wanted
                except Unmeasurable as error:
                    unknown = error
            if unknown is not None:
                raise unknown
            return not wanted

        return _Part("flag", looked_through)


def _joined_part(op: ast.boolop, operands: list[Predicate]) -> _Part:
    """`&&` is false if an operand is, `||` true; an operand that cannot be measured counts if no other decides."""
    ends = isinstance(op, ast.Or)

    def joined(scene: Scene) -> bool:
        unknown: Unmeasurable | None = None
        for operand in operands:
            try:
                if operand(scene) is ends:
                    return ends
            except Unmeasurable as error:
                unknown = error
        if unknown is not None:
            raise unknown
        return not ends

    return _Part("flag", joined)


def _calculated_part(kind: Kind, function: Callable[[Any, Any], Any], left: _Part, right: _Part) -> _Part:
    first, second, written = left.read, right.read, right.written
    if written is not None:
        return _Part(kind, lambda scene: function(first(scene), written))
    return _Part(kind, lambda scene: function(first(scene), second(scene)))


def _membership_part(text: _Part, texts: _Part) -> _Part:
    one, several = text.read, texts.read
    if texts.written is not None:
        known = frozenset(texts.written)
        return _Part("flag", lambda scene: one(scene) in known)
    return _Part("flag", lambda scene: one(scene) in several(scene))


def _in_common(some: _Part, others: _Part) -> _Part:
    if others.written is None and some.written is not None:
        some, others = others, some
    read = some.read
    if others.written is not None:
        known = frozenset(others.written)
        return _Part("flag", lambda scene: not known.isdisjoint(read(scene)))
    more = others.read
    return _Part("flag", lambda scene: not set(more(scene)).isdisjoint(read(scene)))


def _literal_beginnings(body: ast.expr, name: str) -> tuple[str, ...] | None:
    """The literal text or list of texts that `body` asks the text `name` to begin with; None if it asks otherwise."""
    match body:
        case ast.Call(ast.Attribute(ast.Name(one), "startsWith"), [ast.Constant(str() as beginning)], []):
            return (beginning,) if one == name else None
        case ast.Call(
            ast.Attribute(ast.List(elements), "exists"),
            [ast.Name(each), ast.Call(ast.Attribute(ast.Name(one), "startsWith"), [ast.Name(last)], [])],
            [],
        ):
            written = [
                entry.value for entry in elements if isinstance(entry, ast.Constant) and type(entry.value) is str
            ]
            named = one == name and last == each != name
            return tuple(written) if named and len(written) == len(elements) else None
    return None


def _beginning_part(several: _Part, beginnings: tuple[str, ...]) -> _Part:
    read = several.read

    def begins_so(scene: Scene) -> bool:
        for one in read(scene):  # noqa: SIM110  # a generator costs more than the answer
            if one.startswith(beginnings):
                return True
        return False

    return _Part("flag", begins_so)


def _comparison_part(left: _Part, sign: type[ast.cmpop], right: _Part) -> _Part:
    comparable = ("text", "number", "count", "flag") if sign in (ast.Eq, ast.NotEq) else ("number", "count")
    if left.kind != right.kind or left.kind not in comparable:
        raise _NotCoveredError(f"{left.kind} {sign} {right.kind}")
    return _calculated_part("flag", _COMPARISONS[sign], left, right)


def _size_part(several: _Part) -> _Part:
    if several.kind not in ("texts", "items"):
        raise _NotCoveredError("CEL counts the bytes of a text")
    read = several.read
    return _Part("count", lambda scene: len(read(scene)))


def _match_part(text: _Part, pattern: str) -> _Part:
    read, found = text.read, re.compile(pattern).search
    return _Part("flag", lambda scene: found(read(scene)) is not None)


def _cut_part(text: _Part, pattern: str) -> _Part:
    read, cut = text.read, re.compile(pattern).sub
    return _Part("text", lambda scene: cut(CUT, read(scene)))


def _literal_part(value: object) -> _Part:
    if type(value) not in _KINDS:
        raise _NotCoveredError(repr(value))
    return _Part(_KINDS[type(value)], lambda _: value, value)


def _list_part(texts: list[_Part]) -> _Part:
    """A list of texts, which is known beforehand if all are literals."""
    words = tuple(text.written for text in texts)
    if None not in words:
        return _Part("texts", lambda _: words, words)
    reads = [text.read for text in texts]
    return _Part("texts", lambda scene: [read(scene) for read in reads])
