from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

from singlewindow import logs


def line(message: str = "done", error: BaseException | None = None) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("singlewindow.test", logging.WARNING, __file__, 1, message, (), info)
    told = logs.JsonLines().format(record)
    assert "\n" not in told
    return dict(json.loads(told))


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_is_one_json_object_with_time_level_logger_and_message() -> None:
    told = line("two\nlines")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("time"))
    assert told == {"level": "warning", "logger": "singlewindow.test", "message": "two\nlines"}


def test_a_line_is_about_what_its_context_says() -> None:
    with logs.lines_about(trace_id="abc", mrn="26ZZ"), logs.lines_about(agency="customs", batch=7, mrn=""):
        told = line()
    assert {name: told[name] for name in logs.FIELDS} == {
        "trace_id": "abc",
        "mrn": "26ZZ",
        "agency": "customs",
        "batch": 7,
    }
    assert not {*logs.FIELDS} & {*line()}


def test_what_begins_forgets_what_was_before_and_may_learn_more() -> None:
    logs.begin_subject(trace_id="first")
    logs.add_subject(mrn="26ZZ")
    assert (line()["trace_id"], line()["mrn"]) == ("first", "26ZZ")
    logs.begin_subject(trace_id="second")
    assert "mrn" not in line()
    logs.begin_subject()
    assert "trace_id" not in line()


def test_an_error_is_told_by_type_and_place_but_not_by_its_text() -> None:
    def parse() -> None:
        try:
            raise KeyError("CANARY-KEY")
        except KeyError as cause:
            raise ValueError("CANARY-TEXT") from cause

    try:
        parse()
    except ValueError as error:
        told = line(error=error)
    assert [entry["type"] for entry in told["error"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert told["error"][0]["at"][-1].endswith(" parse")
    assert "CANARY" not in json.dumps(told)


def test_a_databases_error_class_is_told() -> None:
    class DriverError(Exception):
        sqlstate = "57014"

    assert line(error=raised(DriverError("CANARY")))["error"][0]["sqlstate"] == "57014"


def test_configuring_twice_writes_each_line_once(capsys: Any) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in logs.QUIET}
    try:
        logs.configure_logging()
        logs.configure_logging()
        logging.getLogger("singlewindow.test").info("once")
        assert capsys.readouterr().err.count('"once"') == 1
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for name, value in quiet.items():
            logging.getLogger(name).setLevel(value)
    assert sys.stderr is not None
