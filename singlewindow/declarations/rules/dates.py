"""Rules about dates: they exist in the calendar, have the form that their format code says, and are not far away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from singlewindow.declarations.faults import Path, Severity
from singlewindow.declarations.model import ROOT, find_nodes, text_of
from singlewindow.declarations.rules.context import Context
from singlewindow.declarations.rules.leaves import DATE_FORMATS, DATES, EVENTS, MOMENTS
from singlewindow.declarations.rules.rule import Findings, Rule, Scope, quoted

_FORM = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)(?:Z|[+-](\d\d)))?")
_MOST_HOURS_OFF = 14


def is_real(text: str) -> bool:
    """Whether `yyyymmdd` or `yyyymmddhhmmss` with `Z`, `+hh` or `-hh` names a moment that exists."""
    form = _FORM.fullmatch(text)
    if form is None:
        return False
    numbers = [int(part) for part in form.groups(default="0")]
    try:
        datetime(*numbers[:6], tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return False
    return numbers[6] <= _MOST_HOURS_OFF


class DateReal(Rule, frozen=True):
    """Every date exists: there is no month 13, no 30 February, no hour 24 and no time zone beyond fourteen hours."""

    name = "DATE-REAL"
    code = "INVALID_DATE"
    scope = Scope.EVERY
    reads = DATES.paths
    leafwise = True
    advice = "Write yyyymmdd, or yyyymmddhhmmss followed by Z, +hh or -hh."

    def check(self, context: Context) -> Findings:
        if all(is_real(text) for text in context.texts[DATES]):
            return
        for path, text in DATES.located_texts(context.tree):
            if not is_real(text):
                yield path, f"{quoted(text)} is not a date in the calendar."


class DateFormat(Rule, frozen=True):
    """A date has the form of its formatCode: 102 is a day, 304 a moment with its time zone."""

    name = "DATE-FORMAT"
    severity = Severity.WARNING
    scope = Scope.EVERY
    reads = (*DATES.paths, *DATE_FORMATS.paths)
    leafwise = True
    advice = "Use formatCode 102 for yyyymmdd and 304 for yyyymmddhhmmss with a time zone."

    def check(self, context: Context) -> Findings:
        # As many formats as dates: each has its own, for a format without a date is refused by the schema.
        texts, forms = context.texts[DATES], context.texts[DATE_FORMATS]
        if len(texts) == len(forms) and not any(map(_differs_from_form, texts, forms)):
            return
        for path, text, form in _with_format(context):
            if _differs_from_form(text, form) and is_real(text):
                yield path, f"{quoted(text)} does not have the form of formatCode {form}."


def _differs_from_form(text: str, form: str) -> bool:
    day_only = len(text) == len("yyyymmdd")
    return form in ("102", "304") and day_only != (form == "102")


def _with_format(context: Context) -> Iterator[tuple[Path, str, str]]:
    for path in DATES.relative:
        for steps, node in find_nodes(context.tree, path):
            text = text_of(node)
            if text is not None and isinstance(node, dict):
                yield (ROOT, *steps), text, str(node.get("@formatCode", ""))


class DateNotFarAhead(Rule, frozen=True):
    """Acceptance, issue, exit and invoice are in the past or near future; a date years ahead is a typing mistake.

    The rule leaves out the dates of documents, which may be valid for decades.
    """

    name = "DATE-NOT-FAR-AHEAD"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = EVENTS.paths
    leafwise = True
    advice = "Check the year of the date."

    years: int = 5

    def check(self, context: Context) -> Findings:
        now = datetime.now(UTC)
        horizon = f"{now.year + self.years}{now.month:02}{now.day:02}"
        if all(text[:8] <= horizon for text in context.texts[EVENTS]):
            return
        for path, text in EVENTS.located_texts(context.tree):
            if is_real(text) and text[:8] > horizon:
                yield path, f"{quoted(text)} is more than {self.years} years ahead."


class DateNotLongAgo(Rule, frozen=True):
    """Acceptance and issue are within the last twenty years; an earlier date is a typing mistake."""

    name = "DATE-NOT-LONG-AGO"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = MOMENTS.paths
    leafwise = True
    advice = "Check the year of the date."

    years: int = 20

    def check(self, context: Context) -> Findings:
        now = datetime.now(UTC)
        horizon = f"{now.year - self.years}{now.month:02}{now.day:02}"
        if all(text[:8] >= horizon for text in context.texts[MOMENTS]):
            return
        for path, text in MOMENTS.located_texts(context.tree):
            if is_real(text) and text[:8] < horizon:
                yield path, f"{quoted(text)} is more than {self.years} years ago."
