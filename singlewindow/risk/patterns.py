"""Our own functions for patterns in conditions.

CEL compiles the pattern of `text.matches(pattern)` on every call (30 to 100 microseconds); compiled once, it answers in
about 2. These are Python's patterns, which can backtrack, so a pattern with a repetition inside a repetition is refused
at load, as is one that CEL's own engine does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, Final

from singlewindow.risk.cel_engine import cel

RESEMBLES: Final = "resembles"
WITHOUT: Final = "without"
CUT: Final = "\n"
"""Replaces text that was taken out: the end of a line, which word patterns do not cross."""
LITERAL: Final = r"'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_CALL = re.compile(rf"(?P<literal>{LITERAL})|\.\s*matches\s*\(")
_PATTERN = re.compile(rf"\.\s*(?:matches|{WITHOUT})\s*\(\s*((?:[rR])?(?:{LITERAL}))\s*\)")
_UNBOUNDED = 1000

_compiled = lru_cache(maxsize=4096)(re.compile)


def has_match(text: str, pattern: str) -> bool:
    """Whether `pattern` is found anywhere in `text`."""
    return _compiled(pattern).search(text) is not None


def without_matches(text: str, pattern: str) -> str:
    """`text` with everything that `pattern` finds taken out, so that an exemption covers no more than its own words."""
    return _compiled(pattern).sub(CUT, text)


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {RESEMBLES: has_match, WITHOUT: without_matches}


def with_own_matches(source: str) -> str:
    """The condition with our function in place of each call of `matches` outside quotes; its meaning stays."""
    return _CALL.sub(lambda found: found[0] if found["literal"] else f".{RESEMBLES}(", source)


def pattern_faults(source: str) -> Iterator[str]:
    """What is wrong with the patterns in a condition, in words."""
    return filter(None, map(_pattern_fault, _PATTERN.findall(source)))


@cache
def _pattern_fault(literal: str) -> str:
    try:
        cel.evaluate(f"''.matches({literal})")
        pattern = cel.evaluate(literal)
        _compiled(pattern)
    except (re.error, RuntimeError, ValueError) as error:
        return f"the pattern {literal} cannot be used: {' '.join(str(error).split())}"
    if _repeats_a_repetition(_parse_pattern(pattern), inside=False):
        return f"the pattern {literal} has a repetition inside a repetition: remove one of them"
    return ""


def _parse_pattern(pattern: str) -> Any:
    return re._parser.parse(pattern)  # type: ignore[attr-defined, unused-ignore]


def _repeats_a_repetition(parsed: Any, inside: bool) -> bool:
    for operation, operand in parsed:
        repeats = str(operation) in ("MAX_REPEAT", "MIN_REPEAT") and operand[1] >= _UNBOUNDED
        if repeats and inside:
            return True
        if any(_repeats_a_repetition(part, inside or repeats) for part in _sub_patterns(operand)):
            return True
    return False


def _sub_patterns(operand: Any) -> Iterator[Any]:
    """Every sub-pattern of an operand; groups, branches and repetitions nest them in tuples and lists."""
    if isinstance(operand, re._parser.SubPattern):  # type: ignore[attr-defined, unused-ignore]
        yield operand
    elif isinstance(operand, tuple | list):
        for each in operand:
            yield from _sub_patterns(each)
