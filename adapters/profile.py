"""An agency that answers in this process, with its risk profiles and the elements it may see."""

from __future__ import annotations

from adapters.contract import NotRetryable, Pending, View
from singlewindow.agencies.agency import Agency
from singlewindow.decisions.assessment import Assessment
from singlewindow.risk.assess import assess
from singlewindow.risk.conditions import ConditionError


class ProfileAdapter:
    """Answers with one agency's profiles that are valid on the view's day."""

    def __init__(self, agency: Agency) -> None:
        self.agency = agency.code
        self._configured = agency

    def assess(self, view: View) -> Assessment:
        """The agency's answer; a profile that cannot be answered fails the same way again, so it is not retryable.

        Raises `Pending` if the party has given documents, which no profile can read: an officer does.
        """
        if view.given is not None:
            raise Pending(f"an officer of {self.agency} reads what was given")
        try:
            return assess(self._configured.method, view.tree, view.terms, view.after_release)
        except ConditionError as error:
            raise NotRetryable(str(error)) from error
