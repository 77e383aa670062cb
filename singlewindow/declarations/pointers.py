"""Names one place in a declaration in the three ways its readers need: XPath, JSON pointer and WCO pointer.

A path is a tuple of steps from `Declaration` (or from `MetaData`, for the envelope's own elements); an attribute is a
last step named "@currencyID".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.faults import Path, Step
from singlewindow.declarations.model import Tree, text_of

PREFIXES = {
    "md": "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2",
    "dec": "urn:wco:datamodel:WCO:DEC-DMS:2",
    "ds": "urn:wco:datamodel:WCO:Declaration_DS:DMS:2",
}
ITEM = "68A"


class WcoStep(NamedTuple):
    """One Pointer of a WCO response: class id, occurrence (None for a single class), element id of a value."""

    section: str
    sequence: int | None = None
    tag: str | None = None


def xpath(path: Path, enveloped: bool) -> str:
    """An XPath 1.0 with the prefixes of `PREFIXES`: "/md:MetaData/dec:Declaration/dec:GoodsShipment/...[2]"."""
    steps = list(_steps_from_root(path, enveloped))
    return "".join(f"/{_qualified_name(step, outer)}{_position_predicate(step)}" for step, outer in steps)


def _qualified_name(step: Step, outer: bool) -> str:
    if step.name.startswith("@"):
        return step.name
    prefix = "md" if outer else "ds" if step.name == "DateTimeString" else "dec"
    return f"{prefix}:{step.name}"


def _position_predicate(step: Step) -> str:
    return "" if step.index is None else f"[{step.index}]"


def _steps_from_root(path: Path, enveloped: bool) -> list[tuple[Step, bool]]:
    """The steps from the document's root, each with whether it is in the envelope's namespace."""
    steps = [(step, False) for step in path]
    if path and path[0].name == "MetaData":
        return [(step, True) for step in path]
    return [(Step("MetaData"), True), *steps] if enveloped else steps


def json_pointer(path: Path, enveloped: bool) -> str:
    """A JSON pointer (RFC 6901) into the JSON form; entries of lists count from 0."""
    parts = [part for step, _ in _steps_from_root(path, enveloped) for part in _json_parts(step)]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _json_parts(step: Step) -> tuple[str, ...]:
    return (step.name,) if step.index is None else (step.name, str(step.index - 1))


def wco_pointer(path: Path) -> str:
    """The chain of WCO ids, "42A/67A/68A[2]/23A/65A#128"; "" if the path is not in the WCO model.

    Items are counted by their place, like everything repeated: two with the same declared number are two places.
    """
    return pointer_text(wco_steps(path))


def pointer_text(steps: Iterable[WcoStep]) -> str:
    """The steps as one text."""
    return "/".join(map(_step_text, steps))


def item_steps(number: int) -> tuple[WcoStep, ...]:
    """The goods item of this declared number, which is its place in any original that was accepted."""
    return WcoStep("42A"), WcoStep("67A"), WcoStep(ITEM, number)


def _step_text(step: WcoStep) -> str:
    sequence = "" if step.sequence is None else f"[{step.sequence}]"
    tag = "" if step.tag is None else f"#{step.tag}"
    return f"{step.section}{sequence}{tag}"


def wco_steps(path: Path, tree: Tree | None = None) -> list[WcoStep]:
    """One step per class from 42A down, the last with the id of the value if the path names one.

    A repeated class is numbered by its place, a single or absent one not at all. Messages that use the declared item
    number (responses, amendments) give the declaration's `tree`: if each of its items has a different SequenceNumeric,
    that is the number. An attribute is named by its element, an unknown element by its parent.
    """
    if not path or path[0].name != "Declaration":
        return []
    element = ELEMENTS["Declaration"]
    steps = [WcoStep(element.wco_id)]
    node: object = tree
    for step in path[1:]:
        below = ELEMENTS.get(f"{element.path}/{step.name}")
        if below is None:
            break
        element, siblings = below, node.get(step.name) if isinstance(node, dict) else None
        node = _sibling_at(siblings, step)
        if element.kind == "leaf" or element.is_date:
            steps[-1] = steps[-1]._replace(tag=element.wco_id)
            break
        steps.append(WcoStep(element.wco_id, _sequence_number(element, step, siblings)))
    return steps


def _sibling_at(siblings: object, step: Step) -> object:
    if not isinstance(siblings, list):
        return siblings
    at = (step.index or 1) - 1
    return siblings[at] if at < len(siblings) else None


def _sequence_number(element: Element, step: Step, siblings: object) -> int | None:
    if not element.repeatable or step.index is None:
        return None
    declared = _declared_numbers(siblings) if element.wco_id == ITEM and isinstance(siblings, list) else []
    return declared[step.index - 1] if step.index <= len(declared) else step.index


def _declared_numbers(items: list[object]) -> list[int]:
    """The declared numbers of items; empty if one has none, or two have the same, which would name two places."""
    texts = [text_of(item.get("SequenceNumeric")) if isinstance(item, dict) else None for item in items]
    numbers = [int(text) for text in texts if text and text.isascii() and text.isdigit()]
    return numbers if len(set(numbers)) == len(items) else []
