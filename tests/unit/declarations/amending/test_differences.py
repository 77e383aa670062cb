"""What differs between two versions, said as changes, turns one into the other."""

from __future__ import annotations

import copy
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.declarations.amending.apply import apply
from singlewindow.declarations.amending.differences import changed_values, changes_between
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.pointers import pointer_text
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.writing.binding import to_xml
from tests.unit.declarations.amending.messages import lodged
from tests.unit.declarations.amending.trees import random_tree, varied
from tests.unit.declarations.samples import full_class, place

SEEDS = st.integers(0, 2**32)


def pointers(old: Tree, new: Tree) -> list[str]:
    return [pointer_text(change.pointer) for change in changes_between(old, new)]


def two_versions(seed: int) -> tuple[Tree, Tree]:
    chance = random.Random(seed)
    old = random_tree(chance)
    return old, varied(old, chance, chance.choice((0.02, 0.1, 0.5)))


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_the_changes_turn_the_old_version_into_the_new_one(seed: int) -> None:
    old, new = two_versions(seed)
    before = copy.deepcopy((old, new))
    changes = changes_between(old, new)
    assert apply(old, changes, new).tree == new
    assert (old, new) == before


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_the_skeleton_of_the_new_values_is_enough(seed: int) -> None:
    old, new = two_versions(seed)
    changes = changes_between(old, new)
    assert apply(old, changes, changed_values(new, changes)).tree == new


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_order_of_changes_is_of_no_importance(seed: int) -> None:
    old, new = two_versions(seed)
    changes = changes_between(old, new)
    random.Random(seed).shuffle(changes)
    assert apply(old, changes, new).tree == new


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_no_change_can_be_left_out(seed: int) -> None:
    old, new = two_versions(seed)
    changes = changes_between(old, new)
    if changes:
        del changes[random.Random(seed).randrange(len(changes))]
        assert apply(old, changes, new).tree != new


def test_the_same_version_has_no_changes() -> None:
    assert changes_between(lodged(), lodged()) == []


def test_from_nothing_to_everything_and_back() -> None:
    full = {name: node for name, node in full_class("Declaration").items() if name not in {"ID", "Amendment"}}
    empty = {name: full[name] for name in ("FunctionCode", "FunctionalReferenceID", "TypeCode")}
    for old, new in ((empty, full), (full, empty)):
        assert apply(old, changes_between(old, new), new).tree == new


def test_changes_are_as_small_as_can_be_and_in_the_order_of_the_schema() -> None:
    old, new = lodged(), lodged()
    item, other = new["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    item["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] = {"@unitCode": "TNE", "#text": "10"}
    del item["AdditionalDocument"][1]
    item["Packaging"].append({"SequenceNumeric": "3"})
    del other["Commodity"]
    new["IssueDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": "20260131"}}
    assert pointers(old, new) == [
        "42A#D011",
        "42A/67A/68A[1]/02A[2]",
        "42A/67A/68A[1]/23A/65A#128",
        "42A/67A/68A[1]/93A[3]",
        "42A/67A/68A[2]/23A",
    ]


def test_an_item_is_named_by_its_number_and_found_at_its_place() -> None:
    old, new = lodged(), lodged()
    del new["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    new["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]["Commodity"]["Description"] = "Cords"
    gone, changed = changes_between(old, new)
    assert pointer_text(gone.pointer) == "42A/67A/68A[1]"
    assert pointer_text(changed.pointer) == "42A/67A/68A[2]/23A#137"
    assert place(changed.at) == "Declaration/GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/Description"


def test_the_skeleton_holds_only_what_changed_and_what_keeps_its_place() -> None:
    new = lodged()
    item = new["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    item["AdditionalDocument"][1]["ID"] = "PHYTO-2"
    item["Packaging"][1]["QuantityQuantity"] = "7"
    skeleton = changed_values(new, changes_between(lodged(), new))
    assert skeleton == {
        "FunctionCode": "9",
        "GoodsShipment": {
            "GovernmentAgencyGoodsItem": [
                {
                    "SequenceNumeric": "1",
                    "AdditionalDocument": [{}, {"ID": "PHYTO-2"}],
                    "Packaging": [{"SequenceNumeric": "2", "QuantityQuantity": "7"}],
                }
            ]
        },
    }
    assert read_message(to_xml(Declaration(skeleton), enveloped=False), Media.XML).faults == ()


def test_entries_whose_numbers_do_not_rise_all_keep_their_place() -> None:
    old: Tree = {"Consignment": {"Itinerary": [{"SequenceNumeric": number} for number in ("5", "7", "1")]}}
    new = copy.deepcopy(old)
    new["Consignment"]["Itinerary"][1]["RoutingCountryCode"] = "FR"
    changes = changes_between(old, new)
    skeleton = changed_values(new, changes)
    assert skeleton == new
    assert apply(old, changes, skeleton).tree == new


def test_a_date_changes_as_one_value() -> None:
    old, new = (
        {"IssueDateTime": {"DateTimeString": {"@formatCode": "102", "#text": day}}} for day in ("20260130", "20260131")
    )
    (change,) = changes_between(old, new)
    assert place(change.path) == "Declaration/IssueDateTime"
    assert pointer_text(change.pointer) == "42A#D011"


def test_a_skeleton_of_changes_that_lie_within_each_other_is_refused() -> None:
    changes = changes_between({}, {"Agent": {"ID": "A"}})
    with pytest.raises(ValueError, match="changed twice"):
        changed_values({"Agent": {"ID": "A"}}, [*changes, *changes])
