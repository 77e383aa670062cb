from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.declarations.rules.profiles import InspectionPlace
from singlewindow.inspections.slots import HORIZON, is_slot, place_of, slots_after
from singlewindow.times import microseconds, moment
from tests.integration.documents import tree

LONDON = InspectionPlace(
    code="A", name="A", serves=frozenset({"HALL"}), capacity=2, zone="Europe/London", opens=8, closes=10
)
NIGHT = InspectionPlace(
    code="B", name="B", serves=frozenset({"GB000060"}), capacity=1, zone="Europe/London", opens=0, closes=24,
    days=frozenset(range(1, 8)),
)  # fmt: skip


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


def first(place: InspectionPlace, after: str, count: int = 3) -> list[str]:
    return [moment(each).isoformat() for each in islice(slots_after(place, at(after)), count)]


def test_slots_begin_on_the_hour_while_the_place_is_open() -> None:
    assert first(LONDON, "2026-11-27T08:00:00Z") == [  # a Friday
        "2026-11-27T09:00:00+00:00", "2026-11-30T08:00:00+00:00", "2026-11-30T09:00:00+00:00",
    ]  # fmt: skip


def test_places_open_by_their_own_clocks() -> None:
    assert first(LONDON, "2026-10-23T12:00:00Z", 1) == ["2026-10-26T08:00:00+00:00"]  # the clocks have gone back
    assert first(LONDON, "2026-10-22T12:00:00Z", 1) == ["2026-10-23T07:00:00+00:00"]


def test_an_hour_that_the_clock_shows_twice_has_two_slots_and_one_that_it_skips_none() -> None:
    assert first(NIGHT, "2026-10-24T23:30:00Z", 3)[1:] == ["2026-10-25T01:00:00+00:00", "2026-10-25T02:00:00+00:00"]
    assert first(NIGHT, "2026-03-29T00:00:00Z", 1) == ["2026-03-29T01:00:00+00:00"]


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.sampled_from([LONDON, NIGHT]))
def test_every_slot_is_ahead_within_the_horizon_and_open(when: datetime, place: InspectionPlace) -> None:
    after = microseconds(when.replace(tzinfo=UTC))
    found = list(slots_after(place, after))
    assert found == sorted({*found})
    for each in (*found[:30], *found[-30:]):
        local = moment(each).astimezone(ZoneInfo(place.zone))
        assert after < each < after + HORIZON / timedelta(microseconds=1)
        assert local.minute == 0
        assert local.isoweekday() in place.days
        assert place.opens <= local.hour < place.closes
        assert is_slot(place, each, after)
        assert not is_slot(place, each + 1, after)
        assert not is_slot(place, each, each)


def test_only_a_slot_within_reach_is_one() -> None:
    now = at("2026-11-27T08:00:00Z")
    assert is_slot(LONDON, at("2026-11-30T08:00:00Z"), now)
    assert not is_slot(LONDON, at("2026-11-30T08:30:00Z"), now)
    for far in (
        "2026-11-26T08:00:00Z",
        "2027-06-01T08:00:00Z",
        "9999-12-31T23:00:00-12:00",
        "0001-01-01T00:00:00+14:00",
    ):
        assert not is_slot(LONDON, at(far), now)


def test_the_place_is_where_the_goods_are_seen_or_declared() -> None:
    declared: dict[str, Any] = tree()
    declared["GoodsShipment"]["Consignment"]["GoodsLocation"] = {"Name": "HALL"}
    assert place_of(declared, "", [NIGHT, LONDON]) is LONDON
    assert place_of(declared, "GB000060", [NIGHT, LONDON]) is NIGHT
    assert place_of(declared | {"GoodsShipment": {}, "ExitOffice": {"ID": "GB000060"}}, "", [LONDON, NIGHT]) is NIGHT
    assert place_of({}, "", [LONDON, NIGHT]) is None


@pytest.mark.parametrize(
    "wrong",
    [{"capacity": 0}, {"opens": 9, "closes": 9}, {"opens": -1}, {"closes": 25}, {"days": frozenset()},
     {"days": frozenset({0})}, {"zone": "Europe/Nowhere"}],
    ids=str,
)  # fmt: skip
def test_a_place_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    fine: dict[str, Any] = {
        "code": "A",
        "name": "A",
        "serves": frozenset({"X"}),
        "capacity": 1,
        "zone": "Europe/London",
    }
    with pytest.raises(ValueError, match="place 'A'"):
        InspectionPlace(**fine | wrong)
