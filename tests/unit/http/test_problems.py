from __future__ import annotations

import json
import re

import pytest

from singlewindow.declarations.faults import FaultReport, Found, Severity
from singlewindow.http.problem_codes import CODES, title_of
from singlewindow.http.problems import LARGEST_ANSWER, OAUTH, ProblemError, problem_body

MEMBERS = {"type", "title", "status", "code", "detail", "trace_id"}


def _fault(text: str) -> FaultReport:
    return FaultReport(
        rule="WCO-X", code="RULE_VIOLATED", severity=Severity.HARD, text=text, advice="Mend it.", xpath="/Declaration",
        json_pointer="/Declaration", wco_pointer="42A", line=1,
    )  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_told_with_its_own_status_and_title(code: str) -> None:
    problem = json.loads(problem_body(ProblemError(code, "words"), "t"))
    assert problem.keys() == MEMBERS | ({"error"} if code in OAUTH else set())
    assert (problem["type"], problem["status"]) == (f"/docs#{code}", CODES[code].status)
    assert problem["title"] == title_of(code)


def test_a_code_outside_the_list_still_has_a_title() -> None:
    assert title_of("SOMETHING_ELSE") == "Something else"


@pytest.mark.parametrize("code", CODES)
def test_codes_are_capitals_and_titles_are_sentences(code: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code)
    assert re.fullmatch(r"[A-Z].*[^.]", CODES[code].title)


def test_few_faults_are_all_shown_and_counted() -> None:
    problem = json.loads(
        problem_body(ProblemError("RULE_VIOLATED", "words", found=Found([_fault("a"), _fault("b")], 2)), "t")
    )
    assert [fault["text"] for fault in problem["faults"]] == ["a", "b"]
    assert (problem["faults_total"], problem["truncated"]) == (2, False)


@pytest.mark.parametrize("letter", ["x", "\u0001", "€", '"'])
def test_an_answer_never_exceeds_its_limit_and_says_that_faults_were_left_out(letter: str) -> None:
    error = ProblemError(
        "RULE_VIOLATED", letter * 100_000, found=Found([_fault(letter * 2_000)] * 100, 300), mrn="M" * 18
    )
    body = problem_body(error, "t" * 32)
    problem = json.loads(body)
    assert len(body) <= LARGEST_ANSWER
    assert 0 < len(problem["faults"]) < 100
    assert (problem["faults_total"], problem["truncated"]) == (300, True)
