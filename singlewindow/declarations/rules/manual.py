"""The printed manual of rules, `docs/rules.md`, made from the rule classes and the country profiles themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from singlewindow.declarations.rules.book import BoundRule, Rulebook, Rulebooks
from singlewindow.declarations.rules.catalogue import NATIONAL_RULES, WCO
from singlewindow.declarations.rules.profiles import Profile

_OPENING = """# Rules

These rules must hold within one declaration, beyond the schema. The page is printed by
`python -m singlewindow.declarations.rules > docs/rules.md`: change the rule classes or the country profiles, not the
page.

A **hard** rule refuses the declaration; a **warning** comes with the answer. A rule does not run if the schema already
found a fault in an element that the rule reads. The rules of the WCO layer apply in every country. National rules are
switched on, with their parameters, in `config/countries/<code>/profile.toml`. The ResponsibleCountryCode of the
envelope names the country whose rules judge a message; without it, those of the installation's own country apply.
"""


def print_manual(rulebooks: Rulebooks) -> str:
    """The whole page in Markdown, ending in one newline."""
    wco = Rulebook(Profile(country=""), rulebooks.item_limit)
    parts = [_OPENING, "## Everywhere (WCO)\n", *(_rule_entry(bound) for bound in wco.rules)]
    for country in sorted(rulebooks.profiles):
        book = rulebooks.rulebook_for(country)
        parts += [f"## {rulebooks.profiles[country].title} ({country})\n", _stricter_warnings(rulebooks, book)]
        parts += [_rule_entry(bound) for bound in book.rules if not bound.rule_id.startswith(f"{WCO}-")]
    unused = sorted(_unused_rules(rulebooks))
    if unused:
        parts.append("## In no profile yet\n\n" + "\n".join(f"- {name}" for name in unused) + "\n")
    return "\n".join(parts).rstrip("\n") + "\n"


def _unused_rules(rulebooks: Rulebooks) -> set[str]:
    used = {type(rule) for profile in rulebooks.profiles.values() for rule in (profile.rules or {}).values()}
    return {kind.name for kind in NATIONAL_RULES if kind not in used}


def _stricter_warnings(rulebooks: Rulebooks, book: Rulebook) -> str:
    strict = sorted(rulebooks.profiles[book.country].strict)
    return f"Warnings of the WCO layer that are hard here: {', '.join(strict)}.\n" if strict else ""


def _rule_entry(bound: BoundRule) -> str:
    rule = bound.rule
    lines = [f"### {bound.rule_id}", "", inspect.getdoc(type(rule)) or "", ""]
    lines.append(f"- {bound.severity.value}, code `{rule.code}`, for {rule.scope.value}")
    lines.append(f"- what to do: {rule.advice}")
    lines.append(f"- reads: {_elements_read(rule.reads)}")
    lines += [f"- {name}: {text}" for name, text in _rule_parameters(bound)]
    return "\n".join(lines) + "\n"


def _elements_read(paths: tuple[str, ...]) -> str:
    most = 8
    shown = ", ".join(f"`{path.removeprefix('Declaration/')}`" for path in paths[:most])
    return shown if len(paths) <= most else f"{shown} and {len(paths) - most} more of the kind"


def _rule_parameters(bound: BoundRule) -> Iterator[tuple[str, str]]:
    """The parameters as set; the public code lists and the operator's item limit are not repeated here."""
    if bound.rule_id.startswith(f"{WCO}-"):
        return
    for name in bound.rule.__struct_fields__:
        setting = getattr(bound.rule, name)
        if isinstance(setting, dict):
            yield name, ", ".join(f"{key} → {word}" for key, word in setting.items())
        elif isinstance(setting, frozenset):
            yield name, ", ".join(sorted(setting))
        elif isinstance(setting, tuple):
            words = (" + ".join(word) if isinstance(word, tuple) else f"`{word}`" for word in setting)
            yield name, ", ".join(words)
        else:
            yield name, f"`{setting}`"
