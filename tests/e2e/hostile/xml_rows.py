"""Hostile and broken XML, with the answer each must get."""

from __future__ import annotations

import gzip
import io
import zipfile

from tests.e2e.hostile.row import Row, attributed, bare, doctype, inside, swapped, xml

XSI = "http://www.w3.org/2001/XMLSchema-instance"
DTD, PI, TEXT = "XML_DTD_FORBIDDEN", "XML_PI_FORBIDDEN", "ENCODING_NOT_UTF8"
MALFORMED, COMPRESSED = "XML_NOT_WELL_FORMED", "COMPRESSED_BODY"


def _laughs(kind: str = "", mark: str = "&") -> str:
    rounds = (f'<!ENTITY {kind}l{n} "{f"{mark}l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!ENTITY {kind}l0 "ha">{"".join(rounds)}'


def _entity(definition: str, use: str = "&x;") -> bytes:
    return doctype(f"[{definition}]", inside(use))


def zipped(*names: str) -> bytes:
    """A ZIP file with the good declaration under each of these names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, xml())
    return packed.getvalue()


DOCUMENT_TYPES = [
    Row("17 X1", "external entity of a file", _entity('<!ENTITY x SYSTEM "file://@FILE@">'), 400, DTD),
    Row("18 X2", "external entity over http", _entity('<!ENTITY x SYSTEM "http://127.0.0.1:@PORT@/x">'), 400, DTD),
    Row("18 X2", "external entity over ftp", _entity('<!ENTITY x SYSTEM "ftp://127.0.0.1:@PORT@/x">'), 400, DTD),
    Row("18 X2", "cloud metadata", _entity('<!ENTITY x SYSTEM "http://169.254.169.254/latest/">'), 400, DTD),
    Row("19 X3", "external DTD from a file", doctype('SYSTEM "file://@FILE@"'), 400, DTD),
    Row("19 X3", "external DTD over http", doctype('SYSTEM "http://127.0.0.1:@PORT@/x.dtd"'), 400, DTD),
    Row("19 X3", "public id", doctype('PUBLIC "-//X//EN" "http://127.0.0.1:@PORT@/x.dtd"'), 400, DTD),
    Row("20 X4", "parameter entity", _entity('<!ENTITY % p SYSTEM "file://@FILE@"> %p;', ""), 400, DTD),
    Row("20 X4", "parameter entity over http",
        _entity('<!ENTITY % p SYSTEM "http://127.0.0.1:@PORT@/x"> %p;', ""), 400, DTD),
    Row("21 X5", "local DTD that is made to fail", _entity(
        "<!ENTITY % local SYSTEM \"file://@FILE@\"><!ENTITY % expr 'a)><!ENTITY &#x25; f SYSTEM \"file://@FILE@\">"
        "<!ELEMENT x (y'>%local;", ""), 400, DTD),
    Row("22 X6", "billion laughs", _entity(_laughs(), "&l9;"), 400, DTD),
    Row("23 X7", "parameter laughs", _entity(_laughs("% ", "&#37;"), "%l9;"), 400, DTD),
    Row("23 X7", "laughs in an attribute", doctype(f"[{_laughs()}]", attributed('v="&l9;"')), 400, DTD),
    Row("24 X8", "quadratic", _entity(f'<!ENTITY x "{"a" * 100_000}">', "&x;" * 5_000), 400, DTD),
    Row("24 X9", "small quadratic", _entity(f'<!ENTITY x "{"a" * 1_000}">', "&x;" * 900), 400, DTD),
    Row("24 X10", "entities in a circle", _entity('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"), 400, DTD),
    Row("25", "DOCTYPE alone", doctype(""), 400, DTD),
    Row("26 X11", "entity that hides an element", _entity('<!ENTITY a "<TypeCode>EVIL</TypeCode>">', "&a;"), 400, DTD),
    Row("26 X12", "default of an attribute", _entity('<!ATTLIST Declaration role CDATA "admin">', ""), 400, DTD),
    Row("26 X13", "notation", _entity('<!NOTATION n SYSTEM "file://@FILE@">', ""), 400, DTD),
]  # fmt: skip

ENCODINGS = [
    Row("27 X26", "UTF-7", b'<?xml version="1.0" encoding="UTF-7"?>+ADw-d+AD4-A1+ADw-/d+AD4-', 415, TEXT),
    Row("27 X26", "UTF-7 that hides a DOCTYPE",
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE d+AD4-+ADw-d/+AD4-', 415, TEXT),
    *(Row("28 X27", name, bare().encode(name), 415, TEXT)
      for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")),
    Row("28 X28", "EBCDIC", bare("cp037").encode("cp037"), 415, TEXT),
    *(Row("29 X29", f"{name} declared", bare(name).encode(), 415, TEXT)
      for name in ("Shift_JIS", "windows-1252", "ISO-8859-1", "GB18030", "ISO-2022-KR", "KOI8-R", "HZ-GB-2312")),
    Row("30 X30", "mark of UTF-8, UTF-16 declared", b"\xef\xbb\xbf" + bare("UTF-16").encode(), 415, TEXT),
    Row("31", "mark of UTF-8", b"\xef\xbb\xbf" + xml(), 202),
    *(Row("32 X31", name, xml().replace(b"Spanners", octets), 415, TEXT)
      for name, octets in (("invalid byte", b"\xff"), ("overlong", b"\xc0\xbc"), ("surrogate", b"\xed\xa0\x80"))),
    Row("33 X32", "NUL", xml().replace(b"Spanners", b"a\0b"), 400, MALFORMED),
    *(Row("34 X32", f"reference {name}", swapped("Spanners", f"&#{name};"), 400, MALFORMED)
      for name in ("0", "1", "xD800", "xFFFE")),
    Row("35 X34", "XML 1.1", bare(version="1.1").encode(), 400, "XML_VERSION_UNSUPPORTED"),
    Row("36", "XML 2.0", bare(version="2.0").encode(), 400, MALFORMED),
    Row("36", "broken XML declaration", bare().replace("version", "versio").encode(), 400, MALFORMED),
    Row("36 X40", "space before it", b" " + bare().encode(), 400, MALFORMED),
    Row("5", "JSON sent as XML", b'{"Declaration": {}}', 400, MALFORMED),
]  # fmt: skip

FLOODS = [
    Row("37 X16", "depth 33", inside("<a>" * 32 + "</a>" * 32), 400, "XML_TOO_DEEP"),
    Row("38 X16", "depth 100,000", b"<abcde>" * 100_000, 400, "XML_TOO_DEEP"),
    Row("39 X17", "17 attributes", attributed(" ".join(f'a{n}="x"' for n in range(17))), 400,
        "XML_TOO_MANY_ATTRIBUTES"),
    Row("40 X18", "800 attributes", attributed(" ".join(f'a{n}="x"' for n in range(800))), 400,
        "XML_TOO_MANY_ATTRIBUTES"),
    Row("39 X17", "100,000 attributes", attributed(" ".join(f'a{n}="x"' for n in range(100_000))), 400,
        "XML_TOO_MANY_ATTRIBUTES"),
    Row("41 X19", "50,000 namespaces", attributed(" ".join(f'xmlns:a{n}="x"' for n in range(50_000))), 400,
        "XML_TOO_MANY_NAMESPACES"),
    Row("42 X20", "201,801 elements", inside("<a/>" * 201_801), 400, "XML_TOO_MANY_ELEMENTS"),
    Row("42 X20", "1,000,000 elements but for the size", inside("<a/>" * 950_000), 400, "XML_TOO_MANY_ELEMENTS"),
    Row("42 X20", "200,000 elements that are none of the schema's", inside("<a/>" * 200_000), 422, "UNKNOWN_FIELD"),
    Row("43 X21", "100,000 comments", inside("<!---->" * 100_000), 400, "XML_TOO_MANY_COMMENTS"),
    Row("44 X22", "200,000 processing instructions", inside("<?a b?>" * 200_000), 400, PI),
    Row("47 X14", "text of 65,537 characters", swapped("Spanners", "x" * 65_537), 400, "XML_VALUE_TOO_LONG"),
    Row("47 X14", "text of 3.9 MB", swapped("Spanners", "x" * 3_900_000), 400, "XML_VALUE_TOO_LONG"),
    Row("47 X15", "attribute of 1,025 characters", attributed(f'a="{"x" * 1_025}"'), 400, "XML_VALUE_TOO_LONG"),
    Row("47 X15", "name of 60,000 characters", inside(f"<{'a' * 60_000}/>"), 400, "XML_VALUE_TOO_LONG"),
    Row("11 X14", "4,000,100 bytes", xml() + b" " * (4_000_100 - len(xml())), 413, "PAYLOAD_TOO_LARGE"),
    Row("X41", "character reference of 1 MB", swapped("Spanners", f"&#{'0' * 1_000_000}65;"), 202),
    Row("11", "room up to the limit", xml() + b" " * (3_999_000 - len(xml())), 202),
]  # fmt: skip

MARKUP = [
    Row("44 X25", "stylesheet",
        xml().replace(b"?>\n", b'?>\n<?xml-stylesheet href="http://127.0.0.1:@PORT@/x"?>', 1), 400, PI),
    Row("44 X25", "catalogue",
        xml().replace(b"?>\n", b'?>\n<?oasis-xml-catalog catalog="file://@FILE@"?>', 1), 400, PI),
    Row("44", "php", inside("<?php system('id') ?>"), 400, PI),
    Row("45 X23", "XInclude", inside(
        '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file://@FILE@" parse="text"/>'), 400,
        "XML_XINCLUDE_FORBIDDEN"),
    Row("46 X24", "schema location", attributed(
        f'xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x http://127.0.0.1:@PORT@/x.xsd"'), 202),
    Row("46 X24", "schema location without namespace", attributed(
        f'xmlns:xsi="{XSI}" xsi:noNamespaceSchemaLocation="file://@FILE@"'), 202),
    Row("46", "xsi:type", swapped("<TypeCode>", f'<TypeCode xmlns:x="{XSI}" x:type="T">'), 400, "XML_XSI_FORBIDDEN"),
    Row("46", "xsi:nil", swapped("<TypeCode>", f'<TypeCode xmlns:x="{XSI}" x:nil="true">'), 400,
        "XML_XSI_FORBIDDEN"),
    Row("48 X40", "truncated", xml()[:-5], 400, MALFORMED),
    Row("48 X40", "two roots", xml() + bare().partition("?>")[2].encode(), 400, MALFORMED),
    Row("48 X40", "junk after the root", xml() + b"junk", 400, MALFORMED),
    Row("49 X38", "attribute twice", attributed('a="1" a="2"'), 400, MALFORMED),
    Row("49 X38", "attribute twice through two prefixes",
        attributed('xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"'), 400, MALFORMED),
    Row("X39", "xml:id twice", swapped("<TypeCode>IMA</TypeCode>",
        '<TypeCode xml:id="a">IMA</TypeCode><GoodsItemQuantity xml:id="a">1</GoodsItemQuantity>'), 400, MALFORMED),
    Row("X43", "xml:base", attributed('xml:base="file://@FILE@"'), 422, "UNKNOWN_FIELD"),
    Row("50", "prefix that is not declared", inside("<p:a/>"), 400, MALFORMED),
    Row("50", "prefix xml bound anew", attributed('xmlns:xml="urn:x"'), 400, MALFORMED),
    Row("51", "HTML", b"<html><body>hello</body></html>", 422, "UNKNOWN_DOCUMENT_TYPE"),
    Row("51", "SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', 422, "UNKNOWN_DOCUMENT_TYPE"),
    Row("51", "SOAP", b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', 422,
        "UNKNOWN_DOCUMENT_TYPE"),
    Row("52", "wrong namespace", swapped("DEC-DMS:2", "DEC-DMS:3"), 422, "UNKNOWN_DOCUMENT_TYPE"),
    Row("52", "no namespace", b"<Declaration><FunctionCode>9</FunctionCode></Declaration>", 422,
        "UNKNOWN_DOCUMENT_TYPE"),
    Row("53 X37", "child of a foreign namespace", inside('<a xmlns="urn:x"/>'), 422, "SCHEMA_INVALID"),
    Row("54 X37", "prefix bound anew inside",
        swapped("<TypeCode>IMA</TypeCode>", '<d:TypeCode xmlns:d="urn:x">IMA</d:TypeCode>'), 422, "SCHEMA_INVALID"),
    Row("55 X35", "comment inside the reference", swapped("@LRN@", "@LR<!-- -->N@"), 202),
    Row("56 X36", "CDATA in free text", swapped("Spanners", "<![CDATA[<script>]]>"), 202),
    Row("57", "mandatory element missing", swapped("<FunctionCode>9</FunctionCode>", ""), 422, "SCHEMA_INVALID"),
    Row("57", "wrong order", swapped("<FunctionCode>9</FunctionCode>", "").replace(
        b"</TypeCode><Goods", b"</TypeCode><FunctionCode>9</FunctionCode><Goods", 1), 422, "SCHEMA_INVALID"),
    Row("57", "single element repeated", swapped("<TypeCode>IMA</TypeCode>", "<TypeCode>IMA</TypeCode>" * 2), 422,
        "SCHEMA_INVALID"),
    Row("78", "reference that is empty", swapped("@LRN@", ""), 422, "INVALID_CHARACTERS"),
]  # fmt: skip

BYTES = [
    Row("1", "empty", b"", 400, "EMPTY_BODY"),
    Row("2", "blank", b" \n\t\r\n", 400, "EMPTY_BODY"),
    Row("8 X42", "gzip", gzip.compress(xml()), 400, COMPRESSED),
    Row("9 X42", "zip", zipped("declaration.xml"), 400, COMPRESSED),
    Row("10 X42", "gzip bomb", gzip.compress(bytes(200_000_000), 9), 400, COMPRESSED),
    Row("10 X42", "gzip bomb that says so", gzip.compress(bytes(2_000_000)), 415, "CONTENT_ENCODING_UNSUPPORTED",
        headers={"Content-Encoding": "gzip"}),
]  # fmt: skip

ROWS = [*BYTES, *DOCUMENT_TYPES, *ENCODINGS, *FLOODS, *MARKUP]
