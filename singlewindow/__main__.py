"""`python -m singlewindow` is the `singlewindow` command."""

from singlewindow.cli import main

main()
