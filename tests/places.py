"""Where things are in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
CONFIGURATION: Final = REPOSITORY / "config"
AGENCIES: Final = CONFIGURATION / "agencies"
