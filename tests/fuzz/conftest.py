"""The configuration as shipped, which is all that reading needs."""

from __future__ import annotations

from tests.integration.conftest import agencies, rulebooks

__all__ = ["agencies", "rulebooks"]
