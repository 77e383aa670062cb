"""Every real original is lodged over HTTP, in its own form, and decided."""

from __future__ import annotations

import re

import httpx
import pytest

from singlewindow.access.keys import Role
from singlewindow.declarations.reading.intake import Limits, Media, read_message
from tests.corpus import documents, needs_corpus
from tests.e2e.service import Service, wait_until

pytestmark = pytest.mark.service

ORIGINAL = re.compile(rb"<(?:\w+:)?FunctionCode>\s*9\s*<")


@needs_corpus
def test_every_original_of_the_corpus_is_lodged_and_decided(service: Service) -> None:
    contents = [content for path in documents() if ORIGINAL.search(content := path.read_bytes())]
    assert len(contents) > 150
    declarants = [read_message(content, Media.XML, Limits()).declaration.declarant for content in contents]
    keys = {party: f"Bearer {service.key(Role.TRADER, party=party)}" for party in {*declarants}}
    headers = {"Content-Type": "application/xml"}
    with httpx.Client(base_url=service.url, headers=headers, trust_env=False, timeout=20.0) as client:
        answers = [
            client.post("/v1/declarations", content=content, headers={"Authorization": keys[party]})
            for party, content in zip(declarants, contents, strict=True)
        ]
        assert [answer.text for answer in answers if answer.status_code != 202] == []
        mrns = {answer.json()["mrn"] for answer in answers}
        assert len(mrns) == len(contents)
        wait_until(lambda: decided(service, mrns) == len(contents), 30.0, service.log)


def decided(service: Service, mrns: set[str]) -> int:
    """How many of these declarations have their decision."""
    found = service.query(
        """SELECT declaration.mrn FROM decision JOIN version ON version.id = decision.version_id
           JOIN declaration ON declaration.id = version.declaration_id"""
    )
    return sum(mrn in mrns for (mrn,) in found)
