"""A decision in words: for the trader without any tactics, for the officer with all of it, for the auditor by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from singlewindow.decisions.assessment import Control
from singlewindow.decisions.merge import Outcome, Reason, Verdict

_CONTROLS: Final = {
    Control.DOCUMENTS: "a check of documents",
    Control.SCAN: "a scan",
    Control.PHYSICAL: "a physical inspection",
    Control.SAMPLE: "a sample",
}
_STILL_LOOKING = "The declaration is being looked at."


def for_trader(verdict: Verdict) -> tuple[str, ...]:
    """What the trader may know: the outcome, the controls, and the agencies' own words for traders.

    No agency is named here: that one of them looks at the goods can be what must not be known. Sorted by the words, so
    that not even the order tells what weighed most.
    """
    if verdict.outcome is Outcome.RELEASE:
        return ("The goods may be released.",)
    said = {reason.trader or _STILL_LOOKING for reason in verdict.reasons}
    return (f"The goods are held for {_listed(verdict)}.", *sorted(said))


def for_officer(verdict: Verdict, names: Mapping[str, str]) -> tuple[str, ...]:
    """Outcome, lane and every reason in the officers' words, the heaviest first."""
    head = "Release" if verdict.outcome is Outcome.RELEASE else f"Inspect ({verdict.lane} lane): {_listed(verdict)}"
    conflict = ("The answers contradict each other: a person must decide.",) if verdict.contradictory else ()
    return (f"{head}.", *conflict, *(_for_officer(reason, names) for reason in verdict.reasons))


def for_auditor(verdict: Verdict) -> tuple[str, ...]:
    """The decision by codes and ids only, with the fingerprint of what it judged."""
    controls = ",".join(verdict.controls) or "none"
    head = (
        f"outcome={verdict.outcome} lane={verdict.lane} controls={controls} "
        f"contradictory={str(verdict.contradictory).lower()} notice={verdict.function_code}"
    )
    reasons = (
        f"agency={reason.agency or 'none'} profile={reason.profile or 'none'} item={reason.item or 'all'} "
        f"weight={reason.weight} control={reason.control or 'none'}: {reason.officer}"
        for reason in verdict.reasons
    )
    return (head, f"inputs=sha256:{verdict.fingerprint}", *reasons)


def _listed(verdict: Verdict) -> str:
    *others, last = (_CONTROLS[control] for control in verdict.controls)
    return f"{', '.join(others)} and {last}" if others else last


def _named(agency: str, names: Mapping[str, str], text: str) -> str:
    return f"{names.get(agency, agency)}: {text}" if agency else text


def _for_officer(reason: Reason, names: Mapping[str, str]) -> str:
    place = f" (item {reason.item})" if reason.item else ""
    profile = f" [{reason.profile}, weight {reason.weight}]" if reason.profile else ""
    return f"{_named(reason.agency, names, reason.officer)}{place}{profile}"
