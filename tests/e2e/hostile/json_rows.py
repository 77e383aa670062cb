"""Hostile and broken JSON, with the answer each must get."""

from __future__ import annotations

from tests.e2e.hostile.row import Row, json, members
from tests.integration.documents import JSON_TYPE

NUMBER, UNICODE, MALFORMED = "JSON_NUMBER_INVALID", "INVALID_UNICODE", "JSON_MALFORMED"
TEXT, SCHEMA, UNKNOWN = "ENCODING_NOT_UTF8", "SCHEMA_INVALID", "UNKNOWN_FIELD"
QUANTITY = b'"GoodsItemQuantity": "1"'


def _quantity(literal: str) -> bytes:
    return json().replace(QUANTITY, f'"GoodsItemQuantity": {literal}'.encode())


def _row(rows: str, name: str, content: bytes, status: int, code: str = "") -> Row:
    return Row(rows, name, content, status, code, JSON_TYPE)


ROWS = [
    _row("1", "empty", b"", 400, "EMPTY_BODY"),
    _row("2", "blank", b" \n\t\r\n", 400, "EMPTY_BODY"),
    _row("5", "XML sent as JSON", b"<Declaration/>", 400, MALFORMED),
    _row("60 J1", "key twice at the top", b'{"Declaration": {}, ' + json()[1:], 400, "JSON_DUPLICATE_KEY"),
    _row("60 J1", "key twice inside", members('"TypeCode": "IMB",'), 400, "JSON_DUPLICATE_KEY"),
    *(_row("61 J2", word, _quantity(word), 400, NUMBER) for word in ("NaN", "Infinity", "-Infinity")),
    _row("61 J3", "1e999", _quantity("1e999"), 400, NUMBER),
    _row("62 J3", "exponent beyond all", _quantity("1e9999999999999999999"), 400, NUMBER),
    _row("63 J4", "5,000 digits", _quantity("9" * 5_000), 400, NUMBER),
    _row("63 J5", "1E+100000", _quantity("1E+100000"), 400, NUMBER),
    _row("64 J6", "100,000 lists", b"[" * 100_000, 400, "JSON_TOO_DEEP"),
    _row("64 J6", "100,000 objects", b'{"a":' * 100_000, 400, "JSON_TOO_DEEP"),
    _row("64 J6", "depth 33", members(f'"a": {"[" * 33}{"]" * 33},'), 400, "JSON_TOO_DEEP"),
    _row("65 J7", "half a pair", members(r'"Name": "\ud800",'), 400, UNICODE),
    _row("65 J7", "pair reversed", members(r'"Name": "\udc00\ud800",'), 400, UNICODE),
    _row("65 J7", "half a pair as key", members(r'"\ud800": "a",'), 400, UNICODE),
    _row("66 J8", "NUL escaped", members(r'"Name": "a\u0000b",'), 400, UNICODE),
    _row("66 J8", "NUL", members('"Name": "a\0b",'), 400, UNICODE),
    _row("67 J9", "byte order mark", b"\xef\xbb\xbf" + json(), 202),
    _row("67 J9", "two byte order marks", b"\xef\xbb\xbf" * 2 + json(), 400, MALFORMED),
    _row("67 J9", "UTF-16", json().decode().encode("utf-16"), 415, TEXT),
    _row("67 J9", "UTF-32", json().decode().encode("utf-32-le"), 415, TEXT),
    _row("67 J9", "Latin-1", json().replace(b"Spanners", b"Schl\xfcssel"), 415, TEXT),
    _row("68 J15", "comma at the end", json()[:-1] + b",}", 400, MALFORMED),
    _row("68 J15", "comment", b"/* x */" + json(), 400, MALFORMED),
    _row("68 J15", "single quotes", b"{'Declaration': {}}", 400, MALFORMED),
    _row("68 J15", "two documents", json() * 2, 400, MALFORMED),
    *(_row("68 J15", f"number {word}", _quantity(word), 400, MALFORMED) for word in ("01", "+1", "0x1")),
    *(_row("69 J13", f"document {word.decode()}", word, 422, SCHEMA)
      for word in (b"[]", b'"a"', b"1", b"null", b"true")),
    _row("70 J12", "unknown member", members('"Colour": "red",'), 422, UNKNOWN),
    _row("70 J12", "__proto__", members('"__proto__": {"a": "b"},'), 422, UNKNOWN),
    _row("70", "status", members('"status": "RELEASED",'), 422, UNKNOWN),
    _row("70", "status beside the declaration", b'{"status": "RELEASED", ' + json()[1:], 422, UNKNOWN),
    _row("70", "trader_id", members('"trader_id": "GB999999999999",'), 422, UNKNOWN),
    _row("70 J11", "key beyond ASCII", members('"TypeCod\u00e9": "a", "TypeCode\u0301": "b",'), 422, UNKNOWN),
    _row("71", "code as number", json().replace(b'"FunctionCode": "9"', b'"FunctionCode": 9'), 422, SCHEMA),
    _row("71", "identifier as number", json().replace(b'"6FR246813579000-REF1"', b"1"), 422, SCHEMA),
    _row("71", "true for 1", _quantity("true"), 422, SCHEMA),
    _row("71", "null for 1", _quantity("null"), 422, SCHEMA),
    _row("71 J10", "decimal as number", json().replace(QUANTITY, b'"GoodsItemQuantity": 1'), 202),
    _row("73 J10", "more decimals than a float keeps",
         members('"TotalGrossMassMeasure": 0.1000000000000000055,'), 422, "VALUE_OUT_OF_RANGE"),
    _row("72 J14", "100,000 members in one object", members("".join(f'"a{n}": 1,' for n in range(100_000))), 400,
         "JSON_TOO_MANY_MEMBERS"),
    _row("72 J14", "300,000 members", members(f'"a": [{"{}," * 300_000}{{}}],'), 400, "JSON_TOO_MANY_MEMBERS"),
    _row("11", "4,000,100 bytes", json() + b" " * (4_000_100 - len(json())), 413, "PAYLOAD_TOO_LARGE"),
    _row("78", "reference that is empty", json().replace(b"@LRN@", b""), 422, "INVALID_CHARACTERS"),
]  # fmt: skip
