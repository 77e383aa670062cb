"""The normal form in which words are searched, so that no spelling hides one and punctuation does not matter.

A text is read in every way that a person could read it: as it is, with look-alike letters as Latin ones, and with
separated letters joined. The readings are lines of one text, the plain one first, the others only if they differ.
Letters are distinguished by the Unicode character database and UTS 39 (`lookalikes`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final

from singlewindow.declarations.values import UNSEEN
from singlewindow.risk.lookalikes import LOOKS


def character_ranges(characters: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Characters as ranges: a class of thousands of single characters is searched a thousand times more slowly."""
    points = sorted(map(ord, characters))
    for _, run in groupby(enumerate(points), lambda numbered: numbered[1] - numbered[0]):
        found = [point for _, point in run]
        yield chr(found[0]), chr(found[-1])


_LOOK: Final = {int(point, 16): letters for letters, points in LOOKS.items() for point in points.split()}
_SAME_LETTER = re.compile(
    r"(?:LATIN (?:SMALL|CAPITAL) LETTER|LATIN LETTER SMALL CAPITAL|REGIONAL INDICATOR SYMBOL LETTER"
    r"|(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) (?:DOTLESS |SCRIPT |INSULAR )?([A-Z])(?: WITH .*)?"
)
_UNSEEN = re.compile(
    "["
    + "".join(f"{first}-{last}" for first, last in character_ranges(each for each in UNSEEN if not each.isspace()))
    + "\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\u2800\ufff9-\ufffc]"
)
"""What displays do not show, apart from white space: control characters, line separators, and other invisible ones."""
_OVERRIDDEN = re.compile("[\u202d\u202e]")
"""Characters that reverse the direction in which text is shown."""
_APOSTROPHES = frozenset({0x27, 0x2018, 0x2019})
_PHRASES = str.maketrans("\ufdfa\ufdfb", "  ")
"""Ligatures of whole phrases, which would make a text many times longer."""
_KEPT = 0x3000
"""Results for characters below this code point are kept."""

_SIGN = re.compile(r"[^A-Za-z ,('][A-Za-z]|[0-9@$|!](?<=[A-Za-z].)")
_OUT_OF_CASE = re.compile(
    r"(?<=[a-z])I|l(?=[A-Z]{2})|(?<=[A-Z])l(?=[A-Z])|(?<=[A-Z]{2})l\b|\bl(?=[b-df-hjkm-np-tv-xz][a-z]{2})"
)
"""Strokes where a word of that case would have none, and an l before a consonant, which begins no English word."""
_WORD = re.compile(r"[\w@$€|!]+")
_MEASURE = re.compile(
    r"(?!0)\d+(?:[cdkm]?m|[km]?g|[cdm]?l|k?[vw]a?|m?ah?|[kmg]?hz|[kmgt]b|in|ft|oz|lbs?|pcs?|ct|[dhstxy]|th)|\d*(?:1st|2nd|3rd)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT_LOOKS = str.maketrans({**dict(zip("03456789@$€", "oeasgtbgase", strict=True)), "1": "|", "!": "|"})
_TWO_LOOKS = ("i", "l", "il", "li")
"""How `|`, which can be i or l, is read: everywhere the same, or alternating within a word."""
_SPELT = re.compile(r"\b[^\W\d_](?: [^\W\d_]\b){2,}")
_INNER_SIGN = re.compile(r"(?<=[^\W\d_])(?:_|[^\w\s])+(?=[^\W\d_])")

_SEEN_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|\0+(?=[^\W_]))*")
_UNIT = re.compile(r"[μΩ][A-Za-z]{0,3}|[kKMGTm]Ω|μΩ")
_JOINING = frozenset({"ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "CJK", "HIRAGANA", "KATAKANA", "HANGUL"})
"""Scripts, besides those of India and its neighbours, in which joiners or selectors belong to the spelling."""


class _Table(dict[int, str | None]):
    """For `str.translate`: how each character is written; `write` finds those not known yet."""

    def __init__(self, write: Callable[[str, str], str | None], known: Mapping[int, str]) -> None:
        super().__init__(known)
        self._write = write

    def __missing__(self, point: int) -> str | None:
        character = chr(point)
        kind = unicodedata.category(character)
        written = None if kind in ("Mn", "Me") else self._write(character, kind)
        if point < _KEPT:
            self[point] = written
        return written


def _word_character(character: str, kind: str) -> str | None:
    """Letters and digits as they are, nothing for an apostrophe or a modifier letter, a space for anything else."""
    if kind == "Lm":
        return None
    if kind[0] in "LNM":
        return character
    return None if ord(character) in _APOSTROPHES else " "


def _latin_look(character: str, _: str) -> str | None:
    """The Latin letter that a character's name gives, or the character itself if there is none."""
    named = None if character.isascii() else _SAME_LETTER.fullmatch(unicodedata.name(character, ""))
    return named[1] if named else character


_PLAIN = _Table(_word_character, {})
_LOOKING = _Table(_latin_look, {point: letters.replace("1", "|") for point, letters in _LOOK.items()})
_ASCII = "".join("'" if chr(point) == "'" else (_PLAIN[point] or " ").lower() for point in range(128))
"""The plain reading of what ASCII can print, but for the apostrophe, which takes no place."""


@lru_cache(maxsize=1024)
def word_form(text: str) -> str:
    """The readings of a text as lines of words: letters and digits in lower case, separated by single spaces."""
    plain = _plain_form(text)
    if text.isascii() and text.isprintable() and _reads_one_way(text, plain):
        return plain
    return "\n".join(dict.fromkeys([plain, *filter(None, _other_readings(text))]))


def _plain_form(text: str) -> str:
    if text.isascii() and text.isprintable():
        plain = text.translate(_ASCII).replace("'", "")
    else:
        seen = _UNSEEN.sub("", text).translate(_PHRASES)
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", seen).casefold())
        plain = unicodedata.normalize("NFC", apart.translate(_PLAIN))
    return " ".join(plain.split())


def _reads_one_way(text: str, plain: str) -> bool:
    """Whether a printable ASCII text surely has no other reading; called for every text, so cheap tests come first."""
    if "rn" in plain or "vv" in plain or 1 in map(len, plain.split()):
        return False
    if not text.replace(" ", "").isalpha() and _SIGN.search(text) is not None:
        return False
    return text.isupper() or _OUT_OF_CASE.search(text) is None


def _other_readings(text: str) -> Iterator[str]:
    yield _plain_form(_UNSEEN.sub(" ", text))
    if _OVERRIDDEN.search(text):
        yield _plain_form(text[::-1])
    looks = list(_look_alikes(text))
    yield from map(_plain_form, looks)
    yield _plain_form(looks[0]).replace("rn", "m").replace("vv", "w")
    for apart in (text, looks[0]):
        yield _SPELT.sub(lambda spelt: spelt[0].replace(" ", ""), _plain_form(_INNER_SIGN.sub("", apart)))


def _look_alikes(text: str) -> Iterator[str]:
    """The text as its letters look, in each way that its strokes can be read as i or l; not yet plain."""
    seen = _OUT_OF_CASE.sub("|", _UNSEEN.sub("", text))
    if not seen.isascii():
        apart = unicodedata.normalize("NFKD", seen.translate(_PHRASES))
        seen = apart.translate(_LOOKING).casefold().translate(_LOOKING)
    seen = _WORD.sub(_with_letters, seen)
    for letters in _TWO_LOOKS if "|" in seen else ("",):
        yield " ".join(_resolve_strokes(word, letters) for word in seen.split())


def _with_letters(word: re.Match[str]) -> str:
    """A word with letters for its digits and signs, unless it is a number, a measure, or hardly has a letter."""
    text = word[0]
    letters = len(_LETTER.findall(text))
    if text.isalpha() or not letters or (letters == 1 and text[0] != "0") or _MEASURE.fullmatch(text):
        return text
    core = text.rstrip("!|")
    return core.translate(_DIGIT_LOOKS) + " " * (len(text) - len(core))


def _resolve_strokes(word: str, letters: str) -> str:
    """A word whose strokes are read as `letters` in turn; the last letter is used for all further strokes."""
    parts = word.split("|")
    chosen = [letters[min(place, len(letters) - 1)] for place in range(len(parts) - 1)] if letters else []
    return parts[0] + "".join(letter + part for letter, part in zip(chosen, parts[1:], strict=True))


def disguised_words(text: str) -> list[str]:
    """Disguised words: in two scripts, with an invisible character inside, or in a text with reversed direction.

    Units (10 μm), names that join words of two scripts, and joiners that a script needs are not disguises. Each word is
    given as it looks.
    """
    if text.isascii() and text.isprintable():
        return []
    apart = unicodedata.normalize("NFKD", _UNSEEN.sub("\0", text.replace("\xb5", " ")))
    bare = unicodedata.normalize(
        "NFC", "".join(each for each in apart if unicodedata.category(each) not in ("Mn", "Me"))
    )
    turned = _OVERRIDDEN.search(text) is not None
    words = ((word, word.replace("\0", "")) for word in _SEEN_WORD.findall(bare))
    found = (plain for word, plain in words if turned or _hides_character(word) or _mixes_scripts(plain))
    return list(dict.fromkeys(_plain_form(next(_look_alikes(word))) for word in found))


def _hides_character(word: str) -> bool:
    """Whether an invisible character follows a letter that needs no joiner."""
    before = (word[place - 1] for place in range(1, len(word)) if word[place] == "\0" != word[place - 1])
    return any(_script_of(letter) not in _JOINING and not _is_indic(letter) for letter in before)


def _is_indic(letter: str) -> bool:
    return 0x0900 <= ord(letter) <= 0x109F or 0x1780 <= ord(letter) <= 0x17FF


def _mixes_scripts(word: str) -> bool:
    """Whether a word mixes scripts that share look-alike letters, and is not plainly two words joined."""
    if word.isascii() or _UNIT.fullmatch(word):
        return False
    runs = [("".join(letters), script) for script, letters in groupby(word, _script_of)]
    scripts = {script for _, script in runs}
    if len(scripts) < 2 or len(scripts & _ALIKE) < 2:
        return False
    return len(runs) > 2 or not (min(len(run) for run, _ in runs) >= 3 or any(map(_only_itself, runs)))


def _only_itself(run: tuple[str, str]) -> bool:
    """Whether a run of two or more letters has one that does not look like a Latin letter."""
    letters, script = run
    return (
        script != "LATIN"
        and len(letters) > 1
        and any(ord(each) not in _LOOK and ord(each.casefold()[0]) not in _LOOK for each in letters)
    )


def _script_of(letter: str) -> str:
    """The script of a letter, as the first word of its name in the Unicode character database."""
    return unicodedata.name(letter, "?").partition(" ")[0]


_ALIKE: Final = frozenset(map(_script_of, map(chr, _LOOK))) | {"LATIN"}
"""Scripts with letters that look like Latin ones, and Latin itself."""
