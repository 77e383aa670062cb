"""Risk profiles as data: their form, and how a file of them is read, checked and compiled.

A profile whose condition names a fact outside its agency's entitlement is refused: what an agency may not see must not
influence its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec

from singlewindow.decisions.assessment import Control, Lane
from singlewindow.risk.compiled_conditions import Scope
from singlewindow.risk.conditions import Condition, ConditionError, ConditionSet, Scenes, compile_condition
from singlewindow.risk.fact_readers import Unmeasurable
from singlewindow.risk.rehearsal import rehearse
from singlewindow.risk.toml_source import Source

Words = Annotated[str, msgspec.Meta(pattern=r"\S")]
Weight = Annotated[int, msgspec.Meta(ge=0, le=100)]
Mode = Literal["live", "dry-run"]
Acts = Literal["before-release", "after-release", "both"]


class Conditional(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile and a routing rule have in common."""

    id: Words
    scope: Scope
    when: Words


class ProfileEntry(Conditional, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [[profile]] as written; `example` marks a legal basis that we invented.

    `acts` says whether it applies to goods before their release, to declarations lodged after it, or to both. After
    release its control is a check of documents, and the trader reads `trader_after_release`.
    """

    title: Words
    legal_basis: Words
    example: bool = False
    valid_from: date
    valid_until: date | None = None
    mode: Mode
    weight: Weight
    control: Control | None = None
    lane: Lane | None = None
    officer: Words
    trader: Words
    acts: Acts = "both"
    trader_after_release: Words | None = None

    def is_valid_on(self, today: date) -> bool:
        """Whether the profile applies on that day; the first and last day of its validity are included."""
        return self.valid_from <= today and (self.valid_until is None or today <= self.valid_until)

    def acts_on(self, gone: bool) -> bool:
        """Whether the profile applies to goods that have left, or to goods that have not."""
        return self.acts in ("both", "after-release" if gone else "before-release")


@dataclass(frozen=True)
class Profile:
    """One profile ready for use."""

    entry: ProfileEntry
    condition: Condition


Found = tuple[ProfileEntry, str | None]
"""A profile that holds, and the item (SequenceNumeric) it holds for; None is the whole declaration."""


class ProfileSet:
    """Profiles evaluated together over one view."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.profiles = tuple(profiles)
        self._conditions = ConditionSet(profile.condition for profile in self.profiles)

    def find_fired(self, scenes: Scenes, day: date, gone: bool) -> Iterator[Found]:
        """Each applicable profile whose condition holds, once per item it holds for; raises `ConditionError`.

        If it is unknown whether the condition holds, the profile asks for documents instead.
        """
        yield from self._fired_entries(scenes, self._applicable_profiles(day, gone))

    def _fired_entries(self, scenes: Scenes, wanted: Iterable[int]) -> Iterator[Found]:
        for index, item, unmeasurable in self._conditions.find_fired(scenes, wanted):
            entry = self.profiles[index].entry
            yield entry if unmeasurable is None else _unmeasured_entry(entry, unmeasurable), item

    def try_profiles(
        self, scenes: Scenes, day: date, gone: bool
    ) -> Iterator[Found | tuple[ProfileEntry, ConditionError]]:
        """Like `find_fired`, but a profile that cannot be answered comes with its error and stops no other."""
        for index in self._applicable_profiles(day, gone):
            try:
                yield from list(self._fired_entries(scenes, [index]))
            except ConditionError as error:
                yield self.profiles[index].entry, error

    def _applicable_profiles(self, day: date, gone: bool) -> list[int]:
        entries = enumerate(profile.entry for profile in self.profiles)
        return [index for index, entry in entries if entry.is_valid_on(day) and entry.acts_on(gone)]


def _unmeasured_entry(entry: ProfileEntry, unmeasurable: Unmeasurable) -> ProfileEntry:
    return msgspec.structs.replace(
        entry,
        weight=0,
        control=Control.DOCUMENTS,
        lane=Lane.YELLOW,
        officer=f"{unmeasurable.officer} Check in the documents whether this applies: {entry.title}.",
        trader=unmeasurable.trader,
        trader_after_release=unmeasurable.trader,
    )


def read_profiles(source: Source, entitled: frozenset[str]) -> list[Profile]:
    """The profiles of one `profiles.toml`; problems are noted in `source`."""
    for key in source.tables.keys() - {"profile"}:
        source.add_problem(source.line_of("", key=key), f"unknown entry {key}: the file may have [[profile]] only")
    found = (_read_profile(source, index, entry, entitled) for index, entry in enumerate(source.entries("profile")))
    return [profile for profile in found if profile is not None]


def _read_profile(source: Source, index: int, raw: object, entitled: frozenset[str]) -> Profile | None:
    entry = source.convert(raw, ProfileEntry, "profile", index)
    if entry is None:
        return None
    if entry.valid_until is not None and entry.valid_until < entry.valid_from:
        line = source.line_of("profile", index, "valid_until")
        source.add_problem(line, f"{entry.id}: valid_until is before valid_from")
    for key in ("trader", "trader_after_release"):
        if entry.id in (getattr(entry, key) or ""):
            source.add_problem(
                source.line_of("profile", index, key), f"{entry.id}: the trader's words name the profile"
            )
    if entry.acts == "after-release" and entry.control not in (None, Control.DOCUMENTS):
        line = source.line_of("profile", index, "control")
        source.add_problem(
            line, f"{entry.id}: after release only documents can be checked, so it cannot ask for {entry.control}"
        )
    line = source.line_of("profile", index, "when")
    condition = read_condition(source, line, entry)
    if condition is None:
        return None
    for name, fact in condition.facts.items():
        if not fact.is_covered(entitled):
            missing = ", ".join(path for path in fact.paths if path not in entitled)
            joint = " or " if fact.alternatives else ", "
            source.add_problem(line, f"{entry.id}: {name} is outside the entitlement ({missing.replace(', ', joint)})")
    return Profile(entry, condition)


def read_condition(source: Source, line: int, entry: Conditional) -> Condition | None:
    """Compile and rehearse the condition of an entry; problems are noted at `line`."""
    try:
        condition = compile_condition(entry.id, entry.when, entry.scope)
    except ConditionError as error:
        source.add_problem(line, f"{entry.id}: {error}")
        return None
    mistakes = rehearse(condition)
    for mistake in mistakes:
        source.add_problem(line, f"{entry.id}: {mistake}")
    return None if mistakes else condition
