"""Hostile XML is refused with its code before anything comes of it; harmless oddities are not."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.intake import Limits, Media, Reading, read_message
from singlewindow.http.problem_codes import CODES
from tests.processor_time import least_seconds
from tests.unit.declarations.samples import DEC, MD, document, full_xml, read_xml

BODY = document().decode()
NINE = "<FunctionCode>9</FunctionCode>"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def answer(content: bytes, limits: Limits | None = None) -> tuple[int, str]:
    """Status and code of a refusal; (202, "") where the message is valid, (422, code of a fault) where it is not."""
    try:
        reading = read_message(content, Media.XML, limits or Limits())
    except Refused as refusal:
        return CODES[refusal.code].status, refusal.code
    return (422, reading.faults[0].code) if reading.faults else (202, "")


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("declaration.xml", content)
    return packed.getvalue()


def _doctype(subset: str) -> bytes:
    return f"<!DOCTYPE d {subset}>{BODY}".encode()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

REFUSED = {
    "empty": (b"", 400, "EMPTY_BODY"),
    "blank": (b" \n\t\r\n", 400, "EMPTY_BODY"),
    "only a byte order mark": (b"\xef\xbb\xbf", 400, "EMPTY_BODY"),
    "JSON": (b'{"Declaration": {}}', 400, "XML_NOT_WELL_FORMED"),
    "gzip": (gzip.compress(BODY.encode()), 400, "COMPRESSED_BODY"),
    "zip": (_zip(BODY.encode()), 400, "COMPRESSED_BODY"),
    "gzip bomb": (gzip.compress(bytes(2_000_000)), 400, "COMPRESSED_BODY"),
    "external entity": (_doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]'), 400, "XML_DTD_FORBIDDEN"),
    "external entity over http": (_doctype('[<!ENTITY x SYSTEM "http://127.0.0.1/x">]'), 400, "XML_DTD_FORBIDDEN"),
    "external DTD": (_doctype('SYSTEM "file:///tmp/x.dtd"'), 400, "XML_DTD_FORBIDDEN"),
    "public DTD": (_doctype('PUBLIC "-//X//EN" "http://127.0.0.1/x.dtd"'), 400, "XML_DTD_FORBIDDEN"),
    "parameter entity": (_doctype('[<!ENTITY % p SYSTEM "file:///tmp/x.dtd"> %p;]'), 400, "XML_DTD_FORBIDDEN"),
    "billion laughs": (_doctype(f'[<!ENTITY l0 "ha">{LAUGHS}]'), 400, "XML_DTD_FORBIDDEN"),
    "bare DOCTYPE": (_doctype(""), 400, "XML_DTD_FORBIDDEN"),
    "ATTLIST": (_doctype('[<!ATTLIST d a CDATA "b">]'), 400, "XML_DTD_FORBIDDEN"),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-d/+AD4-', 415, "ENCODING_NOT_UTF8"),
    "UTF-16 with mark": (BODY.encode("utf-16"), 415, "ENCODING_NOT_UTF8"),
    "UTF-16 LE": (BODY.encode("utf-16-le"), 415, "ENCODING_NOT_UTF8"),
    "UTF-16 BE": (BODY.encode("utf-16-be"), 415, "ENCODING_NOT_UTF8"),
    "UTF-32": (BODY.encode("utf-32"), 415, "ENCODING_NOT_UTF8"),
    "Shift_JIS": (f'<?xml version="1.0" encoding="Shift_JIS"?>{BODY}'.encode(), 415, "ENCODING_NOT_UTF8"),
    "ISO-8859-1": (f'<?xml version="1.0" encoding="ISO-8859-1"?>{BODY}'.encode(), 415, "ENCODING_NOT_UTF8"),
    "mark and UTF-16 declared": (
        b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="UTF-16"?>{BODY}'.encode(),
        415,
        "ENCODING_NOT_UTF8",
    ),
    "invalid byte": (
        document("\xff".encode("latin-1").decode("latin-1")).replace(b"\xc3\xbf", b"\xff"),
        415,
        "ENCODING_NOT_UTF8",
    ),
    "overlong": (document("X").replace(b"X", b"\xc0\xbc"), 415, "ENCODING_NOT_UTF8"),
    "surrogate": (document("X").replace(b"X", b"\xed\xa0\x80"), 415, "ENCODING_NOT_UTF8"),
    "NUL": (document("X").replace(b"X", b"\0"), 400, "XML_NOT_WELL_FORMED"),
    "reference to NUL": (document("&#0;"), 400, "XML_NOT_WELL_FORMED"),
    "reference to a control": (document("&#1;"), 400, "XML_NOT_WELL_FORMED"),
    "reference to a surrogate": (document("&#xD800;"), 400, "XML_NOT_WELL_FORMED"),
    "reference to no character": (document("&#xFFFE;"), 400, "XML_NOT_WELL_FORMED"),
    "XML 1.1": (f'<?xml version="1.1"?>{BODY}'.encode(), 400, "XML_VERSION_UNSUPPORTED"),
    "XML 2.0": (f'<?xml version="2.0"?>{BODY}'.encode(), 400, "XML_NOT_WELL_FORMED"),
    "broken XML declaration": (f"<?xml versio?>{BODY}".encode(), 400, "XML_NOT_WELL_FORMED"),
    "space before it": (f' <?xml version="1.0"?>{BODY}'.encode(), 400, "XML_NOT_WELL_FORMED"),
    "depth 33": (document("<a>" * 32 + "</a>" * 32), 400, "XML_TOO_DEEP"),
    "depth 100,000": (b"<a>" * 100_000, 400, "XML_TOO_DEEP"),
    "17 attributes": (document(NINE, "".join(f' a{n}="x"' for n in range(17))), 400, "XML_TOO_MANY_ATTRIBUTES"),
    "800 attributes": (document(NINE, "".join(f' a{n}="x"' for n in range(800))), 400, "XML_TOO_MANY_ATTRIBUTES"),
    "100,000 attributes": (
        document(NINE, "".join(f' a{n}="x"' for n in range(100_000))),
        400,
        "XML_TOO_MANY_ATTRIBUTES",
    ),
    "50,000 namespaces": (
        document(NINE, "".join(f' xmlns:a{n}="x"' for n in range(50_000))),
        400,
        "XML_TOO_MANY_NAMESPACES",
    ),
    "elements": (document(NINE + "<a/>" * 201_801), 400, "XML_TOO_MANY_ELEMENTS"),
    "elements after an XML declaration": (
        b'<?xml version="1.0" encoding="UTF-8"?>' + document(NINE + "<a/>" * 201_801),
        400,
        "XML_TOO_MANY_ELEMENTS",
    ),
    "100,000 comments": (document(NINE + "<!---->" * 100_000), 400, "XML_TOO_MANY_COMMENTS"),
    "stylesheet": (f'<?xml-stylesheet href="http://127.0.0.1/x"?>{BODY}'.encode(), 400, "XML_PI_FORBIDDEN"),
    "PI inside": (document(f"{NINE}<?php x?>"), 400, "XML_PI_FORBIDDEN"),
    "PI after": (BODY.encode() + b"<?x?>", 400, "XML_PI_FORBIDDEN"),
    "XInclude": (
        document(f'{NINE}<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
        400,
        "XML_XINCLUDE_FORBIDDEN",
    ),
    "xsi:type": (
        document(f'<FunctionCode xmlns:x="{XSI}" x:type="Code_9_13_14">9</FunctionCode>'),
        400,
        "XML_XSI_FORBIDDEN",
    ),
    "xsi:nil": (document(f'<FunctionCode xmlns:x="{XSI}" x:nil="true"/>'), 400, "XML_XSI_FORBIDDEN"),
    "long value": (document(f"{NINE}<TypeCode>{'x' * 65_537}</TypeCode>"), 400, "XML_VALUE_TOO_LONG"),
    "long attribute": (document(NINE, f' a="{"x" * 1_025}"'), 400, "XML_VALUE_TOO_LONG"),
    "truncated": (BODY.encode()[:-5], 400, "XML_NOT_WELL_FORMED"),
    "two roots": (BODY.encode() * 2, 400, "XML_NOT_WELL_FORMED"),
    "junk after": (BODY.encode() + b"junk", 400, "XML_NOT_WELL_FORMED"),
    "duplicate attribute": (document(NINE, ' a="1" a="2"'), 400, "XML_NOT_WELL_FORMED"),
    "same attribute through two prefixes": (
        document(NINE, ' xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"'),
        400,
        "XML_NOT_WELL_FORMED",
    ),
    "undeclared prefix": (document(f"{NINE}<p:a/>"), 400, "XML_NOT_WELL_FORMED"),
    "prefix xml bound anew": (document(NINE, ' xmlns:xml="urn:x"'), 400, "XML_NOT_WELL_FORMED"),
    "HTML": (b"<html><body>hello</body></html>", 422, "UNKNOWN_DOCUMENT_TYPE"),
    "SOAP": (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', 422, "UNKNOWN_DOCUMENT_TYPE"),
    "no namespace": (f"<Declaration>{NINE}</Declaration>".encode(), 422, "UNKNOWN_DOCUMENT_TYPE"),
    "foreign namespace": (BODY.replace("DEC-DMS:2", "DEC-DMS:3").encode(), 422, "UNKNOWN_DOCUMENT_TYPE"),
    "foreign declaration in the envelope": (
        f'<MetaData xmlns="{MD}"><Declaration>{NINE}</Declaration></MetaData>'.encode(),
        422,
        "UNKNOWN_DOCUMENT_TYPE",
    ),
    "response": (
        f'<MetaData xmlns="{MD}"><Response xmlns="urn:wco:datamodel:WCO:RES-DMS:2"/></MetaData>'.encode(),
        422,
        "UNKNOWN_DOCUMENT_TYPE",
    ),
    "empty envelope": (f'<MetaData xmlns="{MD}"/>'.encode(), 422, "SCHEMA_INVALID"),
    "foreign child": (document(f'{NINE}<a xmlns="urn:x"/>'), 422, "SCHEMA_INVALID"),
    "prefix bound anew inside": (
        f'<d:Declaration xmlns:d="{DEC}"><d:FunctionCode xmlns:d="urn:x">9</d:FunctionCode></d:Declaration>'.encode(),
        422,
        "SCHEMA_INVALID",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_or_foreign_message_is_refused_with_its_code(case: str) -> None:
    content, status, code = REFUSED[case]
    assert answer(content) == (status, code)


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_quickly(case: str) -> None:
    content = REFUSED[case][0]
    limit = 0.3 + len(content) / 1_000_000
    assert least_seconds(lambda: answer(content), enough=limit) < limit


def test_a_message_beyond_the_size_limit_is_refused() -> None:
    assert answer(b" " * 101, Limits(body_bytes=100)) == (413, "PAYLOAD_TOO_LARGE")


def test_a_message_at_the_size_limit_is_read() -> None:
    content = document()
    assert answer(content, Limits(body_bytes=len(content))) == (202, "")


def test_depth_32_is_read_and_judged_by_the_schema() -> None:
    assert answer(document("<a>" * 31 + "</a>" * 31)) == (422, "UNKNOWN_FIELD")


ACCEPTED = {
    "byte order mark": b"\xef\xbb\xbf" + BODY.encode(),
    "XML declaration": b"<?xml version='1.0' encoding='utf-8' standalone='no' ?>\n" + BODY.encode(),
    "US-ASCII": b'<?xml version="1.0" encoding="US-ASCII"?>' + BODY.encode(),
    "DOCTYPE in a comment": document(f"{NINE}<!-- <!DOCTYPE d> <?x?> -->"),
    "type in a comment": document(f"{NINE}<!-- see x:type -->"),
    "schema location": document(NINE, f' xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x http://127.0.0.1:1/x.xsd"'),
    "no-namespace schema location": document(NINE, f' xmlns:x="{XSI}" x:noNamespaceSchemaLocation="/etc/passwd"'),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_harmless_oddity_is_accepted(case: str) -> None:
    assert answer(ACCEPTED[case]) == (202, "")


def test_a_comment_inside_a_value_does_not_cut_it() -> None:
    content = document(f"{NINE}<FunctionalReferenceID>GB123<!-- -->456</FunctionalReferenceID>")
    assert read_xml(content).declaration.lrn == "GB123456"


def test_a_cdata_section_is_text() -> None:
    content = document(f"{NINE}<FunctionalReferenceID>A<![CDATA[<!DOCTYPE>]]>B</FunctionalReferenceID>")
    assert read_xml(content).declaration.lrn == "A<!DOCTYPE>B"


def test_elements_in_comments_do_not_count_as_elements() -> None:
    content = document(f"{NINE}<!-- {'<a/>' * 300} -->")
    assert answer(content, Limits(items=-9)) == (202, "")


def test_a_refusal_tells_no_path_of_ours() -> None:
    with pytest.raises(Refused) as refusal:
        read_xml(b"<a>")
    assert "/" not in refusal.value.text


def test_a_valid_declaration_with_999_items_is_read_in_time() -> None:
    item = "<GovernmentAgencyGoodsItem><SequenceNumeric>{}</SequenceNumeric></GovernmentAgencyGoodsItem>"
    items = "".join(item.format(n) for n in range(1, 1_000))
    content = document(f"{NINE}<GoodsShipment>{items}</GoodsShipment>")
    readings: list[Reading] = []
    assert least_seconds(lambda: readings.append(read_xml(content)), enough=0.3) < 0.3
    assert len(readings[0].declaration.items) == 999


def test_the_screen_lets_every_element_of_the_model_through() -> None:
    assert answer(full_xml()) == (202, "")
