"""Which agencies a declaration concerns, and why: whether asked or not, every agency has a stored reason.

Routing is the single window's own act, so its conditions may read every fact; the entitlement limits what an agency
then sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from singlewindow.agencies.agency import Agency, RoutingRule
from singlewindow.decisions.merge import Basis
from singlewindow.declarations.model import Tree, text_of
from singlewindow.risk.conditions import ConditionError, ConditionSet, Scenes
from singlewindow.risk.fact_readers import Unmeasurable
from singlewindow.risk.facts import goods_items
from singlewindow.risk.terms import Terms


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an agency is asked: `reason` in words, the `rules` that matched, the `items` that concern the agency.

    `items` are SequenceNumeric values; empty means the whole declaration (or nothing, if it is not asked). `basis` is
    on the entry of customs: what the decision has to know of the declaration.
    """

    agency: str
    asked: bool
    reason: str
    rules: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    basis: Basis | UnsetType = UNSET


_stored = msgspec.json.Decoder(list[Routing])


def read_routing(stored: bytes) -> list[Routing]:
    """The stored routing of a version, in JSON."""
    return _stored.decode(stored)


def asked_agencies(routing: Iterable[Routing]) -> list[str]:
    """The agencies that the declaration concerns."""
    return [entry.agency for entry in routing if entry.asked]


def after_release(routing: Iterable[Routing]) -> list[Routing]:
    """The routing of a version that is assessed after its goods were released."""
    return [
        entry if entry.basis is UNSET
        else msgspec.structs.replace(entry, basis=msgspec.structs.replace(entry.basis, after_release=True))
        for entry in routing
    ]  # fmt: skip


def items_of(routing: Iterable[Routing], agency: str) -> tuple[str, ...]:
    """The items (SequenceNumeric) that concern one agency; none means the whole declaration."""
    return next((entry.items for entry in routing if entry.agency == agency), ())


def basis_of(routing: Iterable[Routing]) -> Basis | None:
    """What the decision depends on besides answers; None if the declaration was lodged before a basis was stored."""
    return next((entry.basis for entry in routing if entry.basis is not UNSET), None)


def route(agencies: Mapping[str, Agency], declaration: Tree, terms: Terms) -> list[Routing]:
    """One `Routing` per agency, by code; if a rule cannot be answered, every agency is asked."""
    ordered = tuple(agencies[code] for code in sorted(agencies))
    try:
        routed = _plan(ordered).route(declaration, terms)
    except ConditionError as error:
        reason = f"a routing rule could not be evaluated ({error}), so every agency is asked"
        routed = [Routing(agency=agency.code, asked=True, reason=reason) for agency in ordered]
    return [
        msgspec.structs.replace(entry, basis=_release_basis(entry, declaration, terms)) if agency.customs else entry
        for agency, entry in zip(ordered, routed, strict=True)
    ]


def _release_basis(customs: Routing, declaration: Tree, terms: Terms) -> Basis:
    items = goods_items(declaration)
    asked = [item for item in items if not customs.items or text_of(item.get("SequenceNumeric")) in customs.items]
    return Basis(
        customs=customs.agency,
        items=len(items),
        covered=len(asked) if customs.asked else 0,
        after_release=terms.is_after_release(declaration),
    )


class _Plan:
    """The routing rules of all agencies, evaluated together so that each fact is read once."""

    def __init__(self, agencies: tuple[Agency, ...]) -> None:
        self._agencies = agencies
        self._rules = [(agency.code, rule) for agency in agencies for rule, _ in agency.routing]
        self._conditions = ConditionSet(condition for agency in agencies for _, condition in agency.routing)

    def route(self, declaration: Tree, terms: Terms) -> list[Routing]:
        matched: dict[str, list[tuple[RoutingRule, str | None]]] = {agency.code: [] for agency in self._agencies}
        for index, item, unmeasurable in self._conditions.find_fired(Scenes(declaration, terms)):
            code, rule = self._rules[index]
            matched[code].append((rule if unmeasurable is None else _assume_asked(rule, unmeasurable), item))
        return [_agency_routing(agency, matched[agency.code]) for agency in self._agencies]


_plan = lru_cache(maxsize=8)(_Plan)


def _assume_asked(rule: RoutingRule, unmeasurable: Unmeasurable) -> RoutingRule:
    """A rule that cannot be evaluated: the agency is asked, and the reason says so."""
    return msgspec.structs.replace(rule, reason=f"{rule.reason} (asked to be on the safe side: {unmeasurable.officer})")


def _agency_routing(agency: Agency, matched: list[tuple[RoutingRule, str | None]]) -> Routing:
    rules = {rule.id: rule for rule, _ in matched}
    if not rules and not agency.always:
        text = f"none of the {len(agency.routing)} routing rules of {agency.name} applies"
        return Routing(agency=agency.code, asked=False, reason=text)
    reasons = [f"{agency.name} is asked about every declaration"] if agency.always else []
    reasons += [rule.reason for _, rule in sorted(rules.items())]
    whole = agency.always or any(item is None for _, item in matched)
    items = () if whole else tuple(dict.fromkeys(item for _, item in matched if item is not None))
    reason = "; ".join(dict.fromkeys(reasons))
    return Routing(agency=agency.code, asked=True, reason=reason, rules=tuple(sorted(rules)), items=items)
