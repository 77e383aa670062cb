"""The same facts written another way never get a milder answer; a refusal is the strictest of all.

Every example is written anew in ways that a sender may choose: other units and currencies, other letters, white space,
another order of what repeats, another form.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.model import Declaration, Tree, text_of
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.documents import examples
from tests.judgement import REFUSED, judged, rates
from tests.properties import tries

Rewrite = Callable[[Tree, Random], None]
Leaf = tuple[dict[str, Any] | list[Any], str | int, str]
"""Where a leaf is held, under which key, and its schema path."""

MASS_UNITS = {"KGM": Decimal(1), "TNE": Decimal(1_000), "DTN": Decimal(100), "KTN": Decimal(1_000_000),
              "HGM": Decimal("0.1"), "GRM": Decimal("0.001")}  # fmt: skip
LOOK_ALIKES = {"o": "\u043e", "a": "\u0430", "e": "\u0435", "p": "\u0440", "c": "\u0441", "i": "\u0456", "s": "\u0455"}
INVISIBLE = ("\u200b", "\u200d", "\u00ad", "\u034f", "\ufeff", "\u2060", "\u180e")
BLANKS = (" ", "  ", "\u00a0", "\u2009", "\u3000")
REPEATED = ("Classification", "AdditionalDocument", "AdditionalInformation", "Origin", "DutyTaxFee", "PreviousDocument",
            "AuthorisationHolder")  # fmt: skip
WORDS = ("Description", "Name", "StatementDescription", "MarksNumbersID", "CityName")


@cache
def example(path: Path) -> Declaration:
    """One of our examples as it is read."""
    return read_message(path.read_bytes(), Media.JSON if path.suffix == ".json" else Media.XML).declaration


def leaves(node: Any, path: str = "Declaration") -> Iterator[Leaf]:
    """Every leaf below `node`."""
    for name, child in list(node.items()):
        if name.startswith(("@", "#")):
            continue
        below, entries = f"{path}/{name}", child if isinstance(child, list) else [child]
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and "#text" not in entry:
                yield from leaves(entry, below)
            else:
                yield (child, index, below) if isinstance(child, list) else (node, name, below)


def put(leaf: Leaf, text: str, **attributes: str) -> None:
    """Write a leaf's text, and its attributes as well where they are given."""
    holder, key, _ = leaf
    old = holder[key]  # type: ignore[index]
    kept = {name: value for name, value in old.items() if name != "#text"} if isinstance(old, dict) else {}
    kept |= {f"@{name}": value for name, value in attributes.items()}
    holder[key] = {**kept, "#text": text} if kept else text  # type: ignore[index]


def named(tree: Tree, *names: str) -> list[tuple[Leaf, str]]:
    """The leaves whose element has one of these names, with their texts."""
    return [(leaf, text_of(leaf[0][leaf[1]]) or "") for leaf in leaves(tree) if leaf[2].endswith(names)]  # type: ignore[index]


def other_units(tree: Tree, draw: Random) -> None:
    """Masses in another unit of mass, to the gram."""
    for leaf, text in named(tree, "WeightMeasure", "MassMeasure"):
        node = leaf[0][leaf[1]]  # type: ignore[index]
        factor = MASS_UNITS.get(node.get("@unitCode", "KGM") if isinstance(node, dict) else "KGM")
        unit = draw.choice(list(MASS_UNITS))
        if factor is not None:
            put(leaf, f"{Decimal(text) * factor / MASS_UNITS[unit]:f}", unitCode=unit)


def other_currency(tree: Tree, draw: Random) -> None:
    """All amounts in one other currency, by the shipped rates."""
    known = rates()
    currency = draw.choice(sorted(known))
    for leaf, text in named(tree, "Amount"):
        node = leaf[0][leaf[1]]  # type: ignore[index]
        own = node.get("@currencyID") if isinstance(node, dict) else None
        if own in known:
            worth = Decimal(text) / known[own] * known[currency]
            put(leaf, f"{worth:.3f}" if leaf[2].endswith("ItemChargeAmount") else f"{worth:.2f}", currencyID=currency)


def other_case(tree: Tree, draw: Random) -> None:
    """Words, codes or identifiers in capitals or in small letters."""
    change = draw.choice((str.upper, str.lower, str.title, str.swapcase))
    chosen = draw.choice((WORDS, ("Code",), ("ID",)))
    for leaf, text in named(tree, *chosen):
        put(leaf, change(text))


def look_alikes(tree: Tree, draw: Random) -> None:
    """Letters of words in another alphabet, or with a mark, where they look the same."""
    for leaf, text in named(tree, *WORDS):
        put(leaf, "".join(LOOK_ALIKES.get(each, each) if draw.random() < 0.3 else each for each in text))


def invisible(tree: Tree, draw: Random) -> None:
    """Characters that nobody sees, somewhere in the words."""
    for leaf, text in named(tree, *WORDS):
        at = draw.randrange(len(text) + 1)
        put(leaf, text[:at] + draw.choice(INVISIBLE) + text[at:])


def digits(tree: Tree, draw: Random) -> None:
    """Digits for the letters they look like."""
    chosen = draw.choice(("o0", "i1", "e3", "s5", "a4"))
    for leaf, text in named(tree, "Description"):
        put(leaf, text.replace(chosen[0], chosen[1]))


def outer_space(tree: Tree, draw: Random) -> None:
    """White space around texts of every kind."""
    for leaf, text in [(leaf, text_of(leaf[0][leaf[1]]) or "") for leaf in leaves(tree)]:  # type: ignore[index]
        if draw.random() < 0.3 and ELEMENTS[leaf[2]].base != "date":
            put(leaf, draw.choice(("", *BLANKS)) + text + draw.choice(("", *BLANKS)))


def inner_space(tree: Tree, draw: Random) -> None:
    """Other blanks between words."""
    for leaf, text in named(tree, *WORDS):
        put(leaf, "".join(draw.choice(BLANKS) if each == " " else each for each in text))


def other_order(tree: Tree, draw: Random) -> None:
    """What repeats without a number of its own, in another order."""
    for holder in list(classes(tree)):
        for name in REPEATED:
            if isinstance(holder.get(name), list):
                draw.shuffle(holder[name])


def classes(node: Any) -> Iterator[dict[str, Any]]:
    """Every class element of a tree."""
    if isinstance(node, list):
        for entry in node:
            yield from classes(entry)
    elif isinstance(node, dict):
        yield node
        for child in node.values():
            yield from classes(child)


WAYS: tuple[Rewrite, ...] = (other_units, other_currency, other_case, look_alikes, invisible, digits, outer_space,
                             inner_space, other_order)  # fmt: skip


def written(declaration: Declaration, ways: list[Rewrite], draw: Random) -> tuple[bytes, Media]:
    """The declaration, written in these ways, in either form."""
    tree = copy.deepcopy(declaration.tree)
    for way in ways:
        way(tree, draw)
    changed = Declaration(tree, declaration.header)
    enveloped = bool(declaration.header) and draw.random() < 0.9
    media = draw.choice(tuple(Media))
    write = to_json if media is Media.JSON else to_xml
    return write(changed, enveloped), media


@settings(max_examples=tries(4), deadline=None)
@given(
    path=st.sampled_from(examples()),
    ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=3, unique=True),
    draw=st.randoms(use_true_random=False),
)
def test_no_other_way_of_writing_gets_a_milder_answer(path: Path, ways: list[Rewrite], draw: Random) -> None:
    plain = judged(*written(example(path), [], draw))
    changed = judged(*written(example(path), ways, draw))
    assert plain.strictness < REFUSED, plain.why
    assert changed.strictness >= plain.strictness, (path.name, [way.__name__ for way in ways], plain.why, changed.why)
