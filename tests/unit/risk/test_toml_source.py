from __future__ import annotations

from pathlib import Path

import msgspec

from singlewindow.risk.toml_source import ConfigError, Problem, Source


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    weight: int = 0


def source(tmp_path: Path, text: str) -> Source:
    file = tmp_path / "some.toml"
    file.write_text(text)
    return Source.read(file)


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    assert Source.read(tmp_path / "none.toml").problems[0].text == "the file is missing"


def test_a_file_that_need_not_exist_may_be_missing(tmp_path: Path) -> None:
    assert Source.read(tmp_path / "none.toml", required=False).problems == []


def test_bad_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert source(tmp_path, "a = 1\nb = = 2\n").problems[0].line == 2


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_bytes(b"a = '\xff'")
    assert "not readable" in Source.read(file).problems[0].text


def test_a_wrong_value_is_named_with_the_line_of_its_key_in_its_own_table(tmp_path: Path) -> None:
    read = source(tmp_path, '[[profile]]\nname = "a"\nweight = 1\n\n[[profile]]\nname = "b"\nweight = "x"\n')
    read.convert(read.entries("profile")[1], Entry, "profile", 1)
    assert read.problems[0].line == 7


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    read = source(tmp_path, '[[profile]]\nname = "a"\nwaight = 1\n')
    read.convert(read.entries("profile")[0], Entry, "profile")
    assert (read.problems[0].line, "waight" in read.problems[0].text) == (3, True)


def test_a_missing_key_is_named_with_the_line_of_its_table(tmp_path: Path) -> None:
    read = source(tmp_path, "# head\n[[profile]]\nweight = 1\n")
    read.convert(read.entries("profile")[0], Entry, "profile")
    assert read.problems[0].line == 2


def test_a_table_where_a_list_of_tables_is_meant_is_a_problem(tmp_path: Path) -> None:
    read = source(tmp_path, "[profile]\nweight = 1\n")
    assert (read.entries("profile"), read.problems[0].line) == ([], 1)


def test_all_problems_are_in_one_error_in_the_order_of_their_places() -> None:
    error = ConfigError([Problem("b.toml", 1, "second"), Problem("a.toml", 9, "first")])
    assert str(error).splitlines()[1:] == ["a.toml:9: first", "b.toml:1: second"]
