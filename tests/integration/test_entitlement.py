"""With a token in every field of a declaration, an agency gets exactly what it is entitled to, and nobody else any."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from adapters.contract import View
from adapters.registry import build_adapters
from singlewindow.agencies.agency import Remote
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules import Profile, Rulebooks
from singlewindow.declarations.rules.profiles import Types
from tests.agency_server import agency_server
from tests.integration.conftest import Caller, Callers, Log, app_over, body_of, problem, work
from tests.integration.documents import PISTOLS, as_json, tree
from tests.integration.test_life import arrived, lodge_in_advance, rule, send
from tests.unit.declarations.samples import sample_leaf

TOKEN = re.compile(r"CANARY\d{3}")
TEXTS = {"text", "code"}
SHORTEST = len("CANARY000")
# What the rules that hold anywhere ask of certain fields; a token would be refused there.
FIXED = {
    "Declaration/FunctionCode": "9",
    "Declaration/TypeCode": "IMA",
    "Declaration/CurrencyExchange/CurrencyTypeCode": "EUR",
    "Declaration/GoodsShipment/Consignment/ContainerCode": "1",
    "Declaration/GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/GrossMassMeasure": "2",
}
# A country of no rules of its own, so that every field may hold what it likes.
BARE = Rulebooks({"GB": Profile("GB", currency="GBP", types=Types(without_tariff_code=frozenset("A")))}, 999, "GB")
LEFT_OUT = ("Declaration/Amendment", "Declaration/ID")  # of requests about an earlier declaration only


def numbered() -> dict[str, str]:
    """A token of its own for the path of every text that can hold one."""
    leaves = [path for path, element in ELEMENTS.items() if element.kind == "leaf" and _can_carry(element)]
    return {path: f"CANARY{number:03d}" for number, path in enumerate(leaves)}


def _can_carry(element: Element) -> bool:
    length = element.length or 0
    given = element.path in FIXED or element.path.startswith(LEFT_OUT)
    return element.base in TEXTS and length >= SHORTEST and not element.enum and not given


def filled(path: str, tokens: dict[str, str]) -> Tree:
    tree: Tree = {}
    for name in ELEMENTS[path].children:
        child = ELEMENTS[f"{path}/{name}"]
        if child.path in LEFT_OUT:
            continue
        value = filled(child.path, tokens) if child.kind == "class" else _leaf(child, tokens)
        tree[name] = [value] if child.repeatable else value
    return tree


def _leaf(element: Element, tokens: dict[str, str]) -> Any:
    leaf, value = sample_leaf(element), tokens.get(element.path) or FIXED.get(element.path)
    if element.path.endswith(("CountryCode", "NationalityCode", "Country/ID", "RoutingCountryCode")) and not value:
        value = "GB"
    if value is None:
        return leaf
    return {**leaf, "#text": value} if isinstance(leaf, dict) else value


@pytest.fixture
def asked_by_all(context: ClearanceContext) -> ClearanceContext:
    """The window, with every agency asked about everything."""
    always = {
        code: replace(agency, head=msgspec.structs.replace(agency.head, always=True))
        for code, agency in context.agencies.items()
    }
    return replace(context, agencies=always, rulebooks=BARE)


def lodged(context: ClearanceContext) -> tuple[Callers, str, dict[str, set[str]]]:
    """A declaration with a token in every field: its MRN, and the tokens that each agency is entitled to."""
    tokens, callers = numbered(), Callers(app_over(context), context)
    assert len(tokens) > 100
    answer = callers.trader(tokens["Declaration/Declarant/ID"]).post(as_json(filled("Declaration", tokens)))
    assert answer.status_code == 202, answer.text
    wanted = {
        code: {token for path, token in tokens.items() if path in agency.entitlement.maximum}
        for code, agency in context.agencies.items()
    }
    return callers, str(body_of(answer)["mrn"]), wanted


def test_every_agency_sees_exactly_the_values_it_is_entitled_to(asked_by_all: ClearanceContext) -> None:
    callers, _, wanted = lodged(asked_by_all)
    work(asked_by_all)
    feeds = {code: callers.agency(code).get(f"/v1/agencies/{code}/feed").text for code in wanted}
    assert {code: set(TOKEN.findall(feed)) for code, feed in feeds.items()} == wanted


def test_every_agency_that_is_asked_over_http_is_sent_exactly_those_values(asked_by_all: ClearanceContext) -> None:
    with agency_server() as server:
        context = asked_over_http(asked_by_all, server.url)
        _, _, wanted = lodged(context)
        work(context)
    sent = {
        headers["Authorization"].removeprefix("Bearer "): set(TOKEN.findall(f"{question} {headers}"))
        for question, headers in zip(server.questions, server.headers, strict=True)
    }
    assert sent == wanted


def test_who_answers_requests_sees_no_value_of_a_declaration_and_after_them_only_its_own(
    asked_by_all: ClearanceContext,
) -> None:
    callers, mrn, wanted = lodged(asked_by_all)
    trader = callers.trader(numbered()["Declaration/Declarant/ID"])
    work(asked_by_all)
    ask = send(trader, mrn, "cancellation", {"reason": "Sold elsewhere"})
    assert (ask.status_code, body_of(ask)["answer"]) == (202, "waiting")
    customs = callers.agency("customs")
    listed = customs.get("/v1/agencies/customs/requests")
    assert (mrn in listed.text, TOKEN.findall(listed.text)) == (True, [])
    for code in wanted.keys() - {"customs"}:
        assert problem(callers.agency(code).get(f"/v1/agencies/{code}/requests")) == (404, "NOT_FOUND")
    ruled = rule(customs, (mrn, body_of(ask)["request"]), "granted")
    assert (ruled.status_code, TOKEN.findall(ruled.text)) == (200, [])
    feeds = {code: callers.agency(code).get(f"/v1/agencies/{code}/feed") for code in wanted}
    assert {body_of(feed)["entries"][-1]["kind"] for feed in feeds.values()} == {"ended"}
    assert {code: set(TOKEN.findall(feed.text)) for code, feed in feeds.items()} == wanted


def test_no_agency_is_fed_what_was_seen_at_the_border(context: ClearanceContext) -> None:
    callers = Callers(app_over(context), context)
    trader = callers.trader()
    mrn = lodge_in_advance(trader, commodity=PISTOLS)
    work(context)
    seen = {"place": "CANARY901", "transport": "CANARY902",
            "containers": [{"id": "CANARY903", "seals": ["CANARY904"]}]}  # fmt: skip
    assert body_of(send(trader, mrn, "arrival", arrived(context) | seen))["differences"]
    work(context)
    for code in context.agencies:
        feed = callers.agency(code).get(f"/v1/agencies/{code}/feed")
        assert (feed.status_code, TOKEN.findall(feed.text)) == (200, [])


def test_every_agency_s_officers_are_shown_exactly_those_values(asked_by_all: ClearanceContext) -> None:
    heads = {
        code: msgspec.structs.replace(each.head, adapter="officer") for code, each in asked_by_all.agencies.items()
    }
    agencies = {code: replace(each, head=heads[code]) for code, each in asked_by_all.agencies.items()}
    context = replace(asked_by_all, agencies=agencies, adapters=build_adapters(agencies))
    callers, _, wanted = lodged(context)
    work(context)
    shown = {}
    for code in wanted:
        officer, path = callers.agency(code), f"/v1/agencies/{code}/questions"
        (listed,) = body_of(officer.get(path))["questions"]
        shown[code] = set(TOKEN.findall(officer.get(path).text + officer.get(f"{path}/{listed['question']}").text))
    assert shown == wanted


@pytest.mark.parametrize("manner", ["500", "html", "unknown field"])
def test_no_value_shows_in_log_metrics_or_what_is_said_of_failures(
    asked_by_all: ClearanceContext, log: Log, manner: str
) -> None:
    with agency_server(manner) as server:
        context = asked_over_http(asked_by_all, server.url)
        context = replace(context, adapters={**context.adapters, "customs": Shouting("customs")})
        callers, mrn, _ = lodged(context)
        work(context)
    told = {"metrics": callers.operator().get("/metrics").text, "log": log.stream.getvalue()}
    with context.engine.connect() as connection:
        told["failures"] = str(connection.execute(text("SELECT failure FROM outbox")).all())
        (question,) = connection.execute(text("SELECT id FROM version")).scalars()
    for code in context.agencies:
        told[f"errors for {code}"] = _errors(callers.agency(code), code, question_name(question), mrn)
    assert "in the adapter of customs" in told["failures"]
    assert mrn in told["log"]
    assert {place: found for place, words in told.items() if (found := TOKEN.findall(words))} == {}


def _errors(agency: Caller, code: str, question: str, mrn: str) -> str:
    """All that an agency is told that is no feed: refused answers to the question, and calls that are not for it."""
    answers = [
        agency.post(content, path=f"/v1/agencies/{code}/assessments/{question}")
        for content in (b"<", b"{}", b'{"lane": "black"}', b'{"lane": "green"}', b'{"lane": "red"}')
    ]
    answers += [agency.get(path) for path in (f"/v1/declarations/{mrn}", "/v1/agencies/nosuch/feed", "/v1/notices")]
    return "".join(answer.text + str(answer.headers) for answer in answers)


class Shouting:
    """An adapter whose error holds all that it was shown."""

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def assess(self, view: View) -> Assessment:
        raise ValueError(f"{view.tree}")


def asked_over_http(context: ClearanceContext, url: str) -> ClearanceContext:
    """The window with all agencies asked there, each with its code as its key."""
    agencies = {
        code: replace(
            agency,
            head=msgspec.structs.replace(agency.head, adapter="remote"),
            method=replace(agency.method, profiles=()),
            remote=Remote(url=url, key_env=code.upper(), allow_http=True, timeout_seconds=5),
        )
        for code, agency in context.agencies.items()
    }  # fmt: skip
    return replace(context, agencies=agencies, adapters=build_adapters(agencies, secrets=str.lower))


def test_an_agency_interested_in_one_item_is_fed_that_item_and_the_header_it_may_see(context: ClearanceContext) -> None:
    callers = Callers(app_over(context), context)
    declaration = tree()
    (item,) = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    goods = {"1": "73181595", "2": "73181595", "3": PISTOLS}
    items = [
        item | {"SequenceNumeric": number, "Commodity": {
            "Description": f"ITEM-{number}", "Classification": [{"ID": code, "IdentificationTypeCode": "TSP"}]}}
        for number, code in goods.items()
    ]  # fmt: skip
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = items
    declaration |= {"GoodsItemQuantity": "3", "TotalPackageQuantity": "3"}
    answer = callers.trader().lodge(declaration)
    assert answer.status_code == 202, answer.text
    feed = callers.agency("firearms").get("/v1/agencies/firearms/feed")
    assert re.findall(r"ITEM-\d", feed.text) == ["ITEM-3"]
    (entry,) = body_of(feed)["entries"]
    assert (entry["items"], entry["view"]["Declarant"]["ID"]) == (["3"], "GB123456789000")
    work(context)
    again = callers.agency("firearms").get("/v1/agencies/firearms/feed")
    assert set(re.findall(r"ITEM-\d", again.text)) == {"ITEM-3"}
    assert set(re.findall(r"ITEM-\d", callers.agency("customs").get("/v1/agencies/customs/feed").text)) == {
        "ITEM-1", "ITEM-2", "ITEM-3",
    }  # fmt: skip


def test_an_element_some_agency_needs_is_missed_at_lodgement_and_the_declaration_taken(
    context: ClearanceContext,
) -> None:
    trader = Callers(app_over(context), context).trader()
    address = {"Line": "1 Quay", "CityName": "Dover", "CountryCode": "GB", "PostcodeID": "CT16 1JA"}
    declaration = tree(Declarant={"Name": "N", "Address": address})
    declaration["GoodsShipment"]["Importer"] = {"ID": trader.party}
    checked = body_of(trader.post(as_json(declaration), path="/v1/declarations/validate"))
    lodged = trader.lodge(declaration)
    assert lodged.status_code == 202, lodged.text
    (warning,) = [entry for entry in body_of(lodged)["warnings"] if entry["rule"] == "AGENCY-MINIMUM"]
    assert warning["code"] == "MINIMUM_MISSING"
    assert "Declarant/ID" in warning["text"]
    assert [entry for entry in checked["faults"] if entry["rule"] == "AGENCY-MINIMUM"] == [warning]


def test_everybody_may_read_what_the_law_gives_an_agency_and_why(context: ClearanceContext) -> None:
    client = app_over(context).test_client()
    page = client.get("/entitlements")
    assert page.content_type == "text/html; charset=utf-8"
    for code, agency in context.agencies.items():
        told = body_of(client.get(f"/v1/agencies/{code}/entitlement"))
        assert {entry["path"] for entry in told["elements"]} == agency.entitlement.maximum
        assert {entry["path"] for entry in told["elements"] if entry["need"] == "minimum"} == agency.entitlement.minimum
        assert all(entry["basis"] for entry in told["elements"])
        assert told["legal_basis"]
        assert f'id="{code}"' in page.text
    assert client.get("/v1/agencies/nosuch/entitlement").status_code == 404
    assert "<script" not in page.text
