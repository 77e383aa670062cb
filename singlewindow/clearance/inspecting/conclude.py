"""From officers' records to results: items are released, refused or impounded, and the declaration follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from singlewindow.agencies.routing import asked_agencies
from singlewindow.clearance.deciding.announce import NO_DECISION, detailed, new_notice
from singlewindow.clearance.inspecting.supersede import end_orders
from singlewindow.clearance.news import NO_NEWS, News
from singlewindow.clearance.transaction import Transaction
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.model import text_of
from singlewindow.inspections.results import RESULTS, controls_by_item, item_result
from singlewindow.life_cycle.machine import TRANSITIONS, State, Step, strictest_of
from singlewindow.life_cycle.news import CLEARED, DETAINED, RELEASED, SATISFACTORY, Detail
from singlewindow.risk.facts import goods_items
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.inspections import outcomes
from singlewindow.storage.inspections.orders import Inspection
from singlewindow.storage.inspections.outcomes import ItemResult
from singlewindow.storage.streams import NewFeedEntry, NewNotice
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

_STEPS: Final = {State.RELEASED: Step.RELEASED, State.REFUSED: Step.REFUSED, State.IMPOUNDED: Step.IMPOUNDED}
MOST_NAMED: Final = 50
"""An event names so many items at most; the rows name all."""
_SAID: Final = {
    State.RELEASED: "The goods are released.", State.REFUSED: "The goods are refused: they may not enter or leave.",
    State.IMPOUNDED: "The goods are impounded.",
}  # fmt: skip


class Outcome(NamedTuple):
    """What becomes of items, with the reasons in words for the party; `override_id` names the override that says so."""

    results: Mapping[str, State]
    reasons: Mapping[str, str]
    actor: str
    override_id: int | None = None

    def alike(self) -> Iterator[tuple[State, str, tuple[str, ...]]]:
        """Items with the same result for the same reason together, mildest results first."""
        together: dict[tuple[State, str], list[str]] = {}
        for item, result in self.results.items():
            together.setdefault((result, self.reasons.get(item, "")), []).append(item)
        for result, reason in sorted(together, key=lambda key: (RESULTS.index(key[0]), key[1])):
            yield result, reason, tuple(together[result, reason])


def conclude(transaction: Transaction, version: LockedVersion, inspection: Inspection, actor: str) -> News:
    """Write the results that follow from the records, and end the inspection when no item is open; returns the news."""
    records = outcomes.newest_records(transaction.connection, inspection.id)
    stored = outcomes.results_of(transaction.connection, inspection.id)
    results, reasons = {}, {}
    for item, controls in controls_by_item(inspection.controls).items():
        mine = {control: records[item, control].record for control in controls if (item, control) in records}
        result = None if item in stored else item_result(controls, mine)
        if result is not None:
            results[item] = result
            reasons[item] = " ".join(each.trader for each in mine.values() if each.trader)
    return write_results(transaction, version, inspection, Outcome(results, reasons, actor))


def write_results(transaction: Transaction, version: LockedVersion, inspection: Inspection, found: Outcome) -> News:
    """Write what becomes of items, and end the inspection when no item is open; returns the news.

    Items that nobody wants to see go with the last one that is inspected.
    """
    if not found.results:
        return NO_NEWS
    before = outcomes.results_of(transaction.connection, inspection.id)
    left = controls_by_item(inspection.controls).keys() - before.keys() - found.results.keys()
    outcome = found if left else _with_others(transaction, version, before, found)
    rows = [ItemResult(inspection.id, *each, transaction.now, outcome.override_id) for each in outcome.results.items()]
    outcomes.set_results(transaction.connection, rows)
    said = [
        Event(transaction.now, events.Kind.ITEMS_ENDED, outcome.actor, version.version_id,
              _detail(inspection, outcome, *each))
        for each in outcome.alike()
    ]  # fmt: skip
    alone = not left and not before and len({*outcome.results.values()}) == 1
    notices = tuple(
        _notice(version, result, () if alone else items, reason, transaction.now)
        for result, reason, items in outcome.alike()
    )
    if left:
        return News((_started(transaction, version, said[0]), *said[1:]), notices)
    said.append(_end(transaction, version, inspection, {**before, **outcome.results}, outcome.actor))
    agencies = asked_agencies(version.routing)
    feed = (NewFeedEntry(agency, version.version_id, "inspection", transaction.now) for agency in agencies)
    return News(tuple(said), notices, tuple(feed))


def _started(transaction: Transaction, version: LockedVersion, first: Event) -> Event:
    """With the first result the inspection has begun: the party can neither amend, cancel nor answer it away."""
    if (version.state, Step.INSPECTION_STARTED) not in TRANSITIONS:
        return first
    move = transaction.move(version, Step.INSPECTION_STARTED)
    declarations.enter_state(transaction.connection, move)
    return first._replace(detail={**first.detail, "state": str(move.state)})


def _with_others(
    transaction: Transaction, version: LockedVersion, before: Mapping[str, State], found: Outcome
) -> Outcome:
    """The last results, and with them the items for which no agency asks for a control: these are released."""
    content = declarations.contents_of(transaction.connection, [version.version_id])[version.version_id]
    items = (text_of(item.get("SequenceNumeric")) or "" for item in goods_items(decode_canonical(content.canonical)))
    others = {item: State.RELEASED for item in items if item not in before and item not in found.results}
    return found._replace(results={**found.results, **others})


def _detail(
    inspection: Inspection, outcome: Outcome, result: State, reason: str, items: tuple[str, ...]
) -> dict[str, object]:
    detail = {"inspection": str(inspection.id), "items": list(items[:MOST_NAMED]), "count": len(items),
              "result": str(result), "words": reason}  # fmt: skip
    return detail if outcome.override_id is None else detail | {"override": str(outcome.override_id)}


def _end(
    transaction: Transaction, version: LockedVersion, inspection: Inspection, results: Mapping[str, State], actor: str
) -> Event:
    move = transaction.move(version, _STEPS[strictest_of(results.values())])
    declarations.enter_state(transaction.connection, move)
    end_orders(transaction, version)
    detail = {"inspection": str(inspection.id), "state": str(move.state)}
    return Event(transaction.now, events.Kind.INSPECTION_ENDED, actor, version.version_id, detail)


def _notice(version: LockedVersion, result: State, items: tuple[str, ...], reason: str, now: int) -> NewNotice:
    gone = version.state is State.DOCUMENTS_ASKED_AFTER_RELEASE
    code = (CLEARED if gone else RELEASED) if result is State.RELEASED else DETAINED
    words = f"{_SAID[result]} {reason}".strip()
    status = SATISFACTORY if result is State.RELEASED else ""
    notice = new_notice(version.party, version.version_id, code, now)._replace(decision_number=NO_DECISION)
    return detailed(notice, Detail(words=words, status=status, items=items))
