"""An agency whose officers answer through the interface: nobody is called, and the question waits for one of them."""

from __future__ import annotations

from adapters.contract import Pending, View
from singlewindow.decisions.assessment import Assessment


class OfficerAdapter:
    """Leaves each question to the agency's officers, until its deadline."""

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def assess(self, view: View) -> Assessment:
        """Never an answer: raises `Pending`."""
        raise Pending(f"an officer of {self.agency} answers {view.question}")
