from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.decisions.assessment import Control
from singlewindow.inspections.order import OrderedControl
from singlewindow.inspections.results import (
    RESULTS,
    ControlRecord,
    Found,
    Recorded,
    Unfit,
    checked,
    controls_by_item,
    item_result,
)
from singlewindow.life_cycle.machine import State

KNIFE = (Found(kind="undeclared goods", words="A knife", quantity="1", unit="H87"),)
CONFORM = ControlRecord(recorded=Recorded.CONFORM)
REFUSED = ControlRecord(recorded=Recorded.NOT_CONFORM, found=KNIFE, result=State.REFUSED, trader="A knife was found.")


def test_what_conforms_is_released() -> None:
    assert checked(CONFORM, Control.PHYSICAL).result is State.RELEASED
    assert checked(REFUSED, Control.PHYSICAL) == REFUSED


@pytest.mark.parametrize(
    "said",
    [
        {"recorded": Recorded.CONFORM, "found": KNIFE},
        {"recorded": Recorded.CONFORM, "result": State.IMPOUNDED},
        {"recorded": Recorded.NOT_CONFORM, "result": State.REFUSED, "trader": "No"},
        {"recorded": Recorded.NOT_CONFORM, "found": KNIFE, "trader": "No"},
        {"recorded": Recorded.NOT_CONFORM, "found": KNIFE, "result": State.RELEASED, "trader": "No"},
        {"recorded": Recorded.NOT_CONFORM, "found": KNIFE, "result": State.CANCELLED, "trader": "No"},
        {"recorded": Recorded.NOT_CONFORM, "found": KNIFE, "result": State.REFUSED, "trader": " "},
        {"recorded": Recorded.NOT_DONE},
        {"recorded": Recorded.NOT_DONE, "words": "No scanner", "result": State.RELEASED},
        {"recorded": Recorded.SAMPLE_SENT, "words": "To the laboratory"},
        {"recorded": Recorded.CONFORM, "done_by": "FR-COQUELLES"},
    ],
    ids=str,
)
def test_a_record_that_says_too_little_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        checked(ControlRecord(**said), Control.PHYSICAL)


def test_goods_that_have_left_are_neither_refused_nor_impounded() -> None:
    with pytest.raises(Unfit, match="have left"):
        checked(REFUSED, Control.DOCUMENTS, gone=True)
    found = ControlRecord(
        recorded=Recorded.NOT_CONFORM, found=KNIFE, result=State.RELEASED, trader="A knife was found."
    )
    assert checked(found, Control.DOCUMENTS, gone=True) == found


RECORDS = st.builds(ControlRecord, recorded=st.sampled_from(Recorded), result=st.none() | st.sampled_from(RESULTS))


@given(st.dictionaries(st.sampled_from(Control), RECORDS), st.sets(st.sampled_from(Control), min_size=1))
def test_the_strictest_wins_and_nothing_open_is_released(
    records: dict[Control, ControlRecord], controls: set[Control]
) -> None:
    result = item_result(tuple(controls), records)
    results = [records[each].result if each in records else None for each in controls]
    if None in results:
        assert result is None
    else:
        assert result is max((each for each in results if each is not None), key=RESULTS.index)


def test_an_item_without_controls_has_no_result() -> None:
    assert item_result((), {}) is None


def test_the_controls_of_each_item_come_in_their_order() -> None:
    order = (
        OrderedControl(control=Control.DOCUMENTS, items=("1", "2"), agencies=("a",)),
        OrderedControl(control=Control.PHYSICAL, items=("2",), agencies=("a",)),
        OrderedControl(control=Control.PHYSICAL, items=("1",), agencies=("b",)),
    )
    assert controls_by_item(order) == {
        "1": (Control.DOCUMENTS, Control.PHYSICAL), "2": (Control.DOCUMENTS, Control.PHYSICAL),
    }  # fmt: skip
