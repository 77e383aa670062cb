"""The tables of data elements hold the whole model, each element with its type and its id."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from singlewindow.declarations.elements import ELEMENTS, RESPONSES, Element, leaf_paths
from tests.processor_time import least_seconds


def test_the_model_has_all_465_elements() -> None:
    assert len(ELEMENTS) == 465


def test_343_of_them_are_values() -> None:
    assert sum(element.kind == "leaf" for element in ELEMENTS.values()) == 343


@pytest.mark.parametrize("table", [ELEMENTS, RESPONSES], ids=["declaration", "response"])
def test_every_parent_lists_its_children_in_the_order_of_the_table(table: Mapping[str, Element]) -> None:
    for path, element in table.items():
        below = [other for other in table if other.rpartition("/")[0] == path]
        assert [f"{path}/{name}" for name in element.children] == below


def test_no_two_elements_share_a_chain_of_ids_but_a_date_and_its_wrapper() -> None:
    chains = [_chain(path) for path, element in ELEMENTS.items() if element.base != "date"]
    assert len(chains) == len(set(chains))


def _chain(path: str) -> str:
    names = path.split("/")
    return "/".join(ELEMENTS["/".join(names[: length + 1])].wco_id for length in range(len(names)))


def test_net_mass_has_the_id_chain_that_responses_name() -> None:
    path = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/NetNetWeightMeasure"
    assert _chain(path) == "42A/67A/68A/23A/65A/128"


def test_every_declaration_element_has_an_id_of_its_own_but_dates() -> None:
    assert all(re.fullmatch(r"[0-9A-Z]{3,4}", e.wco_id) for e in ELEMENTS.values() if e.base != "date")


def test_every_element_has_a_meaning() -> None:
    assert all(element.meaning for element in (*ELEMENTS.values(), *RESPONSES.values()))


def test_goods_items_are_not_limited_by_the_schema() -> None:
    assert ELEMENTS["Declaration/GoodsShipment/GovernmentAgencyGoodsItem"].maximum is None


def test_leaf_paths_name_attributes_after_their_value() -> None:
    paths = list(leaf_paths())
    assert paths[paths.index("Declaration/InvoiceAmount") + 1] == "Declaration/InvoiceAmount/@currencyID"


def test_no_pattern_of_a_value_takes_long_over_a_near_miss() -> None:
    patterns = {element.pattern for element in ELEMENTS.values() if element.pattern}
    patterns |= {attribute.pattern for element in ELEMENTS.values() for attribute in element.attributes}
    misses = [letter * 50 + end for letter in ("a", "A", "1", " ", "\t", "a ") for end in ("\n", "!", "\n!", "")]
    limit = 0.001 * len(patterns) * len(misses)
    assert least_seconds(lambda: [re.fullmatch(each, miss) for each in patterns for miss in misses], limit) < limit
