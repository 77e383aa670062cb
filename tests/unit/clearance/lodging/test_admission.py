"""Who may lodge what: as a party of the declaration, under a mandate, and only what can be lodged at all."""

from __future__ import annotations

import pytest

from singlewindow.access.keys import Caller, Role
from singlewindow.clearance.lodging.admission import (
    CODES,
    Parties,
    Refusal,
    of_document,
    of_lodger,
    parties_of,
    with_refusals,
)
from singlewindow.declarations.amending.changes import RequestRule
from singlewindow.declarations.faults import Fault, Severity, Step
from singlewindow.declarations.model import ROOT, Declaration
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.declarations.validation import Validated, validate
from singlewindow.http.problem_codes import CODES as ANSWERS
from tests.documents import original
from tests.integration.documents import tree
from tests.places import CONFIGURATION

BOOKS = load_rulebooks(CONFIGURATION)

TRADER = Caller("t", Role.TRADER, party="GB1")
BROKER = Caller("b", Role.BROKER, party="BROKER")


class _Register:
    """GB1, GB2 and BROKER have keys; BROKER may act for GB1."""

    def takes_part(self, party: str) -> bool:
        return party in {"GB1", "GB2", "BROKER"}

    def may_act(self, broker: str, party: str) -> bool:
        return (broker, party) == ("BROKER", "GB1")


def judged(declaration: Declaration, *faults: Fault) -> Validated:
    return Validated(declaration, "GB", faults, enveloped=False, total=len(faults))


def refused(
    lodger: Caller, kind: str = "IMA", declarant: str = "", importer: str = "", exporter: str = ""
) -> list[str]:
    parties = Parties(declarant=declarant, importer=importer, exporter=exporter)
    return [fault.rule for fault in of_lodger(kind, parties, lodger, _Register())]


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        ("IMA", {"declarant", "importer"}), ("IMY", {"declarant", "importer"}), ("EXD", {"declarant", "exporter"}),
        ("EXA", {"declarant", "exporter"}), ("COA", {"declarant", "importer", "exporter"}),
        ("", {"declarant", "importer", "exporter"}), ("imA", {"declarant", "importer", "exporter"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lodger", [TRADER, BROKER.acting_for("GB1")], ids=["trader", "broker"])
def test_whom_it_is_lodged_for_is_a_party_as_the_procedure_says(lodger: Caller, kind: str, roles: set[str]) -> None:
    others = {"declarant": "X", "importer": "Y", "exporter": "Z"}
    for role in others:
        wanted = [] if role in roles else [Refusal.NOT_CONCERNED]
        assert refused(lodger, kind, **others | {role: "GB1"}) == wanted, role
    assert refused(lodger, kind, **others) == [Refusal.NOT_CONCERNED]
    assert refused(lodger, kind) == [Refusal.NOT_CONCERNED]


def test_a_slip_is_told_with_the_parties_of_the_declaration() -> None:
    parties = Parties(declarant="X", importer="Y", exporter="")
    (fault,) = of_lodger("IMA", parties, BROKER.acting_for("GB1"), _Register())
    assert fault.text == "This import is lodged for GB1, but it names Y as importer and X as declarant."
    assert fault.advice == "Only a party of the declaration, or a broker with its mandate, can lodge it."
    (fault,) = of_lodger("EXD", Parties(declarant="", importer="Y", exporter=""), TRADER, _Register())
    assert fault.text == "This export is lodged for GB1, but it names no exporter and no declarant."


def test_a_broker_says_for_whom_it_lodges_even_for_itself() -> None:
    assert refused(BROKER, declarant="BROKER", importer="BROKER") == [Refusal.NOBODY_NAMED]
    assert refused(BROKER.acting_for("BROKER"), declarant="BROKER", importer="GB2") == []
    assert refused(BROKER.acting_for("BROKER"), declarant="X", importer="Y") == [Refusal.NOT_CONCERNED]
    assert refused(BROKER.acting_for("GB1"), declarant="BROKER", importer="GB1") == []  # indirect representation


@pytest.mark.parametrize(
    ("lodger", "declarant", "free"),
    [
        (TRADER, "GB1", True), (TRADER, "GB2", False), (TRADER, "NEW", True), (TRADER, "BROKER", False),
        (BROKER.acting_for("GB1"), "GB1", True), (BROKER.acting_for("GB1"), "GB2", False),
        (BROKER.acting_for("GB1"), "BROKER", True), (BROKER.acting_for("BROKER"), "GB1", True),
        (BROKER.acting_for("BROKER"), "GB2", False),
    ],
)  # fmt: skip
def test_a_party_with_a_key_is_named_as_declarant_under_its_mandate_only(
    lodger: Caller, declarant: str, free: bool
) -> None:
    assert (Refusal.NO_MANDATE not in refused(lodger, declarant=declarant)) is free


def test_a_party_of_a_key_from_before_identifiers_were_capitals_is_the_same() -> None:
    assert refused(Caller("t", Role.TRADER, party="gb1"), importer="GB1", declarant="NEW") == []


def test_parties_are_compared_without_outer_white_space_and_in_capitals() -> None:
    shipment = {"Importer": {"ID": "gb1\t"}}
    declaration = Declaration(tree(Declarant={"ID": " Gb2 "}, Exporter={"ID": "x"}, GoodsShipment=shipment))
    named = parties_of(judged(declaration))
    assert named == Parties(declarant="GB2", importer="GB1", exporter="X")


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"FunctionCode": "13"}, []),
        ({"FunctionCode": "14", "FunctionalReferenceID": ""}, [Refusal.REQUEST]),
        ({"FunctionCode": "4"}, [Refusal.FUNCTION]),
        ({"FunctionCode": ""}, [Refusal.FUNCTION]),
        ({"FunctionalReferenceID": ""}, [Refusal.REFERENCE]),
        ({"FunctionCode": "1", "FunctionalReferenceID": ""}, [Refusal.FUNCTION, Refusal.REFERENCE]),
    ],
)
def test_only_originals_with_a_reference_are_lodged(changes: dict[str, str], rules: list[str]) -> None:
    assert [fault.rule for fault in of_document(Declaration(tree() | changes), ())] == rules


def test_a_request_is_read_as_one_and_not_judged_as_a_declaration() -> None:
    content = original("R1").replace(b"<FunctionCode>9<", b"<FunctionCode>13<")
    plain = validate(content, Media.XML, BOOKS)
    assert "WCO-REQUEST-NAMES-DECLARATION" in {fault.rule for fault in plain.faults}
    found = with_refusals(plain)
    assert {fault.rule for fault in found.faults} == {RequestRule.TYPE, RequestRule.MRN}
    assert (found.total, found.request) == (2, None)


def test_a_function_that_nobody_knows_is_refused_with_its_line() -> None:
    content = original("R1").replace(b"<FunctionCode>9<", b"<FunctionCode>14<")
    found = with_refusals(validate(content, Media.XML, BOOKS))
    assert [fault.rule for fault in found.faults] == [Refusal.REQUEST]
    line = next(at for at, text in enumerate(content.splitlines(), start=1) if b"FunctionCode" in text)
    assert found.faults[0].line == line


def test_whom_it_is_not_lodged_for_has_the_line_of_the_declarant() -> None:
    content = original("R1").replace(b"<Declarant>", b"\n\n<Declarant>")
    named = parties_of(validate(content, Media.XML, BOOKS))
    (fault,) = of_lodger("IMA", named, Caller("t", Role.TRADER, party="GB7"), _Register())
    line = next(at for at, text in enumerate(content.splitlines(), start=1) if b"<Declarant>" in text) + 1  # its ID
    assert (fault.rule, fault.line) == (Refusal.NOT_CONCERNED, line)


def test_what_the_schema_could_not_read_is_not_said_to_be_missing() -> None:
    def broken(*names: str) -> Fault:
        path = (ROOT, *map(Step, names))
        return Fault("SCHEMA-LENGTH", "VALUE_TOO_LONG", Severity.HARD, "It is too long.", "Shorten it.", path)

    declaration = Declaration(tree() | {"FunctionalReferenceID": ""})
    assert list(of_document(declaration, [broken("FunctionalReferenceID")])) == []
    assert len(list(of_document(declaration, [broken("TypeCode")]))) == 1
    assert parties_of(judged(declaration, broken("Declarant", "ID"))) is None
    assert parties_of(judged(declaration, broken("GoodsShipment"))) is None
    assert parties_of(judged(declaration, broken("Declarant", "Name"))) is not None


def test_every_refusal_has_an_answer_code() -> None:
    assert CODES.keys() == {*Refusal}
    assert set(CODES.values()) <= ANSWERS.keys()
