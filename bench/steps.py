"""What each step from bytes to decision costs one processor, beside the floor: parse and validate alone.

`python -m bench.steps [ROUNDS]` goes through our example declarations; every round takes all steps in turn, so that a
machine which slows down slows all of them down. Printed are the median microseconds a declaration, and the ratio to
the floor. One-process costs only: no database, no queue.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from adapters.contract import View
from adapters.registry import build_adapters
from singlewindow.agencies.loading import load_agencies
from singlewindow.agencies.routing import route
from singlewindow.decisions.merge import merge
from singlewindow.declarations import canonical, projection, validation
from singlewindow.declarations.reading import intake
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.risk.terms import terms_of
from singlewindow.times import today
from tests.places import CONFIGURATION, REPOSITORY

ROUNDS = 30
FLOOR = "read: screen, parse, schema, walk"


def steps(contents: list[bytes]) -> dict[str, Callable[[], object]]:
    """Each step over all documents, in the order of the way."""
    config = CONFIGURATION
    rulebooks, agencies = load_rulebooks(config), load_agencies(config / "agencies")
    adapters, terms = build_adapters(agencies), terms_of(rulebooks, rulebooks.home, today())
    declarations = [intake.read_message(content, Media.XML).declaration for content in contents]
    forms = [canonical.canonical_bytes(declaration) for declaration in declarations]
    asked = [
        [entry for entry in route(agencies, declaration.tree, terms) if entry.asked] for declaration in declarations
    ]

    def answers(form: bytes, agency: str, items: tuple[str, ...]) -> object:
        tree = projection.project(canonical.decode_canonical(form), agencies[agency].entitlement, items)
        return adapters[agency].assess(View("", 1, tree, terms, items))

    given = [
        [adapters[entry.agency].assess(View("", 1, declaration.tree, terms, entry.items)) for entry in entries]
        for declaration, entries in zip(declarations, asked, strict=True)
    ]
    return {
        FLOOR: lambda: [intake.read_message(content, Media.XML) for content in contents],
        "read and all rules": lambda: [validation.validate(content, Media.XML, rulebooks) for content in contents],
        "canonical form and fingerprint": lambda: [
            canonical.fingerprint(canonical.canonical_bytes(declaration)) for declaration in declarations
        ],
        "routing to all agencies": lambda: [route(agencies, declaration.tree, terms) for declaration in declarations],
        "views and assessments of those asked": lambda: [
            answers(form, entry.agency, entry.items)
            for form, entries in zip(forms, asked, strict=True)
            for entry in entries
        ],
        "merge": lambda: [merge(each, [one.agency for one in each]) for each in given],
    }


def measure(contents: list[bytes], rounds: int) -> dict[str, float]:
    """Median microseconds a declaration of each step."""
    taken: dict[str, list[float]] = {}
    ways = steps(contents)
    for _ in range(rounds):
        for name, step in ways.items():
            began = time.perf_counter()
            step()
            taken.setdefault(name, []).append((time.perf_counter() - began) / len(contents) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    files = sorted((REPOSITORY / "examples" / "declarations").glob("*.xml"))
    found = measure([file.read_bytes() for file in files], rounds)
    table = Table("step", "us a declaration", "times the floor", title=f"{len(files)} examples, {rounds} rounds")
    for name, microseconds in found.items():
        table.add_row(name, f"{microseconds:.0f}", f"{microseconds / found[FLOOR]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
