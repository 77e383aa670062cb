"""An answer from an agency's own system: one reader for answers to our calls and callbacks; it trusts neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.model import Tree, text_of
from singlewindow.declarations.reading.json_shape import LARGEST, PLAIN, ends, read_shape, unfit

LARGEST_ANSWER: Final = LARGEST

Score = Annotated[int, msgspec.Meta(ge=0, le=100)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=PLAIN)]
Name = Annotated[str, msgspec.Meta(pattern=ends("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"))]
Item = Annotated[str, msgspec.Meta(pattern=ends("[0-9]{1,5}"))]


class RemoteFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason, in the agency's words; see `Finding` for the fields."""

    profile: Name
    legal_basis: Text
    officer: Text
    trader: Text
    weight: Score = 0
    control: Control | None = None
    item: Item | None = None


class RemoteAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agency's answer as sent; a lane other than green without controls asks for documents."""

    lane: Lane
    score: Score = 0
    controls: Annotated[tuple[Control, ...], msgspec.Meta(max_length=16)] = ()
    findings: Annotated[tuple[RemoteFinding, ...], msgspec.Meta(max_length=100)] = ()


_decoder = msgspec.json.Decoder(RemoteAnswer, strict=True)


def read_answer(content: bytes, agency: str, profiles: str) -> Assessment:
    """The assessment that an agency sent; raises `Refused`, whose text repeats nothing long from the content."""
    given = read_shape(content, _decoder, "answer")
    return _assessment_of(given, agency, profiles)


def foreign_items(answer: Assessment, view: Tree) -> None:
    """Raises `Refused` if a finding names a goods item that is not in the agency's view."""
    named = {finding.item for finding in answer.findings if finding.item is not None}
    if named and (foreign := named - set(_item_numbers(view))):
        raise _form_refusal(f"There is no item {min(foreign)} in the part of the declaration that this agency sees.")


def _item_numbers(view: Tree) -> Iterator[str]:
    shipment = view.get("GoodsShipment")
    goods = shipment.get("GovernmentAgencyGoodsItem") if isinstance(shipment, dict) else None
    for item in goods if isinstance(goods, list) else ():
        number = text_of(item.get("SequenceNumeric")) if isinstance(item, dict) else None
        if number is not None:
            yield number


def same_answer(one: Assessment, other: Assessment) -> bool:
    """Whether two assessments say the same; the fingerprint of our own configuration, and trials, may differ."""
    return msgspec.structs.replace(one.without_trial, profiles="") == msgspec.structs.replace(
        other.without_trial, profiles=""
    )


def _assessment_of(given: RemoteAnswer, agency: str, profiles: str) -> Assessment:
    asked = {*given.controls, *(finding.control for finding in given.findings if finding.control)}
    if given.lane is Lane.GREEN and asked:
        raise _form_refusal("The lane is green, but controls are given. Remove them, or choose another lane.")
    return Assessment(
        agency=agency,
        answer=Answer.ASSESSED,
        lane=given.lane,
        score=given.score,
        controls=() if given.lane is Lane.GREEN else tuple(sorted(asked)) or (Control.DOCUMENTS,),
        findings=tuple(Finding(**msgspec.structs.asdict(finding)) for finding in given.findings),
        profiles=profiles,
    )


def _form_refusal(reason: str) -> Refused:
    return unfit("answer", reason)
