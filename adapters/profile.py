"""An agency that answers here and now, by its risk profiles over what it may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from adapters.contract import NotRetryable, View
from singlewindow.decisions.assessment import Assessment
from singlewindow.risk.agency import Agency
from singlewindow.risk.assess import assess
from singlewindow.risk.conditions import ConditionError

Clock = Callable[[], date]


class ProfileAdapter:
    """Asks one agency's profiles; `clock` gives the day on which a profile must be valid."""

    def __init__(self, agency: Agency, clock: Clock) -> None:
        self.agency = agency.code
        self._configured, self._clock = agency, clock

    def assess(self, view: View) -> Assessment:
        """The agency's answer; a profile that cannot be answered fails the same way again, so it is not retryable."""
        try:
            return assess(self._configured, view.tree, self._clock())
        except ConditionError as error:
            raise NotRetryable(str(error)) from error
