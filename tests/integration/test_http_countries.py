"""A message is judged, stored and numbered by one country served, by whichever way it comes in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging.sandboxed_reader import LARGE
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.writing.binding import to_json, to_xml
from singlewindow.storage.tables import declaration
from tests.integration.conftest import ON_ONE_ENGINE, Caller, body_of, problem
from tests.integration.documents import JSON_TYPE, XML_TYPE, as_json, as_xml, tree

VALIDATE = "/v1/declarations/validate"
FORMS = {XML_TYPE: to_xml, JSON_TYPE: to_json}


def naming(country: str, media: str, lrn: str = "LRN1", **changes: Any) -> bytes:
    """The message that names a country."""
    content = Declaration(tree(lrn, **changes), {"ResponsibleCountryCode": country})
    return FORMS[media](content, True)


def padded(content: bytes) -> bytes:
    """The same, so long that it is read apart."""
    return content + b" " * LARGE


def told(answer: TestResponse) -> str:
    return str(body_of(answer)["detail"])


@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("country", ["GB", ""])
def test_home_judges_and_numbers_what_names_it_or_nobody(
    country: str, media: str, trader: Caller, context: ClearanceContext
) -> None:
    answer = trader.post(naming(country, media), media)
    assert answer.status_code == 202, answer.data
    assert body_of(answer)["mrn"][2:4] == "GB"
    with context.engine.connect() as connection:
        assert connection.execute(select(declaration.c.country)).scalars().all() == ["GB"]


@pytest.mark.parametrize(("content", "media"), [(as_xml(tree()), XML_TYPE), (as_json(tree()), JSON_TYPE)])
def test_home_judges_and_numbers_what_has_no_envelope(content: bytes, media: str, trader: Caller) -> None:
    assert body_of(trader.post(content, media))["mrn"][2:4] == "GB"


@ON_ONE_ENGINE
@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("form", [bytes, padded], ids=["small", "large"])
@pytest.mark.parametrize("path", ["/v1/declarations", VALIDATE])
def test_another_country_is_refused_everywhere(
    path: str, form: Callable[[bytes], bytes], media: str, trader: Caller
) -> None:
    for country, words in [("FR", "accepts declarations for GB"), ("UK", "Write GB."), ("gb", "Write GB.")]:
        answer = trader.post(form(naming(country, media)), media, path)
        assert (country, *problem(answer)) == (country, 422, "COUNTRY_NOT_SERVED")
        assert words in told(answer)


@ON_ONE_ENGINE
@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("function", ["13", "14"])
def test_a_request_to_another_country_is_refused_as_such(function: str, media: str, trader: Caller) -> None:
    answer = trader.post(naming("NO", media, FunctionCode=function), media)
    assert problem(answer) == (422, "COUNTRY_NOT_SERVED")


def test_members_of_a_batch_are_refused_one_by_one(trader: Caller) -> None:
    written = io.BytesIO()
    members = [("FR", 422), ("GB", 202), ("XI", 422), ("", 202), ("GBR", 422)]
    with zipfile.ZipFile(written, "w") as archive:
        for number, (country, _) in enumerate(members):
            archive.writestr(f"m{number}.xml", naming(country, XML_TYPE, f"LRN{number}"))
    answer = trader.post(written.getvalue(), "application/zip", "/v1/declarations/batch")
    lines = [msgspec.json.decode(line) for line in answer.data.splitlines()][1:]
    assert [line["status"] for line in lines] == [status for _, status in members]
    refused = [line["problem"]["code"] for line in lines if line["status"] == 422]
    assert refused == ["COUNTRY_NOT_SERVED"] * 3


EMPTY = {"FunctionCode": "9", "FunctionalReferenceID": "LRN1"}
NUMBER_ONLY = {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "1"}]}


@ON_ONE_ENGINE
@pytest.mark.parametrize("write", [as_xml, as_json])
@pytest.mark.parametrize(
    "content",
    [EMPTY, tree(GoodsShipment={}), tree(GoodsShipment=NUMBER_ONLY), tree(TypeCode="YYY"), tree(TypeCode="ima"),
     {name: value for name, value in tree().items() if name != "Declarant"}],
)  # fmt: skip
def test_a_declaration_about_nothing_is_refused(
    content: dict[str, Any], write: Callable[[dict[str, Any]], bytes], trader: Caller
) -> None:
    assert trader.post(write(content), XML_TYPE if write is as_xml else JSON_TYPE).status_code == 422


@pytest.mark.parametrize("media", FORMS)
def test_another_profile_is_named_first(media: str, trader: Caller) -> None:
    content = naming("GB", media).replace(b"TotalPackageQuantity", b"PackageTotalQuantity")
    content = content.replace(b"GoodsItemQuantity", b"ItemCountQuantity").replace(b"Declarant", b"Submitting")
    answer = trader.post(content, media)
    assert problem(answer) == (422, "OTHER_PROFILE")
    assert body_of(answer)["faults"][0]["rule"] == "SCHEMA-PROFILE"
