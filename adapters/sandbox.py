"""An agency to practise with: the trader's own reference (LRN) chooses the outcome.

A reference that contains one of the words below gets its outcome; any other gets no answer, so that a sandbox left by
mistake in a live configuration holds goods instead of releasing them.
"""

from __future__ import annotations

from typing import Final

from adapters.contract import NotRetryable, Pending, Retryable, View
from singlewindow.agencies.agency import Agency
from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.declarations.model import text_of

SILENT, ERROR, QUERY = "SANDBOX-SILENT", "SANDBOX-ERROR", "SANDBOX-QUERY"
OUTCOMES: Final[dict[str, tuple[Lane, int, Control | None]]] = {
    "SANDBOX-RELEASE": (Lane.GREEN, 0, None),
    "SANDBOX-DOCUMENTS": (Lane.YELLOW, 20, Control.DOCUMENTS),
    "SANDBOX-LATE": (Lane.YELLOW, 20, Control.DOCUMENTS),
    "SANDBOX-SCAN": (Lane.ORANGE, 40, Control.SCAN),
    "SANDBOX-SAMPLE": (Lane.ORANGE, 40, Control.SAMPLE),
    **dict.fromkeys(
        (
            "SANDBOX-PHYSICAL",
            "SANDBOX-CONFORM",
            "SANDBOX-PARTLY",
            "SANDBOX-REFUSED",
            "SANDBOX-IMPOUNDED",
            "SANDBOX-DENIED",
            "SANDBOX-WAITING",
        ),
        (Lane.RED, 70, Control.PHYSICAL),
    ),
}
"""The words and what they answer; what officers of the simulator do then, `singlewindow.simulator.words` says."""


class SandboxAdapter:
    """Answers as the reference asks; if it holds several words, the strictest counts.

    Documents that were asked and given satisfy it.
    """

    def __init__(self, agency: Agency, otherwise: str = "") -> None:
        """`otherwise` is the word that counts if the reference has none."""
        self.agency = agency.code
        self._configured, self._otherwise = agency, otherwise

    def assess(self, view: View) -> Assessment:
        """The outcome chosen; `SANDBOX-ERROR` raises `Retryable`, `SANDBOX-SILENT` or no word `NotRetryable`.

        `SANDBOX-QUERY` raises `Pending`: an officer asks the party first.
        """
        reference = (text_of(view.tree.get("FunctionalReferenceID")) or "").upper()
        if ERROR in reference:
            raise Retryable(f"the reference asks {self.agency} to fail")
        if SILENT in reference:
            raise NotRetryable(f"the reference asks {self.agency} to stay silent")
        if QUERY in reference:
            raise Pending(f"the reference asks for an officer of {self.agency}")
        if view.given is not None:
            return self._chosen_answer(Lane.GREEN, 0, None)
        chosen = [word for word in OUTCOMES if word in reference] or [*filter(None, [self._otherwise])]
        if not chosen:
            raise NotRetryable(f"the reference names no sandbox outcome: use one of {', '.join(OUTCOMES)}")
        return self._chosen_answer(*OUTCOMES[chosen[-1]])

    def _chosen_answer(self, lane: Lane, score: int, control: Control | None) -> Assessment:
        return Assessment(
            agency=self.agency,
            answer=Answer.ASSESSED,
            lane=lane,
            score=score,
            controls=(control,) if control else (),
            findings=(_sandbox_finding(score, control),) if control else (),
            profiles=self._configured.fingerprint,
        )


def _sandbox_finding(weight: int, control: Control) -> Finding:
    return Finding(
        profile=f"SANDBOX-{control.upper()}",
        legal_basis="none: a rehearsal",
        weight=weight,
        control=control,
        officer="A rehearsal, chosen by the trader's reference.",
        trader="You chose this outcome with your reference.",
    )
