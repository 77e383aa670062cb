"""The contract between the single window and a border agency.

An adapter gets views (what the law lets the agency see) and answers each with an `Assessment`. It may raise: the
exception's type says whether asking again can help. It must not keep state between calls nor change a view.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from singlewindow import logs
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.model import Tree

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """One declaration version as one agency may see it: `tree` holds entitled elements only.

    `reference` is our MRN, `version` its number; `items` are the SequenceNumeric values the agency's interest rests on;
    `trace_id` names the request that brought the declaration, for both sides' logs.
    """

    reference: str
    version: int
    tree: Tree
    items: tuple[str, ...] = ()
    trace_id: str = ""


class Adapter(Protocol):
    """One agency's way of answering; `agency` is its code under `config/agencies/`."""

    agency: str

    def assess(self, view: View) -> Assessment:
        """Answer for one view; raises `AdapterError` where no answer can be had."""
        ...


class AdapterError(Exception):
    """An agency could not answer."""


class Retryable(AdapterError):  # noqa: N818 - the type says what to do, as the caller reads it
    """Asking again later may help; `after` is the least number of seconds to wait."""

    def __init__(self, text: str, after: float = 1.0) -> None:
        super().__init__(text)
        self.after = after


class Pending(AdapterError):  # noqa: N818 - as above
    """The agency has taken the question and will send its answer by itself, until its deadline."""


class NotRetryable(AdapterError):  # noqa: N818 - as above
    """Asking again cannot help: the deadline, and then a person, decides."""


def assess_each(adapter: Adapter, views: Sequence[View]) -> list[Assessment | AdapterError]:
    """Answers in the order of `views`; one that fails does not keep its neighbours from their answers."""
    return [_assess_one(adapter, view) for view in views]


def _assess_one(adapter: Adapter, view: View) -> Assessment | AdapterError:
    with logs.about(trace_id=view.trace_id, mrn=view.reference, agency=adapter.agency):
        return _answer(adapter, view)


def _answer(adapter: Adapter, view: View) -> Assessment | AdapterError:
    try:
        return adapter.assess(view)
    except AdapterError as error:
        return error
    except Exception as error:  # any failure of an adapter is an unanswered question, never a dead batch
        log.exception("the adapter failed; its question is asked again")
        return Retryable(f"{type(error).__name__} in the adapter of {adapter.agency}")
