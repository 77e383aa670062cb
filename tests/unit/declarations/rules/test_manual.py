"""The printed manual of rules is the one that the rules themselves give."""

from __future__ import annotations

from singlewindow.declarations.rules import Rulebooks
from singlewindow.declarations.rules.manual import print_manual
from tests.places import REPOSITORY

MANUAL = REPOSITORY / "docs" / "rules.md"


def test_the_manual_is_current(rulebooks: Rulebooks) -> None:
    assert MANUAL.read_text(encoding="utf-8") == print_manual(rulebooks), (
        "print it again: python -m singlewindow.declarations.rules > docs/rules.md"
    )


def test_the_manual_holds_every_rule(rulebooks: Rulebooks) -> None:
    printed = print_manual(rulebooks)
    for bound in rulebooks.rulebook_for("GB").rules:
        assert f"### {bound.rule_id}\n" in printed
