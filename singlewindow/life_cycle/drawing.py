"""The drawing of the state machine, `docs/life-cycle.md`, made from its tables.

`python -m singlewindow.life_cycle.drawing` prints it; a test proves that the page is what the tables yield.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from singlewindow.life_cycle.machine import (
    BEGINNING,
    DEADLINES,
    STEP_WORDS,
    TRANSITIONS,
    WORDS,
    Actor,
    Presentation,
    State,
    Step,
    Transition,
)

_OPENING: Final = """# The life of a declaration

From before the goods' arrival until they have left. This page is printed by `python -m singlewindow.life_cycle.drawing`
from `singlewindow/life_cycle/machine.py`; change that file, not this page.

The type of a declaration says when its goods are presented (WCO D013, the last letter; the country's profile has the
list): before it is lodged, after it (lodged in advance; report the arrival later), or never, because it is lodged after
release.
"""
_BEGINNINGS: Final = {
    Presentation.BEFORE_LODGEMENT: "lodged, goods present",
    Presentation.AFTER_LODGEMENT: "lodged before arrival",
    Presentation.NEVER: "lodged after release",
}


def page() -> str:
    """The page's text."""
    return "\n".join((_OPENING, *_drawing(), *_states(), *_steps()))


def _drawing() -> Iterator[str]:
    yield "## The drawing\n\n```mermaid\nstateDiagram-v2"
    for presentation, state in BEGINNING.items():
        yield f"  [*] --> {_name(state)}: {_BEGINNINGS[presentation]}"
    arrows: dict[tuple[State, State], list[str]] = {}
    for each in TRANSITIONS.values():
        arrows.setdefault((each.state, each.to), []).append(each.step.value.replace("-", " "))
    for (state, to), steps in arrows.items():
        yield f"  {_name(state)} --> {_name(to)}: {', '.join(steps)}"
    yield from (f"  {_name(state)} --> [*]" for state in State if state not in DEADLINES)
    yield "```\n"


def _name(state: State) -> str:
    """Mermaid reads a hyphen as part of an arrow."""
    return state.value.replace("-", "_")


def _states() -> Iterator[str]:
    yield "## The states\n\n| state | meaning | at the latest after | then |\n|---|---|---|---|"
    for state in State:
        deadline = DEADLINES.get(state)
        ends = f"the term of {deadline.term} | {deadline.then}" if deadline else "- | nothing: this is its end"
        yield f"| {state} | {WORDS[state]} | {ends} |"
    yield ""


def _steps() -> Iterator[str]:
    yield "## Who may do what\n\n| the goods or the declaration ... | in the state | at once | when an officer agrees |"
    yield "|---|---|---|---|"
    for step in Step:
        rows: dict[tuple[str, str], list[Transition]] = {}
        for each in TRANSITIONS.values():
            if each.step is step:
                rows.setdefault((_actors(each.grant.at_once), _actors(each.grant.on_request)), []).append(each)
        for (at_once, on_request), found in rows.items():
            yield f"| {STEP_WORDS[step]} | {', '.join(each.state for each in found)} | {at_once} | {on_request} |"
    yield ""


def _actors(actors: frozenset[Actor]) -> str:
    return ", ".join(actor for actor in Actor if actor in actors) or "-"


if __name__ == "__main__":
    sys.stdout.write(page())
