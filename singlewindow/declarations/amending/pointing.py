"""Finds the element that the Pointers of an Amendment name, step by step from the declaration (WCO 06A, 97A)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from singlewindow.declarations.amending.changes import RequestRule, broken, child_of, is_value
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.faults import Fault, Path, Step
from singlewindow.declarations.model import Tree, text_of
from singlewindow.declarations.pointers import WcoStep, pointer_text
from singlewindow.declarations.values import shown

DECLARATION = ELEMENTS["Declaration"]
_EXAMPLE = "42A, 67A, 68A with the item's number, 23A, 65A with the TagID 128 for an item's net mass"


class Misled(Exception):  # noqa: N818 - it only carries a fault out of a walk over steps
    """A pointer leads nowhere; `fault` says where it goes wrong."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def _ids(element: Element, values: bool) -> dict[str, Element]:
    children = (child_of(element, name) for name in element.children)
    return {child.wco_id: child for child in children if is_value(child) is values}


_KINDS = [element for element in ELEMENTS.values() if not is_value(element)]
_CLASSES: Mapping[str, Mapping[str, Element]] = {element.path: _ids(element, False) for element in _KINDS}
_VALUES: Mapping[str, Mapping[str, Element]] = {element.path: _ids(element, True) for element in _KINDS}


def pointed_path(pointers: Sequence[Tree], at: Path) -> Path:
    """The path of the element that the Pointers of the Amendment at `at` name; raises `Misled`."""
    steps = [_step(pointer) for pointer in pointers]
    return tuple(_followed(steps, at))


def sections(pointers: Sequence[Tree]) -> Iterator[WcoStep]:
    """The Pointers as steps, whatever they name."""
    return map(_step, pointers)


def _step(pointer: Tree) -> WcoStep:
    number = text_of(pointer.get("SequenceNumeric"))
    section = text_of(pointer.get("DocumentSectionCode")) or ""
    return WcoStep(section, None if number is None else int(number), text_of(pointer.get("TagID")))


def _followed(steps: Sequence[WcoStep], at: Path) -> Iterator[Step]:
    element, text = DECLARATION, pointer_text(steps)
    for place, step in enumerate(steps, start=1):
        here: Path = (*at, Step("Pointer", place))
        element = _class_below(element, step, here) if place > 1 else _start(step, here)
        number = _number(element, step, here)
        yield Step(element.name, number)
        if step.tag is not None:
            if place < len(steps):
                advice = "Give a TagID in the last Pointer only, or none for a whole class."
                raise _misled(RequestRule.TAG, here, f"The pointer {text} goes on after the TagID {step.tag}.", advice)
            yield Step(_value_below(element, step.tag, here).name)


def _start(step: WcoStep, here: Path) -> Element:
    if step.section != DECLARATION.wco_id:
        found = f"at {shown(step.section)}" if step.section else "without a DocumentSectionCode"
        text = f"The pointer starts {found}, not at the declaration."
        raise _misled(RequestRule.START, here, text, f"Start every pointer with 42A. Example: {_EXAMPLE}.")
    return DECLARATION


def _class_below(element: Element, step: WcoStep, here: Path) -> Element:
    known = _CLASSES[element.path]
    if step.section in known:
        return known[step.section]
    what = f"no class {shown(step.section)}" if step.section else "a step without a DocumentSectionCode"
    advice = f"Name a class of {element.name}: {_listed(known)}."
    if step.section in _VALUES[element.path]:
        advice = f"{step.section} is an element: give it as the TagID of the Pointer before. {advice}"
    raise _misled(RequestRule.CLASS, here, f"{element.name} ({element.wco_id}) has {what}.", advice)


def _value_below(element: Element, tag: str, here: Path) -> Element:
    known = _VALUES[element.path]
    if tag in known:
        return known[tag]
    text = f"{element.name} ({element.wco_id}) has no element with the TagID {shown(tag)}."
    advice = f"Name an element of {element.name}: {_listed(known)}."
    raise _misled(RequestRule.TAG, (*here, Step("TagID")), text, advice)


def _number(element: Element, step: WcoStep, here: Path) -> int | None:
    most = element.maximum
    at: Path = (*here, Step("SequenceNumeric"))
    if step.sequence is None:
        if not element.repeatable:
            return None
        text = f"The pointer does not say which {element.name} ({element.wco_id}) it means."
        raise _misled(RequestRule.SEQUENCE, here, text, "Add the SequenceNumeric of this step.")
    if step.sequence < 1:
        text = f"The pointer names {element.name} number {step.sequence}; numbers start at 1."
        raise _misled(RequestRule.SEQUENCE, at, text, "Write the number of the element that changes.")
    if most is not None and step.sequence > most:
        text = f"The pointer names {element.name} number {step.sequence}; there can be only {most}."
        raise _misled(RequestRule.SEQUENCE, at, text, f"Write a number from 1 to {most}." if most > 1 else "Write 1.")
    return step.sequence if element.repeatable else None


def _listed(known: Mapping[str, Element]) -> str:
    names = [f"{wco_id} {element.name}" for wco_id, element in known.items()]
    return ", ".join(names[:12]) + (" and others" if len(names) > 12 else "") if names else "it has none"


def _misled(rule: RequestRule, path: Path, text: str, advice: str) -> Misled:
    return Misled(broken(rule, path, text, advice))
