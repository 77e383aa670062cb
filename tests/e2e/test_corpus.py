"""Every real original is lodged over HTTP, in its own form, and decided."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from singlewindow.access.keys import Role
from singlewindow.declarations.reading.intake import Limits, Media, read
from tests.corpus import documents, needs_corpus
from tests.e2e.service import running_service, wait_until

ORIGINAL = re.compile(rb"<(?:\w+:)?FunctionCode>\s*9\s*<")


@needs_corpus
def test_every_original_of_the_corpus_is_lodged_and_decided(tmp_path: Path) -> None:
    contents = [content for path in documents() if ORIGINAL.search(content := path.read_bytes())]
    assert len(contents) > 150
    with running_service(tmp_path) as service:
        declarants = [read(content, Media.XML, Limits()).declaration.declarant for content in contents]
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
            wait_until(lambda: service.query("SELECT count(*) FROM decision") == [(len(contents),)], 30.0)
