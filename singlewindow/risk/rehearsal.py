"""Tries out a condition before it is accepted: start-up reports one that would fail, or never fire.

A condition is evaluated on an empty declaration and on a filled one, and so is each operand of its `&&` and `||` alone,
because CEL ignores a failing operand if the other one decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from singlewindow.risk.compiled_conditions import Scene, Scope
from singlewindow.risk.conditions import Condition, ConditionError, compile_cel
from singlewindow.risk.fact_readers import EMPTY, Kind, Value
from singlewindow.risk.facts import DECLARATION_FACTS, ITEM_FACTS
from singlewindow.risk.patterns import LITERAL, pattern_faults

_FILLED: Final[dict[Kind, Value]] = {"text": "1", "texts": ["1"], "number": 1.0, "count": 1, "flag": True}
_DIGITS = "-.0123456789"
_WRITTEN: Final[dict[Kind, str]] = {"text": "\"'", "texts": "[", "number": _DIGITS, "count": _DIGITS, "flag": "tf"}
_COMPARED = re.compile(r"\b((?:item|declaration)\.\w+)\s*(?:==|!=)\s*(\S)")
_TEXT_CALL = re.compile(
    rf"\b((?:item|declaration)\.\w+)(?:\.(?:contains|startsWith|endsWith)\(|\s*[!=]=)\s*({LITERAL})"
)
_TOKEN = re.compile(rf"{LITERAL}|&&|\|\||[()\[\]{{}}?]|.", re.DOTALL)


def rehearse(condition: Condition) -> list[str]:
    """What is wrong with a compiled condition, in words; empty if it can be accepted."""
    found = [*pattern_faults(condition.source), *_impossible_comparisons(condition), *_evaluation_failures(condition)]
    return found or list(_failing_operands(condition))


def _evaluation_failures(condition: Condition) -> Iterator[str]:
    for values, hint in ((_FILLED, ""), (EMPTY, " (an absent value reads as an empty one: guard against it)")):
        try:
            condition.evaluate_cel(_specimen_scene(condition.scope, values))
        except ConditionError as error:
            yield f"{error}{hint}"
            return


def _specimen_scene(scope: Scope, values: Mapping[Kind, Value]) -> Scene:
    item = {name: values[fact.kind] for name, fact in ITEM_FACTS.items()}
    declaration = {name: values[fact.kind] for name, fact in DECLARATION_FACTS.items()}
    return {"declaration": declaration, **({"item": item} if scope == "item" else {"items": [item]})}


def _failing_operands(condition: Condition) -> Iterator[str]:
    for operand in _smallest_operands(condition.source):
        if operand == condition.source.strip():
            continue
        try:
            alone = compile_cel(condition.id, operand, condition.scope)
            alone.evaluate_cel(_specimen_scene(condition.scope, _FILLED))
        except ConditionError as error:
            if not isinstance(error.__cause__, (IndexError, ArithmeticError)):
                yield f"in {operand!r}: {error}"


def _smallest_operands(source: str) -> Iterator[str]:
    """The smallest parts that `&&`, `||`, `!` and parentheses join; a ternary and a macro's body stay whole."""
    text = source.strip()
    while text.startswith("!") or (text.startswith("(") and _closes_at_end(text)):
        text = text[1:].strip() if text.startswith("!") else text[1:-1].strip()
    parts = _split_operands(text)
    if len(parts) == 1:
        yield text
        return
    for part in parts:
        yield from _smallest_operands(part)


def _split_operands(text: str) -> list[str]:
    depth, found = 0, [""]
    for part in _TOKEN.findall(text):
        if part == "?" and depth == 0:
            return [text]
        depth += (part in "([{") - (part in ")]}")
        if depth == 0 and part in ("&&", "||"):
            found.append("")
        else:
            found[-1] += part
    return found


def _closes_at_end(text: str) -> bool:
    depth, tokens = 0, _TOKEN.findall(text)
    for position, part in enumerate(tokens):
        depth += (part in "([{") - (part in ")]}")
        if depth == 0:
            return position == len(tokens) - 1
    return False


def _impossible_comparisons(condition: Condition) -> Iterator[str]:
    """Comparisons that are valid CEL and can never be true."""
    facts = condition.facts
    for name, first in _COMPARED.findall(condition.source):
        if name in facts and (first.isdigit() or first in "\"'[-") and first not in _WRITTEN[facts[name].kind]:
            yield f"{name} is compared with a value of another type"
    for name, literal in _TEXT_CALL.findall(condition.source):
        case = facts[name].case if name in facts else ""
        if case and literal != (literal.upper() if case == "upper" else literal.lower()):
            yield f"{name} is in {case} case, so it can never match {literal}"
