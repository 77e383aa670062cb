"""Real published declarations, where they are to be had: `SW_CORPUS`, or `shared/corpus` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.places import REPOSITORY

CORPUS = Path(os.environ.get("SW_CORPUS") or REPOSITORY.parent / "shared" / "corpus")

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not at {CORPUS}; set SW_CORPUS")


def documents(folder: str = "uk") -> list[Path]:
    """The declarations of one folder of the corpus, in order; none where there is no corpus."""
    return sorted(path for path in (CORPUS / folder).glob("*.xml") if "Notification" not in path.name)
