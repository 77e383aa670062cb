"""A decision in words: for the trader without tactics, for the officer with all reasons, for the auditor with ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from singlewindow.decisions.assessment import Control, Finding
from singlewindow.decisions.merge import Outcome, Reason, Verdict

ITEMS_NAMED: Final = 20
_CONTROLS: Final = {
    Control.DOCUMENTS: "a check of documents",
    Control.SCAN: "a scan",
    Control.PHYSICAL: "a physical inspection",
    Control.SAMPLE: "a sample",
}
_STILL_LOOKING = "The declaration is being checked."
_GONE = "The goods have already left: only documents can be checked."


class Said(NamedTuple):
    """Words for traders, and the goods items they are about: numbers as declared, in order; none: the declaration.

    `more` says that they are also about further items.
    """

    words: str
    items: tuple[int, ...] = ()
    more: bool = False

    def __str__(self) -> str:
        if not self.items:
            return self.words
        named = [*map(str, self.items), *(["others"] if self.more else [])]
        return f"Item{'s' if len(named) > 1 else ''} {_join_words(named)}: {self.words}"


def said_to_trader(verdict: Verdict) -> tuple[Said, ...]:
    """The agencies' own words for traders, each only once, with the items they are about.

    No agency is named, because it may have to stay secret that it looks at the goods. Neither whose words they are nor
    how many agencies said them can be seen: the order is that of items and letters, not of weights. The single window's
    own words (for silence, failure, an agency without words) are about no item.
    """
    by_words: dict[str, list[Reason]] = {}
    for reason in verdict.reasons if verdict.outcome is Outcome.INSPECT else ():
        by_words.setdefault(reason.trader or _STILL_LOOKING, []).append(reason)
    return tuple(sorted((_with_items(words, reasons) for words, reasons in by_words.items()), key=_words_order))


def _with_items(words: str, reasons: list[Reason]) -> Said:
    if words == _STILL_LOOKING or not all(_is_number(reason.item) for reason in reasons):
        return Said(words)
    items = sorted({int(reason.item) for reason in reasons})
    more = len(items) > ITEMS_NAMED or any(reason.more is True for reason in reasons)
    return Said(words, tuple(items[:ITEMS_NAMED]), more)


def _is_number(item: str) -> bool:
    return item.isascii() and item.isdecimal()


def _words_order(each: Said) -> tuple[int, str]:
    return each.items[0] if each.items else 0, each.words


def for_trader(verdict: Verdict) -> tuple[str, ...]:
    """What the trader may know: the outcome, the controls, and the words of `said_to_trader`."""
    return (_outcome_words(verdict), *map(str, said_to_trader(verdict)))


def _outcome_words(verdict: Verdict) -> str:
    released = verdict.outcome is Outcome.RELEASE
    if verdict.after_release is True:
        return "This declaration needs no check." if released else "The documents for the goods will be checked."
    return "The goods may be released." if released else f"The goods are held for {_control_words(verdict)}."


def for_officer(verdict: Verdict, names: Mapping[str, str]) -> tuple[str, ...]:
    """Outcome, lane and every reason in the officers' words, the heaviest first."""
    head = (
        "Release" if verdict.outcome is Outcome.RELEASE else f"Inspect ({verdict.lane} lane): {_control_words(verdict)}"
    )
    gone = (_GONE,) if verdict.after_release is True else ()
    conflict = ("The answers contradict each other: a person must decide.",) if verdict.contradictory else ()
    return (f"{head}.", *gone, *conflict, *(_for_officer(reason, names) for reason in verdict.reasons))


def for_auditor(verdict: Verdict) -> tuple[str, ...]:
    """The decision in codes and ids only, with the fingerprint of its inputs."""
    controls = ",".join(verdict.controls) or "none"
    gone = " after_release=true" if verdict.after_release is True else ""
    head = (
        f"outcome={verdict.outcome} lane={verdict.lane} controls={controls} "
        f"contradictory={str(verdict.contradictory).lower()} notice={verdict.function_code}{gone}"
    )
    reasons = (
        f"agency={reason.agency or 'none'} {_by_ids(reason.profile, reason)}: {reason.officer}"
        for reason in verdict.reasons
    )
    return (head, f"inputs=sha256:{verdict.fingerprint}", *reasons)


def trial_for_auditor(findings: Iterable[Finding]) -> list[str]:
    """The findings of profiles on trial, in codes and ids."""
    return [f"{_by_ids(finding.profile, finding)}: {finding.officer}" for finding in findings]


def _by_ids(profile: str, about: Reason | Finding) -> str:
    more = " and others" if about.more is True else ""
    return (
        f"profile={profile or 'none'} item={about.item or 'all'}{more} "
        f"weight={about.weight} control={about.control or 'none'}"
    )


def _control_words(verdict: Verdict) -> str:
    return _join_words([_CONTROLS[control] for control in verdict.controls])


def _join_words(parts: list[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _with_agency_name(agency: str, names: Mapping[str, str], text: str) -> str:
    return f"{names.get(agency, agency)}: {text}" if agency else text


def _for_officer(reason: Reason, names: Mapping[str, str]) -> str:
    more = " and others" if reason.more is True else ""
    place = f" (item {reason.item}{more})" if reason.item else ""
    profile = f" [{reason.profile}, weight {reason.weight}]" if reason.profile else ""
    return f"{_with_agency_name(reason.agency, names, reason.officer)}{place}{profile}"
