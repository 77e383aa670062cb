"""Valid declarations damaged at random: in their octets, in their trees, and with what attackers put in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from lxml import etree

from singlewindow.declarations.reading.intake import Media
from tests.documents import examples
from tests.unit.declarations.mutations import VALUES, mutate
from tests.unit.declarations.samples import full_xml

SEEDS = [(path.read_bytes(), Media(path.suffix[1:])) for path in examples()] + [(full_xml(), Media.XML)]
TOKENS = (
    b"<!DOCTYPE a>", b"<!ENTITY x 'y'>", b"&x;", b"&#0;", b"&#xD800;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"--",
    b"<?a b?>", b"<?xml version='1.1'?>", b'xmlns="', b"xmlns:a='b'", b" xsi:type='a'", b"<a>", b"</a>", b"/>", b"<",
    b'"', b"'", b"\\", b"\\ud800", b"\\u0000", b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"1e999",
    b"-0", b"1E+100000", b"NaN", b"\xff", b"\xc0\xbc", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"\x1b", b"\r",
    b"\xe2\x80\xae", b"\xf0\x9f\x92\xa9", b"9" * 400, b"a" * 70_000, b"<a>" * 300, b"[" * 2_000, b'{"a":' * 300,
)  # fmt: skip
MEMBERS = ("FunctionCode", "ID", "@currencyID", "#text", "__proto__", "", "Declaration", "MetaData", "GoodsShipment")
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    0.1,
    1e300,
    [],
    {},
    [[]],
    {"#text": {}},
    ["a", 1],
    "",
    "\ud800",
)


def mutation(chance: random.Random) -> tuple[bytes, Media]:
    """A damaged declaration, in XML or in JSON."""
    content, media = chance.choice(SEEDS)
    if chance.random() < 0.5:
        return _octets(content, chance), media
    return (_xml(content, chance) if media is Media.XML else _json(content, chance)), media


def _octets(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        content = chance.choice(_CHANGES)(content, chance)
    return content


def _xml(content: bytes, chance: random.Random) -> bytes:
    return etree.tostring(mutate(etree.fromstring(content), chance), encoding="utf-8")


def _json(content: bytes, chance: random.Random) -> bytes:
    message = json.loads(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        _change(message, chance)
    return json.dumps(message).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every object or list with each of its keys or indexes."""
    found = []
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found += [(value, key), *_places(value[key])]
    return found


def _change(message: Any, chance: random.Random) -> None:
    places = _places(message)
    if not places:
        return
    (holder, key), (other, there) = chance.choice(places), chance.choice(places)
    match chance.randrange(5):
        case 0:
            holder[key] = chance.choice((*VALUES, *ODD))
        case 1:
            del holder[key]
        case 2:
            holder[key] = json.loads(json.dumps(other[there]))
        case 3:
            holder[key] = [holder[key], holder[key]]
        case _ if isinstance(holder, dict):
            holder[chance.choice(MEMBERS)] = holder[key]


def _flip(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) or 1)
    return content[:at] + bytes((chance.randrange(256),)) + content[at + 1 :]


def _cut(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) or 1)
    return content[:at] + content[at + chance.choice((1, 2, 8, 64, 1_000)) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) or 1)
    return content[:at] + chance.choice(TOKENS) + content[at:]


def _copy(content: bytes, chance: random.Random) -> bytes:
    at, to = chance.randrange(len(content) or 1), chance.randrange(len(content) or 1)
    return content[:to] + content[at : at + chance.randrange(2_000)] + content[to:]


def _end(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) or 1)]


def _recode(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig")))


_Change = Callable[[bytes, random.Random], bytes]
_CHANGES: tuple[_Change, ...] = (_flip, _flip, _cut, _insert, _insert, _insert, _copy, _end, _recode)
