"""How many examples a property is tried with: few in `make test`, ten times as many in `make test-properties`."""

from __future__ import annotations

import os

from hypothesis import settings

_EXAMPLES = {"few": 30, "many": 300}[os.environ.get("HYPOTHESIS_PROFILE", "few")]


def use_profile() -> None:
    """Make it so for every test that says nothing else."""
    settings.register_profile("ours", max_examples=_EXAMPLES)
    settings.load_profile("ours")


def tries(times: float) -> int:
    """So many times the usual number of examples, for a property that needs more of them, or whose are dear."""
    return round(_EXAMPLES * times)
