"""The one inspection order of a decision: the controls of all agencies, each once, in the order in which they are done.

`make_order` is pure, and its result does not depend on the order of the answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from singlewindow.decisions.assessment import OWN_CODES, Assessment, Control
from singlewindow.decisions.merge import Verdict, clears_goods

_SEQUENCE: Final = tuple(Control)
"""Documents before a scan, a scan before the goods are opened, and samples last."""


class OrderedControl(msgspec.Struct, frozen=True, kw_only=True):
    """One control of some items (SequenceNumeric, as declared) and the agencies that ask for it, sorted."""

    control: Control
    items: tuple[str, ...]
    agencies: tuple[str, ...]


def make_order(
    verdict: Verdict,
    answers: Iterable[Assessment],
    items_of: Callable[[str], Sequence[str]],
    items: Sequence[str],
    customs: str,
) -> tuple[OrderedControl, ...]:
    """What is to be done after a decision; nothing after a release.

    `answers` are those that count, `items_of` says which items an agency was asked about (none means all), and `items`
    are all items of the declaration. What the service itself asks for, and what no answer accounts for, is for customs.
    """
    wanted: dict[tuple[str, Control], set[str]] = defaultdict(set)
    for answer in answers:
        agency = customs if answer.agency in OWN_CODES else answer.agency
        concerned = tuple(items_of(answer.agency)) or tuple(items)
        for item, control in _asked_by(answer, concerned, set(items)):
            wanted[item, Control.DOCUMENTS if verdict.after_release is True else control].add(agency)
    missing = {*verdict.controls} - {control for _, control in wanted}
    for item in items:
        for control in missing:
            wanted[item, control].add(customs)
    return tuple(_grouped(wanted, items))


def _asked_by(answer: Assessment, concerned: tuple[str, ...], known: set[str]) -> Iterator[tuple[str, Control]]:
    """The controls that an answer asks for: of the item that a finding names, else of all that concern the agency."""
    if clears_goods(answer):
        return
    named: set[Control] = set()
    for finding in answer.findings:
        if finding.control is not None:
            named.add(finding.control)
            one = finding.item in known and finding.more is not True
            yield from ((item, finding.control) for item in ((str(finding.item),) if one else concerned))
    for control in ({*answer.controls} or {Control.DOCUMENTS}) - named:
        yield from ((item, control) for item in concerned)


def _grouped(wanted: dict[tuple[str, Control], set[str]], items: Sequence[str]) -> Iterator[OrderedControl]:
    """The same control for the same agencies together, items in the order of the declaration."""
    together: dict[tuple[Control, tuple[str, ...]], list[str]] = defaultdict(list)
    for item in items:
        for control in _SEQUENCE:
            if asking := wanted.get((item, control)):
                together[control, tuple(sorted(asking))].append(item)
    for control, agencies in sorted(together, key=lambda key: (_SEQUENCE.index(key[0]), key[1])):
        yield OrderedControl(control=control, items=tuple(together[control, agencies]), agencies=agencies)
