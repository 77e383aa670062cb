"""What a broker's slip cannot do: give one client's data to another, by any route, in any form, of any size."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from singlewindow.access.mandates import grant_mandate
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.sandboxed_reader import LARGE
from singlewindow.storage.tables import declaration
from tests.integration.conftest import Caller, Callers, body_of, problem
from tests.integration.documents import JSON_TYPE, XML_TYPE, as_json, as_xml, tree
from tests.integration.test_http_batch import BATCH, ZIP, lines, packed

LODGE, VALIDATE = "/v1/declarations", "/v1/declarations/validate"
A, B = "GB111111111000", "GB222222222000"
FORMS = {JSON_TYPE: as_json, XML_TYPE: as_xml}


def of_b(lrn: str = "B1", **changes: Any) -> dict[str, Any]:
    """An import that names only B."""
    document = tree(lrn, Declarant={"ID": B}, **changes)
    return document | {"GoodsShipment": document["GoodsShipment"] | {"Importer": {"ID": B}}}


@pytest.fixture
def broker(callers: Callers, context: ClearanceContext) -> Caller:
    """A broker of both A and B, who have keys of their own."""
    callers.trader(A), callers.trader(B)
    for party in (A, B):
        grant_mandate(context.engine, "BROKER1", party)
    return callers.broker("BROKER1")


def send(caller: Caller, content: bytes, party: str | None, media: str = JSON_TYPE, path: str = LODGE) -> Any:
    headers = {} if party is None else {"Acting-For": party}
    return caller.call("POST", path, data=content, content_type=media, headers=headers)


def send_patiently(caller: Caller, content: bytes) -> None:
    """Have a large message read, so that whatever reads such ones is there, be the machine as busy as it likes."""
    while send(caller, content, A, path=VALIDATE).status_code == 503:
        pass


def stored(context: ClearanceContext) -> int:
    with context.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(declaration)).scalar_one())


@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize(
    ("party", "outcome"),
    [(A, (422, "PARTY_NOT_NAMED")), (None, (400, "ACTING_FOR_REQUIRED")), ("BROKER1", (422, "PARTY_NOT_NAMED"))],
    ids=["another client", "nobody", "itself"],
)
def test_a_slip_is_refused_in_words_and_validation_tells_the_same(
    broker: Caller, context: ClearanceContext, media: str, party: str | None, outcome: tuple[int, str]
) -> None:
    content = FORMS[media](of_b())
    refused = send(broker, content, party, media)
    checked = body_of(send(broker, content, party, media, VALIDATE))
    assert problem(refused) == outcome
    assert checked["valid"] is False
    assert checked["faults"] == body_of(refused)["faults"]
    (fault,) = [each for each in checked["faults"] if each["severity"] == "hard"]
    assert (fault["code"], f"{fault['text']} {fault['advice']}") == (outcome[1], body_of(refused)["detail"])
    assert stored(context) == 0
    assert send(broker, content, B, media).status_code == 202


def test_the_client_s_own_key_does_not_see_what_was_refused(broker: Caller, callers: Callers) -> None:
    send(broker, as_json(of_b()), A)
    assert body_of(callers.trader(A).get(LODGE))["declarations"] == []


def test_a_trader_lodges_what_names_it_and_nothing_else(
    broker: Caller, callers: Callers, context: ClearanceContext
) -> None:
    assert broker
    assert problem(callers.trader(A).post(as_json(tree(Declarant={"ID": "GB999"})))) == (422, "PARTY_NOT_NAMED")
    assert problem(callers.trader(A).post(as_json(of_b()))) == (403, "NOT_AUTHORISED_FOR_PARTY")
    assert stored(context) == 0
    assert callers.trader(A).post(as_json(tree("A1", Declarant={"ID": f"{A} "}))).status_code == 202


@pytest.mark.parametrize("media", FORMS)
def test_an_export_is_lodged_for_its_exporter_and_not_for_its_importer(broker: Caller, media: str) -> None:
    others = {"Declarant": {"ID": "GB999999999000"}, "Agent": {"FunctionCode": "2"}, "ExitOffice": {"ID": "GB000060"}}
    export = of_b(TypeCode="EXA", Exporter={"ID": A}) | others
    content = FORMS[media](export)
    assert problem(send(broker, content, B, media)) == (422, "PARTY_NOT_NAMED")
    assert send(broker, content, A, media).status_code == 202


@pytest.mark.service
def test_a_large_message_is_answered_alike(broker: Caller, context: ClearanceContext) -> None:
    document = of_b()
    item = document["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]
    many = [item | {"SequenceNumeric": str(number)} for number in range(1, 999)]
    document["GoodsShipment"]["GovernmentAgencyGoodsItem"] = many
    content = as_json(document | {"GoodsItemQuantity": "998", "TotalPackageQuantity": "998"})
    assert len(content) > LARGE
    send_patiently(broker, content)
    assert problem(send(broker, content, A)) == (422, "PARTY_NOT_NAMED")
    assert body_of(send(broker, content, A, path=VALIDATE))["valid"] is False
    assert stored(context) == 0
    assert body_of(send(broker, content, B, path=VALIDATE))["valid"] is True
    assert send(broker, content, B).status_code == 202


def test_a_breach_of_a_rule_is_told_before_whom_it_is_lodged_for(broker: Caller) -> None:
    answer = send(broker, as_json(of_b() | {"GoodsItemQuantity": "7"}), A)
    assert (answer.status_code, body_of(answer)["code"]) == (422, "TOTALS_MISMATCH")
    assert "LODGE-PARTY" in {fault["rule"] for fault in body_of(answer)["faults"]}


def test_every_member_of_a_batch_is_for_whom_the_batch_is(broker: Caller, context: ClearanceContext) -> None:
    own = as_json(tree("A1", Declarant={"ID": A}))
    _, first, second = lines(send(broker, packed(a_json=own, b_xml=as_xml(of_b())), A, ZIP, BATCH))
    assert (first["status"], second["status"], second["problem"]["code"]) == (202, 422, "PARTY_NOT_NAMED")
    assert stored(context) == 1


def test_a_batch_for_nobody_is_refused_whole(broker: Caller, context: ClearanceContext) -> None:
    answer = send(broker, packed(b_xml=as_xml(of_b())), None, ZIP, BATCH)
    assert problem(answer) == (400, "ACTING_FOR_REQUIRED")
    assert "Acting-For" in body_of(answer)["detail"]
    assert stored(context) == 0


REFUSED: dict[str, dict[str, Any]] = {
    "amendment": {"FunctionCode": "13"},
    "cancellation": {"FunctionCode": "14"},
    "another function": {"FunctionCode": "1"},
    "no function": {"FunctionCode": None},
    "no reference": {"FunctionalReferenceID": None},
    "no declarant known": {"Declarant": {"ID": "GB999"}},
    "wrong totals": {"GoodsItemQuantity": "2"},
}


@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("name", REFUSED)
def test_validation_calls_valid_only_what_would_be_taken(
    trader: Caller, context: ClearanceContext, media: str, name: str
) -> None:
    changed = tree() | REFUSED[name]
    content = FORMS[media]({key: value for key, value in changed.items() if value is not None})
    refused, checked = trader.post(content, media), body_of(trader.post(content, media, VALIDATE))
    assert 400 <= refused.status_code < 500
    assert checked["valid"] is False
    assert body_of(refused)["code"] in {fault["code"] for fault in checked["faults"]}
    assert checked["faults"] == body_of(refused)["faults"]
    assert stored(context) == 0
    assert body_of(trader.post(FORMS[media](tree()), media, VALIDATE))["valid"] is True
