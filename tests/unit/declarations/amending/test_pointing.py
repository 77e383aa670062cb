"""Pointers are followed through the model, and every way of the model can be pointed at."""

from __future__ import annotations

import pytest

from singlewindow.declarations.amending.changes import RequestRule
from singlewindow.declarations.amending.pointing import Misled, pointed_path
from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import Path, Step
from singlewindow.declarations.model import ROOT, Tree
from singlewindow.declarations.pointers import WcoStep, wco_steps
from tests.unit.declarations.samples import place

AT = (ROOT, Step("Amendment", 1))
PATHS = [path for path in ELEMENTS if "/" in path and not path.endswith("DateTimeString")]


def path_to(schema: str) -> Path:
    """The second of everything that may repeat, on the way to an element."""
    names = schema.split("/")
    schemas = ["/".join(names[:depth]) for depth in range(1, len(names) + 1)]
    return tuple(Step(ELEMENTS[each].name, 2 if ELEMENTS[each].repeatable else None) for each in schemas)


def in_tree(step: WcoStep, single: str | None = None) -> Tree:
    number = single if step.sequence is None else str(step.sequence)
    members = {"SequenceNumeric": number, "DocumentSectionCode": step.section, "TagID": step.tag}
    return {name: value for name, value in members.items() if value}


@pytest.mark.parametrize("single", [None, "1"])
def test_every_element_is_found_by_its_pointer(single: str | None) -> None:
    for schema in PATHS:
        path = path_to(schema)
        assert pointed_path([in_tree(step, single) for step in wco_steps(path)], AT) == path


def test_a_fault_says_what_is_possible() -> None:
    with pytest.raises(Misled) as caught:
        pointed_path([{"DocumentSectionCode": "42A"}, {"DocumentSectionCode": "68A"}], AT)
    fault = caught.value.fault
    assert fault.rule == RequestRule.CLASS
    assert fault.text == 'Declaration (42A) has no class "68A".'
    assert "67A GoodsShipment" in fault.advice or "and others" in fault.advice
    assert place(fault.path) == "Declaration/Amendment[1]/Pointer[2]"


def test_a_value_given_as_a_class_is_explained() -> None:
    with pytest.raises(Misled) as caught:
        pointed_path([{"DocumentSectionCode": "42A"}, {"DocumentSectionCode": "228"}], AT)
    assert caught.value.fault.advice.startswith("228 is an element: give it as the TagID of the Pointer before.")
