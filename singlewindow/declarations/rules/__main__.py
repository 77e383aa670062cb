"""Prints the manual of rules: `python -m singlewindow.declarations.rules [config folder] > docs/rules.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from singlewindow.declarations.rules.book import load_rulebooks
from singlewindow.declarations.rules.manual import print_manual
from singlewindow.shipped import CONFIG

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CONFIG
    sys.stdout.write(print_manual(load_rulebooks(folder)))
