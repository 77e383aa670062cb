"""Random damage to a declaration: moved, doubled, dropped and renamed elements, odd values, odd attributes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from lxml import etree

VALUES = (
    *("", " ", "  A  ", "A\nB", "A\tB", "x" * 36, "x" * 600, "\u00a0", "\u00e9", "GB", "gb", "G1", "09", " 9 "),
    *("\u200b", "\u3164", "\u00a0GB\u200b", "A\n", "\ufeff9", "10\u2060", "x" * 35 + " "),
    *("0", "-1", "+1", "1.", ".5", "10.5", "1e3", "NaN", "0.0000001", "1" * 17, "0" * 40 + "1", "5.10"),
    *("20261301", "20260101000000Z", "20260101000000+01", "20260101000000", "2026-01-01", "102", "304"),
)
ATTRIBUTES = ("currencyID", "unitCode", "formatCode", "other", "{http://www.w3.org/XML/1998/namespace}lang")
ATTRIBUTE_VALUES = ("GBP\u00a0", "\u200b", "GBP", "gbp", "KGM", "KGM#GX", "102", " 304 ", "", "x y", "x  y  z")


def mutate(root: etree._Element, chance: random.Random) -> etree._Element:
    """The document with one to three random changes below its root."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        elements = [element for element in root.iter() if element.getparent() is not None]
        if not elements:
            break
        chance.choice(_CHANGES)(chance.choice(elements), chance.choice(elements), chance)
    return root


def _drop(element: etree._Element, _other: etree._Element, _chance: random.Random) -> None:
    _parent(element).remove(element)


def _double(element: etree._Element, _other: etree._Element, _chance: random.Random) -> None:
    element.addnext(copy.deepcopy(element))


def _append(element: etree._Element, other: etree._Element, _chance: random.Random) -> None:
    _parent(element).append(copy.deepcopy(other))


def _move(element: etree._Element, _other: etree._Element, _chance: random.Random) -> None:
    parent = _parent(element)
    parent.remove(element)
    parent.insert(0, element)


def _revalue(element: etree._Element, _other: etree._Element, chance: random.Random) -> None:
    element.text = chance.choice(VALUES)


def _rename(element: etree._Element, other: etree._Element, chance: random.Random) -> None:
    element.tag = chance.choice((f"{element.tag!s}x", f"{{urn:x}}{etree.QName(element).localname}", str(other.tag)))


def _attribute(element: etree._Element, _other: etree._Element, chance: random.Random) -> None:
    element.set(chance.choice(ATTRIBUTES), chance.choice(ATTRIBUTE_VALUES))


def _bare(element: etree._Element, _other: etree._Element, _chance: random.Random) -> None:
    for name in list(element.attrib):
        del element.attrib[name]


def _stray(element: etree._Element, _other: etree._Element, _chance: random.Random) -> None:
    element.tail = "stray"


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


_Change = Callable[[etree._Element, etree._Element, random.Random], None]
_CHANGES: tuple[_Change, ...] = (_drop, _double, _append, _move, _revalue, _rename, _attribute, _bare, _stray)
