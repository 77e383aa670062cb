"""The contract between the single window and a border agency.

An adapter gets views (what the law lets the agency see) and answers each with an `Assessment`. It may raise an
exception, whose type says whether asking again can help. It must not change a view, nor keep one between calls.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Protocol

import msgspec

from singlewindow import logs
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.model import Tree
from singlewindow.risk.terms import Terms

log = logging.getLogger(__name__)


class GivenDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that the party has given, by its hash; `line` is that of an AdditionalDocument in the item, from 1.

    `scan` is "clean", or "not-scanned" if nobody looked for viruses.
    """

    sha256: str
    name: str
    media_type: str
    size: int
    scan: str
    item: str = ""
    line: int = 0


class GivenDocuments(msgspec.Struct, frozen=True, kw_only=True):
    """What a party has answered when documents were asked: its words, and those documents that the agency may read."""

    words: str
    documents: tuple[GivenDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """One declaration version as one agency may see it: `tree` holds only elements it is entitled to.

    `reference` is our MRN, `version` its number; `terms` are those of its country on the day of asking; `items` are the
    SequenceNumeric values of the items that concern the agency. `question` is this question's name for the agency, the
    same however often it is asked; `deadline` is a moment in ISO 8601; `trace_id` follows the declaration through all
    logs. `after_release`: the goods had left before this was lodged, so only their documents can be checked. `given` is
    what the party has answered since, if documents were asked.
    """

    reference: str
    version: int
    tree: Tree
    terms: Terms
    items: tuple[str, ...] = ()
    question: str = ""
    deadline: str = ""
    trace_id: str = ""
    after_release: bool = False
    given: GivenDocuments | None = None


class Adapter(Protocol):
    """One agency's way of answering; `agency` is its code under `config/agencies/`.

    An adapter with an attribute `concurrency` (a whole number) is asked that many views at once, from several threads.
    """

    agency: str

    def assess(self, view: View) -> Assessment:
        """Answer for one view; raises `AdapterError` if there is no answer."""
        ...


class AdapterError(Exception):
    """An agency could not answer."""


class Retryable(AdapterError):  # noqa: N818 - the type says what to do, as the caller reads it
    """Asking again later may help; `after` is the least number of seconds to wait.

    `counts` is False if the agency was not asked at all, or asked us to come back: that is not a failed attempt.
    """

    def __init__(self, text: str, after: float = 1.0, *, counts: bool = True) -> None:
        super().__init__(text)
        self.after, self.counts = after, counts


class Pending(AdapterError):  # noqa: N818 - as above
    """The agency has accepted the question and will send its answer on its own before its deadline."""


class NotRetryable(AdapterError):  # noqa: N818 - as above
    """Asking again cannot help: the question waits for its deadline, and then a person decides."""


def assess_each(adapter: Adapter, views: Sequence[View]) -> list[Assessment | AdapterError]:
    """Answers in the order of `views`; one that fails does not stop the others."""
    width = min(len(views), getattr(adapter, "concurrency", 1))
    if width <= 1:
        return [_assess_one(adapter, view) for view in views]
    with ThreadPoolExecutor(width, thread_name_prefix=adapter.agency) as pool:
        # Each thread gets a copy of this one's log subject: a new thread starts with none.
        asked = [pool.submit(copy_context().run, _assess_one, adapter, view) for view in views]
        return [entry.result() for entry in asked]


def _assess_one(adapter: Adapter, view: View) -> Assessment | AdapterError:
    with logs.lines_about(trace_id=view.trace_id, mrn=view.reference, agency=adapter.agency):
        return _answer_or_error(adapter, view)


def _answer_or_error(adapter: Adapter, view: View) -> Assessment | AdapterError:
    try:
        return adapter.assess(view)
    except AdapterError as error:
        return error
    except Exception as error:  # any failure of an adapter is an unanswered question, never a dead batch
        log.exception("the adapter failed; its question is asked again")
        return Retryable(f"{type(error).__name__} in the adapter of {adapter.agency}")
