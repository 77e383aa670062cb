"""Validates one message: reads it, checks it against the schema and its country's rules, and lists all faults.

Faults of the schema and breaches of rules come as one list, in the order of the document, each with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from singlewindow.declarations import pointers
from singlewindow.declarations.amending.requests import Request
from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import FAULTS_SHOWN, Fault, FaultReport, Path, Severity
from singlewindow.declarations.model import ROOT, Declaration
from singlewindow.declarations.reading.foreign import other_profile
from singlewindow.declarations.reading.intake import Limits, Media, Reading, read_message
from singlewindow.declarations.rules import Rulebooks

_DEFAULT_LIMITS = Limits()
_PLACES = {path: {name: at for at, name in enumerate(element.children)} for path, element in ELEMENTS.items()}

DocumentOrder = tuple[tuple[int, str, int], ...]


@dataclass(frozen=True)
class Validated:
    """A message that could be read, and what is wrong with it.

    `country` is the country whose rules applied. `faults` are sorted by line and then by place, at most `FAULTS_SHOWN`
    of the `total` found. Hard ones are never left out in favour of warnings. The fault that the message seems to follow
    another profile comes before all others. `enveloped` says whether the message had its MetaData.
    `line_of` is that of the reading. `request` is what a message asks that is no declaration, if it can be read as one.
    """

    declaration: Declaration
    country: str
    faults: tuple[Fault, ...]
    enveloped: bool
    total: int
    line_of: Callable[[Path], int | None] = field(default=lambda _path: None, compare=False, repr=False)
    request: Request | None = None


def validate(content: bytes, media: Media, rulebooks: Rulebooks, limits: Limits = _DEFAULT_LIMITS) -> Validated:
    """Validate one message as sent; raises `Refused` if it cannot be read as a declaration that is served here."""
    reading = read_message(content, media, limits)
    declaration = reading.declaration
    book = rulebooks.rulebook_for(declaration.country)
    breaches = book.check(declaration, reading.broken_paths)
    if not breaches and not reading.faults:
        return Validated(declaration, book.country, (), reading.enveloped, 0, reading.line_of)
    found = [*reading.faults, *breaches]
    shown, total = _with_lines(_gravest_faults(found), reading), len(found)
    other = other_profile(reading.faults, rulebooks.profiles, reading.line_of((ROOT,)))
    if other:
        shown, total = (other, *shown[: FAULTS_SHOWN - 1]), total + 1
    return Validated(declaration, book.country, shown, reading.enveloped, total, reading.line_of)


def describe_fault(fault: Fault, enveloped: bool) -> FaultReport:
    """A fault in the one form in which it is published; `enveloped` says whether the message had its MetaData."""
    return FaultReport(
        rule=fault.rule,
        code=fault.code,
        severity=fault.severity,
        text=fault.text,
        advice=fault.advice,
        xpath=pointers.xpath(fault.path, enveloped),
        json_pointer=pointers.json_pointer(fault.path, enveloped),
        wco_pointer=pointers.wco_pointer(fault.path),
        line=fault.line,
    )


def _gravest_faults(faults: list[Fault]) -> list[Fault]:
    """The faults that are shown: hard ones before warnings, each in document order.

    They are chosen before their lines are looked up, because each look-up costs a walk over the document.
    """
    if len(faults) <= FAULTS_SHOWN:
        return faults
    ranked = sorted(faults, key=lambda fault: (fault.severity is not Severity.HARD, _document_order(fault.path)))
    return ranked[:FAULTS_SHOWN]


def _with_lines(faults: Iterable[Fault], reading: Reading) -> tuple[Fault, ...]:
    placed = [fault if fault.line else replace(fault, line=reading.line_of(fault.path)) for fault in faults]
    return tuple(sorted(placed, key=lambda fault: (fault.line or 0, _document_order(fault.path), fault.rule)))


def _document_order(path: Path) -> DocumentOrder:
    """The place of a path in a document that follows the schema; paths unknown to the schema come last."""
    order = []
    parent = ""
    for step in path:
        places = _PLACES.get(parent, {})
        order.append((places.get(step.name, len(places)), step.name, step.index or 0))
        parent = f"{parent}/{step.name}" if parent else step.name
    return tuple(order)
