"""The console on which commands print tables: wide enough for programs to read, and with foreign text kept literal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

WIDTH_OF_FILES = 160


def console() -> Console:
    """The terminal; if the output is a file or a pipe, a console wide enough for every table."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH_OF_FILES)


def literal(text: str) -> Text:
    """Foreign text as a cell: its brackets are not markup."""
    return Text(text)
