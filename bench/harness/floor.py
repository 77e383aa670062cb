"""The floor: one process that parses, validates, canonicalises and stores the same documents, and does nothing else.

`python -m bench.harness.floor DATABASE_URL PROCESSOR...` reads the number of declarations from each line of its input
and writes the CPU seconds it took. A hundred documents share one statement and one commit.

One processor of a shared machine can be twice as fast as the other, for seconds at a time. The sides that are compared
with the floor keep all of them busy, so the floor moves to the next of the named ones after every hundred.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice

import psycopg

from bench.harness.documents import POOL, XML_TYPE, documents
from singlewindow.declarations.canonical import canonical_bytes, fingerprint
from singlewindow.declarations.markup import DECLARATION_TAG
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.from_xml import tree_of
from singlewindow.declarations.reading.intake import Limits, Media, read_message
from singlewindow.declarations.reading.schema import is_valid, parse

GROUP = 100
TABLE = """CREATE TABLE floor (number bigint PRIMARY KEY, received bytea NOT NULL, canonical bytea NOT NULL,
                               content_sha256 bytea NOT NULL)"""
STORE = "INSERT INTO floor SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[], %b::bytea[])"
LIMITS = Limits()


def form_of(content: bytes, media: str) -> bytes:
    """The canonical form of a document that the schema accepts; raises ValueError for another."""
    if media != XML_TYPE:
        return canonical_bytes(read_message(content, Media.JSON, LIMITS).declaration)
    root = parse(content, LIMITS)
    declaration = root.find(DECLARATION_TAG)
    if declaration is None or not is_valid(root):
        raise ValueError("the schema refuses a document of the load")
    return canonical_bytes(Declaration(tree_of(declaration)))


def carry_out(
    connection: psycopg.Connection[tuple[object, ...]], processors: Iterator[int], first: int, number: int
) -> None:
    """Store `number` documents, whose numbers begin with `first`, each hundred on the next of the processors."""
    pool = documents(POOL)
    contents = ((at, pool[at % POOL]) for at in range(first, first + number))
    while group := list(islice(contents, GROUP)):
        os.sched_setaffinity(0, {next(processors)})
        received = [document.content(f"FLOOR-{at:010d}") for at, document in group]
        forms = [form_of(content, document.media) for content, (_, document) in zip(received, group, strict=True)]
        numbers = [at for at, _ in group]
        connection.execute(STORE, (numbers, received, forms, [fingerprint(form) for form in forms]))


def main() -> None:
    """Carry out orders until the input ends."""
    documents(POOL)
    first, processors = 0, cycle(map(int, sys.argv[2:]))
    with psycopg.connect(sys.argv[1].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(TABLE)
        for line in sys.stdin:
            began, cpu = time.perf_counter(), time.process_time()
            carry_out(connection, processors, first, int(line))
            first += int(line)
            taken = {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - began}
            print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main()
