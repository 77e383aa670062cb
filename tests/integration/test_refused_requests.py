"""Requests that are refused, each for a named reason, on both databases: what is said, and that nothing is half stored.

A refusal for what the request says, for who sends it, or because something else must come first leaves nothing behind.
One by the state of the declaration is an answer: a notice 11 with status 41, and the same request gets it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from singlewindow.clearance.context import ClearanceContext
from singlewindow.life_cycle.machine import WORDS, State
from tests.integration.conftest import Caller, Callers, body_of, work
from tests.integration.documents import PISTOLS, XML_TYPE, tree
from tests.integration.record import change, rows
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, send, state_of
from tests.unit.declarations.amending.messages import MRN, amendments, item, pointer, reason, request
from tests.unit.declarations.samples import document

DESCRIPTION: Final = "42A/67A/68A[1]/23A#137"
SAWS: Final = item("<Commodity><Description>Saws</Description></Commodity>")
NOTHING_MORE: Final = "Nothing more can be done with it"


class Scene(NamedTuple):
    """Who asks, about which declaration."""

    context: ClearanceContext
    callers: Callers
    trader: Caller
    mrn: str


Ask = Callable[[Scene], Any]


class Case(NamedTuple):
    """A request: how its declaration stands, what is asked, and the answer with words from it.

    `stored` if the record keeps it as an answer; `first` is another request, which is granted or waits.
    """

    stands: str
    ask: Ask
    status: int
    code: str
    words: tuple[str, ...]
    stored: bool = False
    first: Ask | None = None


def message(body: str, kind: str = "COR", mrn: str | None = None, *, after: str = "", without: str = "") -> Ask:
    """A WCO message of the type 13, about the declaration if it names no other, `without` one of its parts."""

    def ask(scene: Scene) -> Any:
        written = request(body, kind, scene.mrn if mrn is None else mrn, after)
        assert without in written
        return scene.trader.post(document(written.replace(without, "")), XML_TYPE)

    return ask


def correction(*chains: str, values: str = "") -> Ask:
    """An amendment of what the pointers name."""
    return message(amendments(*chains) + values)


def whole(lrn: str = "LRN1", **changes: Any) -> Ask:
    """A whole new version."""
    headers = {name: changes.pop(name) for name in ("If_Match", "Idempotency_Key") if name in changes}
    return lambda scene: put(scene.trader, scene.mrn, tree(lrn, **changes), **headers)


def rest(what: str, body: dict[str, Any], **headers: str) -> Ask:
    """A call of the interface."""
    return lambda scene: send(scene.trader, scene.mrn, what, body, **headers)


def report(what: str, **more: Any) -> Ask:
    """A report of a moment ago."""
    return lambda scene: send(scene.trader, scene.mrn, what, arrived(scene.context, **more))


def by(role: str, party: str, what: str, body: dict[str, Any] | None = None) -> Ask:
    """A call by somebody else."""
    return lambda scene: send(getattr(scene.callers, role)(party), scene.mrn, what, body or arrived(scene.context))


SORRY: Final = {"reason": "Lodged twice"}
BY_TRADER: Final = "<Amendment><ChangeReasonCode>1</ChangeReasonCode></Amendment>"
CANCEL: Final = message(BY_TRADER, "INV", after=reason("Lodged twice"))
MRN_OF_NOBODY: Final = MRN

CASES: Final[dict[str, Case]] = {
    # Amendments, messages of the type COR, for what they say
    "no change": Case("presented", message(""), 422, "RULE_VIOLATED", ("AMEND-NONE",)),
    "a change without a pointer": Case(
        "presented", message("<Amendment><ChangeReasonCode>32</ChangeReasonCode></Amendment>"), 422, "RULE_VIOLATED",
        ("AMEND-POINTER",)),
    "a pointer from elsewhere": Case(
        "presented", correction("67A/68A[1]/23A#137"), 422, "RULE_VIOLATED", ("AMEND-START",)),
    "a pointer at everything": Case("presented", correction("42A"), 422, "RULE_VIOLATED", ("AMEND-WHOLE",)),
    "a class that is not there": Case("presented", correction("42A/99Z"), 422, "RULE_VIOLATED", ("AMEND-CLASS",)),
    "an element that is not there": Case(
        "presented", correction("42A/67A/68A[1]/23A#999"), 422, "RULE_VIOLATED", ("AMEND-TAG",)),
    "an item without its number": Case(
        "presented", correction("42A/67A/68A/23A#137", values=SAWS), 422, "RULE_VIOLATED", ("AMEND-SEQUENCE",)),
    "the reference itself": Case("presented", correction("42A#D026"), 422, "RULE_VIOLATED", ("AMEND-FIXED",)),
    "the same element twice": Case(
        "presented", correction(DESCRIPTION, DESCRIPTION, values=SAWS), 422, "RULE_VIOLATED", ("AMEND-TWICE",)),
    "a class and an element in it": Case(
        "presented", correction("42A/67A/68A[1]/23A", DESCRIPTION, values=SAWS), 422, "RULE_VIOLATED",
        ("AMEND-WITHIN",)),
    "what is not there removed": Case(
        "presented", correction("42A/67A/68A[7]"), 422, "RULE_VIOLATED", ("AMEND-ABSENT",)),
    "a number removed that every item has": Case(
        "presented", correction("42A/67A/68A[1]#006"), 422, "RULE_VIOLATED", ("AMEND-REQUIRED",)),
    "words about a change that is not there": Case(
        "presented", message(reason("Typing error", 3) + amendments(DESCRIPTION) + SAWS), 422, "RULE_VIOLATED",
        ("REQUEST-WORDS",)),
    "a value that breaks a rule of declarations": Case(
        "presented",
        correction("42A/67A/68A[1]/23A/65A#128", values=item(
            "<Commodity><GoodsMeasure><NetNetWeightMeasure>99</NetNetWeightMeasure></GoodsMeasure></Commodity>")),
        422, "RULE_VIOLATED", ("NetNetWeightMeasure",)),
    # Any message, for what its head says
    "an unknown type of request": Case("presented", message("", "ABC"), 422, "RULE_VIOLATED", ("REQUEST-TYPE",)),
    "no MRN": Case(
        "presented", message(amendments(DESCRIPTION) + SAWS, mrn=MRN_OF_NOBODY, without=f"<ID>{MRN_OF_NOBODY}</ID>"),
        422, "RULE_VIOLATED", ("REQUEST-MRN",)),
    "an MRN with a wrong check digit": Case(
        "presented", message(amendments(DESCRIPTION) + SAWS, mrn="26GB00000000000000"), 422, "RULE_VIOLATED",
        ("REQUEST-MRN-SHAPE",)),
    "no reference": Case(
        "presented",
        message(amendments(DESCRIPTION) + SAWS, without="<FunctionalReferenceID>MINE-1</FunctionalReferenceID>"),
        422, "RULE_VIOLATED", ("REQUEST-REFERENCE",)),
    "a declaration of nobody": Case(
        "presented", message(amendments(DESCRIPTION) + SAWS, mrn=MRN_OF_NOBODY), 404, "NOT_FOUND", ()),
    # A whole new version
    "another version in mind": Case("presented", whole(description="Saws", If_Match='"2"'), 412, "VERSION_CONFLICT",
                                    ("about version 2, but version 1 is the newest",)),
    "an older version in mind": Case(
        "presented", whole(description="Saws", If_Match='"1"'), 412, "VERSION_CONFLICT",
        ("about version 1, but version 2 is the newest",), first=whole(description="Pliers")),
    "another reference": Case("presented", whole("OTHER"), 422, "RULE_VIOLATED", ("AMEND-FIXED",)),
    "another type": Case("presented", whole(TypeCode="IMD"), 422, "RULE_VIOLATED", ("AMEND-FIXED",)),
    "a wrong count of items": Case("presented", whole(GoodsItemQuantity="7"), 422, "TOTALS_MISMATCH", ()),
    "a declarant with another name": Case(
        "presented", whole(Declarant={"ID": "GB999999999000"}), 422, "PARTY_NOT_NAMED", ()),
    # Cancellations, messages of the type INV among them
    "a cancellation without a reason": Case(
        "presented", message(BY_TRADER, "INV"), 422,
        "RULE_VIOLATED", ("CANCEL-REASON",)),
    "a cancellation that points at data": Case(
        "presented",
        message(f"<Amendment><ChangeReasonCode>1</ChangeReasonCode>{pointer(DESCRIPTION)}</Amendment>", "INV",
                after=reason("Lodged twice")),
        422, "RULE_VIOLATED", ("CANCEL-POINTER",)),
    "a cancellation with data": Case(
        "presented",
        message(f"{BY_TRADER}{SAWS}", "INV",
                after=reason("Lodged twice")),
        422, "RULE_VIOLATED", ("CANCEL-DATA",)),
    "a cancellation without words": Case("presented", rest("cancellation", {"reason": ""}), 422, "SCHEMA_INVALID", ()),
    "a cancellation of another version": Case(
        "presented", rest("cancellation", SORRY, If_Match='"4"'), 412, "VERSION_CONFLICT", ()),
    "a stranger's cancellation": Case(
        "presented", by("trader", "GB999999999000", "cancellation", SORRY), 404, "NOT_FOUND", ()),
    # By the state: an answer, which is stored
    "an amendment of what is cancelled": Case(
        "cancelled", correction(DESCRIPTION, values=SAWS), 409, "NOT_POSSIBLE",
        (WORDS[State.CANCELLED], "cannot be amended in this state", NOTHING_MORE), stored=True),
    "a new version of what has lapsed": Case(
        "lapsed", whole(description="Saws"), 409, "NOT_POSSIBLE", (WORDS[State.LAPSED], NOTHING_MORE), stored=True),
    "an amendment during the inspection": Case(
        "under-inspection", whole(description="Saws"), 409, "NOT_POSSIBLE",
        (WORDS[State.UNDER_INSPECTION], "It can be cancelled"), stored=True),
    "an amendment of refused goods": Case(
        "refused", whole(description="Saws"), 409, "NOT_POSSIBLE", (WORDS[State.REFUSED], NOTHING_MORE), stored=True),
    "a cancellation of impounded goods": Case(
        "impounded", rest("cancellation", SORRY), 409, "NOT_POSSIBLE", (WORDS[State.IMPOUNDED], NOTHING_MORE),
        stored=True),
    "a cancellation of goods that have left": Case(
        "exited", CANCEL, 409, "NOT_POSSIBLE", (WORDS[State.EXITED], NOTHING_MORE), stored=True),
    # Because another one waits
    "a second request while one waits": Case(
        "inspection-ordered",
        rest("cancellation", SORRY, Idempotency_Key="b"), 409, "REQUEST_OPEN", (),
        first=rest("cancellation", SORRY, Idempotency_Key="a")),
    "an amendment while a cancellation waits": Case(
        "inspection-ordered",
        correction(DESCRIPTION, values=SAWS), 409, "REQUEST_OPEN", (), first=rest("cancellation", SORRY)),
    # Arrivals, as messages and as reports, and milestones
    "the arrival of goods that are there": Case(
        "presented", message("", "GPR"), 409, "NOT_POSSIBLE", ("cannot arrive in this state", "It can be amended")),
    "another arrival after the first": Case(
        "registered", report("arrival", place="DVR"), 409, "NOT_POSSIBLE", ("cannot arrive in this state",),
        first=report("arrival")),
    "an arrival that asks for changes": Case(
        "registered", message(amendments(DESCRIPTION), "GPR"), 422, "RULE_VIOLATED", ("ARRIVAL-CHANGE",)),
    "an arrival with goods": Case("registered", message(SAWS, "GPR"), 422, "RULE_VIOLATED", ("ARRIVAL-DATA",)),
    "an arrival in the future": Case(
        "registered", rest("arrival", {"happened_at": "2999-01-01T00:00:00Z"}), 422, "MOMENT_UNLIKELY",
        ("in the future",)),
    "an arrival without a time zone": Case(
        "registered", rest("arrival", {"happened_at": "2026-11-29T12:00:00"}), 422, "SCHEMA_INVALID", ()),
    "an arrival told by a carrier that is not named": Case(
        "registered", by("carrier", "GB777777777000", "arrival"), 404, "NOT_FOUND", ()),
    "the exit of goods that are not released": Case(
        "presented", report("milestones", milestone="exited"), 409, "NOT_POSSIBLE", ("cannot leave the country",)),
    "an unknown milestone": Case("presented", report("milestones", milestone="lost"), 422, "SCHEMA_INVALID", ()),
    "a milestone of years ago": Case(
        "presented", rest("milestones", {"happened_at": "2020-01-01T00:00:00Z", "milestone": "unloaded"}), 422,
        "MOMENT_UNLIKELY", ("too long ago",)),
}  # fmt: skip
STATES_BY_HAND = {"under-inspection", "refused", "impounded", "lapsed", "exited"}
"""States to which no call leads, or only time."""


@pytest.fixture
def lodged(trader: Caller, context: ClearanceContext) -> Callable[[str], str]:
    """Makes a declaration that stands in this state."""

    def lodge(state: str) -> str:
        if state == "registered":
            return lodge_in_advance(trader)
        goods = {"commodity": PISTOLS} if state == "inspection-ordered" else {}
        mrn = str(body_of(trader.lodge(tree(**goods)))["mrn"])
        if state == "inspection-ordered":
            work(context)
        elif state == "cancelled":
            assert send(trader, mrn, "cancellation", SORRY).status_code == 200
        elif state in STATES_BY_HAND:
            change(context, f"UPDATE version SET state = '{state}', decided_at = 1")
        return mrn

    return lodge


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_for_this_reason_and_nothing_is_half_stored(
    context: ClearanceContext, callers: Callers, trader: Caller, lodged: Callable[[str], str], name: str
) -> None:
    case = CASES[name]
    scene = Scene(context, callers, trader, lodged(case.stands))
    if case.first is not None:
        assert case.first(scene).status_code in {200, 202}
    before, state = stored(context), state_of(trader, scene.mrn)
    answer = case.ask(scene)
    assert (answer.status_code, body_of(answer)["code"]) == (case.status, case.code), answer.data
    assert [words for words in case.words if words not in answer.text] == [], answer.data
    after = stored(context)
    assert state_of(trader, scene.mrn) == state
    if not case.stored:
        assert after == before
        return
    assert {table: after[table] - before[table] for table in after} == STORED
    notices = body_of(trader.get("/v1/notices"))["notices"][-2:]
    assert [each["function_code"] for each in notices] == ["02", "11"]
    assert notices[1]["response"]["Status"] == [{"NameCode": "41"}]
    assert case.words[0] in notices[1]["response"]["AdditionalInformation"][0]["StatementDescription"]
    again = case.ask(scene)
    assert body_of(again) | {"trace_id": ""} == body_of(answer) | {"trace_id": ""}
    assert stored(context) == after


TABLES = ("declaration", "version", "outbox", "assessment", "request", "event", "notice", "feed", "query")
STORED = dict.fromkeys(TABLES, 0) | {"request": 1, "event": 2, "notice": 2}


def stored(context: ClearanceContext) -> dict[str, int]:
    """How much the record holds; of events, those about declarations."""
    about = {"event": "WHERE version_id IS NOT NULL"}
    return {table: int(rows(context, f"SELECT count(*) FROM {table} {about.get(table, '')}")[0][0]) for table in TABLES}
