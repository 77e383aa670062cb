"""Where commands print their tables: wide enough to be read by programs, and with foreign text taken literally."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

WIDTH_OF_FILES = 160


def console() -> Console:
    """The terminal; where the output is a file or a pipe, something wide enough for every table."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH_OF_FILES)


def literal(text: str) -> Text:
    """Text from elsewhere as a cell: brackets in it are no markup."""
    return Text(text)
