"""What is dear in a condition and asked of every declaration, answered by functions of ours: patterns and lists.

CEL compiles the pattern of `text.matches(pattern)` on every call (30 to 100 microseconds); kept ones answer in about 2.
They are Python's, which can backtrack, so a pattern with a repetition inside a repetition is refused at load, and so is
one that CEL's own engine does not know. The list in `['01', '02'].exists(code, text.startsWith(code))` CEL goes through
one by one, and `codes.exists(code, code in ['N851', 'C640'])` too; Python looks at all of a list at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, Final

import cel

RESEMBLES: Final = "resembles"
BEGINS: Final = "begins"
INCLUDES: Final = "includes"
LITERAL: Final = r"'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_CALL = re.compile(rf"(?P<literal>{LITERAL})|\.\s*matches\s*\(")
_PATTERN = re.compile(rf"\.\s*matches\s*\(\s*((?:[rR])?(?:{LITERAL}))\s*\)")
_UNBOUNDED = 1000

_WORD = re.compile(r"[A-Za-z0-9]+")
_WORDS = r"""\[\s*(?P<list>'[A-Za-z0-9]+'(?:\s*,\s*'[A-Za-z0-9]+')*)\s*\]"""
_FACT = r"(?P<fact>(?:item|declaration)\.[a-z_]+)"
_EACH = r"\s*\.\s*exists\(\s*(?P<each>[a-z_]+)\s*,\s*"
_PREFIXES = re.compile(rf"{_WORDS}{_EACH}{_FACT}\s*\.\s*startsWith\(\s*(?P=each)\s*\)\s*\)|(?P<literal>{LITERAL})")
_MEMBERS = re.compile(rf"{_FACT}{_EACH}(?P=each)\s+in\s+{_WORDS}\s*\)|(?P<literal>{LITERAL})")

_compiled = lru_cache(maxsize=4096)(re.compile)
_parted = lru_cache(maxsize=4096)(lambda words: tuple(words.split()))
_set_of = lru_cache(maxsize=4096)(lambda words: frozenset(words.split()))


def resembles(text: str, pattern: str) -> bool:
    """Whether `pattern` is found anywhere in `text`."""
    return _compiled(pattern).search(text) is not None


def begins(text: str, prefixes: str) -> bool:
    """Whether `text` starts with one of the `prefixes`, which are parted by blanks."""
    return text.startswith(_parted(prefixes))


def includes(texts: list[str], words: str) -> bool:
    """Whether one of the `texts` is one of the `words`, which are parted by blanks; raises TypeError for no list."""
    if not isinstance(texts, list):
        raise TypeError("only a list has members")
    return not _set_of(words).isdisjoint(texts)


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {RESEMBLES: resembles, BEGINS: begins, INCLUDES: includes}


def translated(source: str) -> str:
    """The condition with its calls of `matches`, and its lists of words, replaced by ours; it means the same.

    What is inside quotes is left alone, except the words of those lists themselves.
    """
    shorter = _MEMBERS.sub(partial(_at_once, INCLUDES), _PREFIXES.sub(partial(_at_once, BEGINS), source))
    return _CALL.sub(lambda found: found[0] if found["literal"] else f".{RESEMBLES}(", shorter)


def _at_once(function: str, found: re.Match[str]) -> str:
    if found["literal"]:
        return found[0]
    return f"{found['fact']}.{function}('{' '.join(_WORD.findall(found['list']))}')"


def pattern_faults(source: str) -> Iterator[str]:
    """What is wrong with the patterns written in a condition, in words."""
    for literal in _PATTERN.findall(source):
        try:
            cel.evaluate(f"''.matches({literal})")
            pattern = cel.evaluate(literal)
            _compiled(pattern)
        except (re.error, RuntimeError, ValueError) as error:
            yield f"the pattern {literal} cannot be used: {' '.join(str(error).split())}"
            continue
        if _repeats_a_repetition(_parsed(pattern), inside=False):
            yield f"the pattern {literal} repeats a repetition, which hostile text can make endless: write it flat"


def _parsed(pattern: str) -> Any:
    return re._parser.parse(pattern)  # type: ignore[attr-defined, unused-ignore]


def _repeats_a_repetition(parsed: Any, inside: bool) -> bool:
    for operation, operand in parsed:
        repeats = str(operation) in ("MAX_REPEAT", "MIN_REPEAT") and operand[1] >= _UNBOUNDED
        if repeats and inside:
            return True
        if any(_repeats_a_repetition(part, inside or repeats) for part in _parts(operand)):
            return True
    return False


def _parts(operand: Any) -> Iterator[Any]:
    """Every sub-pattern of an operand: groups, branches and repetitions nest them in tuples and lists."""
    if isinstance(operand, re._parser.SubPattern):  # type: ignore[attr-defined, unused-ignore]
        yield operand
    elif isinstance(operand, tuple | list):
        for each in operand:
            yield from _parts(each)
