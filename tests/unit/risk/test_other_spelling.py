"""The same facts written another way never make a declaration milder, in XML and in JSON; plain ones stay green."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from singlewindow.agencies.routing import route
from singlewindow.decisions.assessment import Lane
from singlewindow.declarations.faults import Severity
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.risk.assess import assess
from singlewindow.risk.terms import terms_of
from tests.documents import example
from tests.judgement import configuration

REFUSED = len(Lane)
SHOES, GEARS = (
    "Women's running shoes, textile uppers, rubber soles, 3,600 pairs",
    "Toothed gears for conveyor drives, hardened steel",
)
FORMS = {Media.XML: ("01-running-shoes.xml", SHOES), Media.JSON: ("03-machine-parts.json", GEARS)}


def strictness(content: bytes, media: Media) -> int:
    """How strict the answer is: the place of the strictest lane, or more than all where the message is refused."""
    books, agencies = configuration()
    reading = read_message(content, media)
    faults = [*reading.faults, *books.rulebook_for("GB").check(reading.declaration, reading.broken_paths)]
    if any(fault.severity is Severity.HARD for fault in faults):
        return REFUSED
    tree, terms = reading.declaration.tree, terms_of(books, "GB", date(2026, 6, 1))
    asked = ((agencies[each.agency], each.items) for each in route(agencies, tree, terms) if each.asked)
    views = ((agency, project(tree, agency.entitlement, items)) for agency, items in asked)
    lanes = [assess(agency.method, view, terms).lane for agency, view in views]
    return max(list(Lane).index(lane) for lane in lanes if lane is not None)


def described(media: Media, words: str) -> int:
    """The strictness of an example whose goods are described in these words."""
    name, plain = FORMS[media]
    written = json.dumps(words)[1:-1] if media is Media.JSON else words.replace("&", "&amp;")
    changed = example(name).replace(plain.encode(), written.encode())
    assert changed != example(name) or words == plain
    return strictness(changed, media)


def cyrillic(words: str) -> str:
    return words.translate(
        str.maketrans(
            "aeopcxyAEOPCXHKMTB",
            "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0410\u0415\u041e\u0420\u0421\u0425\u041d\u041a\u041c\u0422\u0412",
        )
    )


def greek(words: str) -> str:
    return words.translate(
        str.maketrans(
            "aoiuvAEZHIKMNOPTYX",
            "\u03b1\u03bf\u03b9\u03c5\u03bd\u0391\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
        )
    )


def between(sign: str) -> Callable[[str], str]:
    return lambda words: " ".join(sign.join(word) for word in words.split(" "))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small": str.lower,
    "cyrillic": cyrillic,
    "cyrillic capitals": lambda words: cyrillic(words.upper()),
    "greek": greek,
    "wide": lambda words: words.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    "delete": between("\x7f"),
    "grapheme joiner": between("\u034f"),
    "soft hyphen": between("\u00ad"),
    "zero width": between("\u200b"),
    "variation selector": between("\ufe0f"),
    "tag": between("\U000e0041"),
    "struck out": between("\u0336"),
    "blanks": lambda words: f"  {words.replace(' ', chr(0xA0) + ' ')} ",
    "digits": lambda words: words.translate(str.maketrans("oea", "034")),
    "underscores": lambda words: words.replace(" ", "_"),
}
WORDS = [
    "Pistols, spare parts",
    "Realistic imitation pistols",
    "Detonators",
    "Ivory carvings",
    "Cocaine",
    "Spare parts",
    "Uranium",
]


@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_words_written_another_way_are_judged_no_milder(spelling: str, words: str, media: Media) -> None:
    assert described(media, SPELLINGS[spelling](words)) >= described(media, words) > 0


@pytest.mark.parametrize("media", FORMS)
def test_plain_goods_stay_green(media: Media) -> None:
    plain = [
        FORMS[media][1],
        "Caf\u00e9 chairs, \u00d8rsted model, 150 \u00b5m lacquer",
        "\u041e\u0431\u0443\u0432\u044c \u0436\u0435\u043d\u0441\u043a\u0430\u044f",
        "Shoes (LADA \u041d\u0438\u0432\u0430), \u0412\u043a\u0443\u0441Vill",
        "Shoes, 2nd season, size 38/39, M16x1",
        "\u904b\u52d5\u9774 USB\u30b1\u30fc\u30d6\u30eb",
        "Top gun shoes with gun metal buttons",
    ]
    assert [described(media, words) for words in plain] == [0] * len(plain)


@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize(
    "words", ["grinding wh\u0435\u0435ls", "gl\u200bue", "ru\x7fbber", "\u0391cme gears", "so\u034ffas"]
)
def test_disguised_words_are_looked_at_whatever_they_say(words: str, media: Media) -> None:
    assert described(media, words) > 0
