"""JSON is read strictly: what another reader might take in another way is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.json_text import parse_json
from singlewindow.declarations.reading.message import Limits
from singlewindow.http.problem_codes import CODES
from tests.processor_time import least_seconds
from tests.unit.declarations.samples import read_json

REFUSED = {
    "empty": (b" ", 400, "EMPTY_BODY"),
    "XML": (b"<a/>", 400, "JSON_MALFORMED"),
    "duplicate key": (b'{"a": 1, "a": 2}', 400, "JSON_DUPLICATE_KEY"),
    "duplicate key inside": (b'{"a": [{"b": 1, "b": 1}]}', 400, "JSON_DUPLICATE_KEY"),
    "NaN": (b'{"a": NaN}', 400, "JSON_NUMBER_INVALID"),
    "Infinity": (b'{"a": -Infinity}', 400, "JSON_NUMBER_INVALID"),
    "1e999": (b'{"a": 1e999}', 400, "JSON_NUMBER_INVALID"),
    "endless exponent": (b'{"a": 1e9999999999999999999}', 400, "JSON_NUMBER_INVALID"),
    "5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", 400, "JSON_NUMBER_INVALID"),
    "100,000 lists": (b"[" * 100_000, 400, "JSON_TOO_DEEP"),
    "100,000 objects": (b'{"a":' * 100_000, 400, "JSON_TOO_DEEP"),
    "depth 33": (b'{"Declaration":' * 33 + b"1" + b"}" * 33, 400, "JSON_TOO_DEEP"),
    "half a surrogate pair": (b'{"a": "\\ud800"}', 400, "INVALID_UNICODE"),
    "reversed surrogates": (b'{"a": "\\udc00\\ud800"}', 400, "INVALID_UNICODE"),
    "surrogate in a key": (b'{"\\ud800": 1}', 400, "INVALID_UNICODE"),
    "escaped NUL": (b'{"a": "a\\u0000b"}', 400, "INVALID_UNICODE"),
    "byte order mark inside": (b'{"a": \xef\xbb\xbf1}', 400, "JSON_MALFORMED"),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + b"{}", 400, "JSON_MALFORMED"),
    "UTF-16": ("{}".encode("utf-16"), 415, "ENCODING_NOT_UTF8"),
    "Latin-1": (b'{"a": "\xe9"}', 415, "ENCODING_NOT_UTF8"),
    "trailing comma": (b'{"a": 1,}', 400, "JSON_MALFORMED"),
    "comment": (b'{"a": 1} // x', 400, "JSON_MALFORMED"),
    "single quotes": (b"{'a': 1}", 400, "JSON_MALFORMED"),
    "two documents": (b"{} {}", 400, "JSON_MALFORMED"),
    "leading zero": (b'{"a": 01}', 400, "JSON_MALFORMED"),
    "plus sign": (b'{"a": +1}', 400, "JSON_MALFORMED"),
    "hexadecimal": (b'{"a": 0x1}', 400, "JSON_MALFORMED"),
    "raw control character": (b'{"a": "\x01"}', 400, "JSON_MALFORMED"),
    "members": (b'{"a": [' + b"1," * 201_801 + b"1]}", 400, "JSON_TOO_MANY_MEMBERS"),
    "members of one object": (
        b"{" + b",".join(b'"%d": 1' % number for number in range(10_001)) + b"}",
        400,
        "JSON_TOO_MANY_MEMBERS",
    ),
    "list": (b"[]", 422, "SCHEMA_INVALID"),
    "string": (b'"a"', 422, "SCHEMA_INVALID"),
    "number": (b"1", 422, "SCHEMA_INVALID"),
    "null": (b"null", 422, "SCHEMA_INVALID"),
    "no declaration": (b'{"Consignment": {}}', 422, "UNKNOWN_DOCUMENT_TYPE"),
    "response": (b'{"MetaData": {"Response": []}}', 422, "UNKNOWN_DOCUMENT_TYPE"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_or_foreign_message_is_refused_with_its_code(case: str) -> None:
    content, status, code = REFUSED[case]
    with pytest.raises(Refused) as refusal:
        read_json_bytes(content)
    assert (CODES[refusal.value.code].status, refusal.value.code) == (status, code)


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_quickly(case: str) -> None:
    content, *_ = REFUSED[case]

    def refuse() -> None:
        with pytest.raises(Refused):
            read_json_bytes(content)

    assert least_seconds(refuse, enough=0.5) < 0.5


def read_json_bytes(content: bytes) -> None:
    """Read what may be no text at all."""
    from singlewindow.declarations.reading.intake import Media, read_message

    read_message(content, Media.JSON)


def test_an_unterminated_string_of_escapes_does_not_stall_the_reader() -> None:
    content = b"[" * 300_000 + b'"' + b'\\"' * 500_000

    def refuse() -> None:
        with pytest.raises(Refused):
            parse_json(content, Limits())

    assert least_seconds(refuse, enough=2) < 2


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_a_plain_number_keeps_its_digits(number: object) -> None:
    assert parse_json(f'{{"a": {number}}}'.encode(), Limits()) == {"a": str(number)}


@pytest.mark.parametrize(("literal", "text"), [("1e3", "1000"), ("1.50E2", "150"), ("-2e-3", "-0.002"), ("-0", "-0")])
def test_an_exponent_is_written_out(literal: str, text: str) -> None:
    assert parse_json(f'{{"a": {literal}}}'.encode(), Limits()) == {"a": text}


def test_commas_inside_strings_are_no_members() -> None:
    assert parse_json(json.dumps({"a": "," * 300}).encode(), Limits(items=-9)) == {"a": "," * 300}


def test_a_number_with_many_decimals_is_out_of_range_and_not_malformed() -> None:
    reading = read_json('{"Declaration": {"FunctionCode": "9", "GoodsItemQuantity": 1e-30}}')
    assert [fault.code for fault in reading.faults] == ["VALUE_OUT_OF_RANGE"]
