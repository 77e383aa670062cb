"""Rules beyond the schema: what must agree within one declaration, as rule classes, and each country's rulebook."""

from __future__ import annotations

from singlewindow.declarations.rules.book import BoundRule, Rulebook, Rulebooks, load_rulebooks, schema_path
from singlewindow.declarations.rules.profiles import Profile, ProfileError

__all__ = ["BoundRule", "Profile", "ProfileError", "Rulebook", "Rulebooks", "load_rulebooks", "schema_path"]
