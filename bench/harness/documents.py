"""The documents that every side gets: drawn once by a fixed seed, four in XML to one in JSON, sent under many LRNs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tests.documents import in_the_name_of
from tests.generator import Generator

SEED = 20_261
POOL = 400
PARTIES = 20
"""Traders, each with a key: a document is in the name of the one whose place in turn is its own."""
XML_TYPE, JSON_TYPE = "application/xml", "application/json"
JSON_EVERY = 5


@dataclass(frozen=True)
class Document:
    """One document with a gap for its LRN, whose length is fixed."""

    media: str
    before: bytes
    after: bytes
    length: int

    def content(self, lrn: str) -> bytes:
        """The document under this LRN."""
        return self.before + lrn.encode() + self.after

    def request(self, key: str, lrn: str) -> bytes:
        """The whole HTTP request that lodges it."""
        head = (
            f"POST /v1/declarations HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: {self.media}\r\nContent-Length: {self.length}\r\n\r\n"
        )
        return b"".join((head.encode(), self.before, lrn.encode(), self.after))


def party(number: int) -> str:
    """The identifier of a trader."""
    return f"GB{number + 1:012d}"


@cache
def documents(number: int, items: int = 0, lrn_length: int = 16) -> list[Document]:
    """The first `number` documents, with `items` goods items each, or as real ones have them."""
    generator, gap = Generator(SEED), "L" * lrn_length
    drawn = []
    for place in range(number):
        media, write = (JSON_TYPE, generator.json) if place % JSON_EVERY == 4 else (XML_TYPE, generator.xml)
        content = in_the_name_of(write(gap, items or None), party(place % PARTIES))
        before, _, after = content.partition(gap.encode())
        drawn.append(Document(media, before, after, len(content)))
    return drawn
