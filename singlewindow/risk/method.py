"""How one agency assesses risk: its profiles, and the thresholds that turn their score into a lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import msgspec

from singlewindow.decisions.assessment import Lane
from singlewindow.risk.profiles import Profile, ProfileSet
from singlewindow.risk.terms import Terms

Score = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lowest score (0-100) of each lane; below `yellow` is green."""

    yellow: Score = 20
    orange: Score = 40
    red: Score = 70

    def lane(self, score: int) -> Lane:
        """The lane of a score."""
        if score >= self.red:
            return Lane.RED
        if score >= self.orange:
            return Lane.ORANGE
        return Lane.YELLOW if score >= self.yellow else Lane.GREEN


@dataclass(frozen=True, eq=False)
class RiskMethod:
    """An agency's profiles on the common scale; `fingerprint` (sha256, hex) names their configuration."""

    agency: str
    thresholds: Thresholds
    profiles: tuple[Profile, ...]
    fingerprint: str

    @cached_property
    def rated(self) -> bool:
        """Whether a profile depends on amounts in the home currency."""
        return any(fact.rated for profile in self.profiles for fact in profile.condition.facts.values())

    def applied_fingerprint(self, terms: Terms) -> str:
        """The fingerprint of the profiles and, if amounts matter, that of the day's rates after a `+`."""
        return f"{self.fingerprint}+{terms.rates_digest}" if self.rated and terms.rates_digest else self.fingerprint

    @cached_property
    def live_profiles(self) -> ProfileSet:
        """The profiles that count."""
        return ProfileSet(profile for profile in self.profiles if profile.entry.mode == "live")

    @cached_property
    def trial_profiles(self) -> ProfileSet:
        """The profiles that are only on trial."""
        return ProfileSet(profile for profile in self.profiles if profile.entry.mode == "dry-run")
