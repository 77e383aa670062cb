"""Refuses hostile messages before anything is built from them, and costs an ordinary message a few microseconds.

The bytes show size, compression, encoding, document types, processing instructions, and floods. What only the tree
shows (depth, attributes, xsi:type, XInclude) is checked after the hardened parse, and in full only if the schema
refuses the document, because no valid document can hold it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from singlewindow.declarations.elements import INSTANCE_NAMESPACE
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.message import Limits

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(["'])(?P<version>[0-9.]{1,8})\1"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(["'])(?P<encoding>[A-Za-z][A-Za-z0-9._-]{0,40})\3)?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(["'])(?:yes|no)\5)?[ \t\r\n]*\?>"""
)
_MARKUP = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE|<\?")
_FORBIDDEN = re.compile(rb"<!DOCTYPE|<\?")
_INSTANCE = re.compile(rb":type|:nil")
_COMMENT_BYTES = len("<!---->")
_ELEMENT_BYTES = len("<a/>")
_XINCLUDE = "{http://www.w3.org/2001/XInclude}"
_FORBIDDEN_INSTANCE = (f"{{{INSTANCE_NAMESPACE}}}type", f"{{{INSTANCE_NAMESPACE}}}nil")


class Screened(NamedTuple):
    """The bytes to parse, and whether the tree has to be walked before the schema may see it."""

    content: bytes
    suspect: bool


def screen_bytes(content: bytes, limits: Limits) -> bytes:
    """Check any message: its size, not empty, not compressed, in UTF-8; returns it without byte order mark.

    Raises `Refused`: PAYLOAD_TOO_LARGE, EMPTY_BODY or COMPRESSED_BODY, ENCODING_NOT_UTF8.
    """
    if len(content) > limits.body_bytes:
        raise Refused("PAYLOAD_TOO_LARGE", f"The message has more than {limits.body_bytes:,} bytes. Split it.")
    if content.startswith(_COMPRESSED):
        raise Refused("COMPRESSED_BODY", "The message is compressed. Send it as plain XML or JSON.")
    if b"\0" in content[:4]:
        raise _not_utf8("It looks like UTF-16 or UTF-32.")
    try:
        if not content.isascii():
            content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(f"Byte {error.start + 1} does not belong to a character.") from None
    if not content.removeprefix(_BYTE_ORDER_MARK).lstrip(b" \t\r\n"):
        raise Refused("EMPTY_BODY", "The message is empty. Send a declaration in its body.")
    return content.removeprefix(_BYTE_ORDER_MARK)


def screen_xml(content: bytes, limits: Limits) -> Screened:
    """Check the bytes of an XML document; returns what is to be parsed, without byte order mark.

    Raises `Refused`, also if the XML declaration names another encoding than UTF-8.
    """
    content = screen_bytes(content, limits)
    if b"\0" in content:
        raise not_well_formed("It holds a NUL character.")
    start = _screen_declaration(content)
    suspect = bool(_FORBIDDEN.search(content, start) or _INSTANCE.search(content, start))
    # A message that is too short for a flood is not counted.
    many_comments = len(content) > _COMMENT_BYTES * limits.comments and content.count(b"<!--") > limits.comments
    if suspect or many_comments:
        _screen_markup(content, start, limits)
    if len(content) > _ELEMENT_BYTES * limits.elements:
        _screen_elements(content, start, limits)
    return Screened(content, suspect or content.count(b"xmlns") > limits.namespaces)


def _not_utf8(detail: str) -> Refused:
    return Refused("ENCODING_NOT_UTF8", f"The message is not UTF-8. {detail} Send it in UTF-8.")


def not_well_formed(detail: str, line: int | None = None) -> Refused:
    """The refusal of a document that is no XML at all."""
    text = f"The message is not well-formed XML. {detail} Correct it and send it again."
    return Refused("XML_NOT_WELL_FORMED", text, line)


def _screen_declaration(content: bytes) -> int:
    """Where the document continues after its XML declaration, which must be of version 1.0 and UTF-8."""
    if not content.startswith(b"<?xml") or content[5:6] not in (b" ", b"\t", b"\r", b"\n"):
        if content.lstrip(b" \t\r\n").startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n")):
            raise not_well_formed("Nothing may come before the XML declaration.", line=1)
        return 0
    found = _DECLARATION.match(content)
    if not found:
        raise not_well_formed("Its XML declaration is broken.", line=1)
    if found["version"] == b"1.1":
        raise Refused("XML_VERSION_UNSUPPORTED", "The message is XML 1.1. Send XML 1.0.", 1)
    if found["version"] != b"1.0":
        raise not_well_formed("Its XML declaration names a version other than 1.0.", line=1)
    if found["encoding"] and found["encoding"].lower() not in (b"utf-8", b"us-ascii"):
        raise _not_utf8("Its XML declaration names another encoding.")
    return found.end()


def _screen_markup(content: bytes, start: int, limits: Limits) -> None:
    """Skip comments and CDATA sections, which may hold anything; only what is outside counts."""
    comments = 0
    while found := _MARKUP.search(content, start):
        line = content.count(b"\n", 0, found.start()) + 1 if found[0] in (b"<!DOCTYPE", b"<?") else None
        if found[0] == b"<!DOCTYPE":
            raise Refused("XML_DTD_FORBIDDEN", "The message has a document type declaration. Remove it.", line)
        if found[0] == b"<?":
            raise Refused("XML_PI_FORBIDDEN", "The message has a processing instruction. Remove it.", line)
        comments += found[0] == b"<!--"
        if comments > limits.comments:
            raise Refused("XML_TOO_MANY_COMMENTS", f"The message has more than {limits.comments:,} comments.")
        end = content.find(b"-->" if found[0] == b"<!--" else b"]]>", found.end())
        if end < 0:
            return
        start = end + 3


def _screen_elements(content: bytes, start: int, limits: Limits) -> None:
    """Count the ends of elements again, outside comments and CDATA sections."""
    ends = 0
    while start >= 0:
        found = _MARKUP.search(content, start)
        stop = found.start() if found else len(content)
        ends += content.count(b"</", start, stop) + content.count(b"/>", start, stop)
        if ends > limits.elements:
            text = f"The message has more than {limits.elements:,} elements. Split it."
            raise Refused("XML_TOO_MANY_ELEMENTS", text)
        if found is None or found[0] not in (b"<!--", b"<![CDATA["):
            return
        start = content.find(b"-->" if found[0] == b"<!--" else b"]]>", found.end())


def screen_suspect(root: etree._Element, limits: Limits) -> None:
    """Check what even a valid document might hold: xsi:type, xsi:nil, floods of namespaces; raises `Refused`."""
    for element in root.iter(etree.Element):
        _screen_attributes(element, limits)
        if len(element.nsmap) > limits.namespaces:
            raise Refused("XML_TOO_MANY_NAMESPACES", "The message declares too many namespaces.")


def _screen_attributes(element: etree._Element, limits: Limits) -> None:
    # len() counts along the list of attributes; reading them one by one would be quadratic in a flood.
    attributes = element.attrib
    if not attributes:
        return
    line = element.sourceline
    if len(attributes) > limits.attributes:
        text = f"An element has more than {limits.attributes} attributes."
        raise Refused("XML_TOO_MANY_ATTRIBUTES", text, line)
    if any(name in attributes for name in _FORBIDDEN_INSTANCE):
        raise Refused("XML_XSI_FORBIDDEN", "The message uses xsi:type or xsi:nil. Remove them.", line)
    if any(len(value) > limits.attribute_characters for value in attributes.values()):
        text = f"An attribute has more than {limits.attribute_characters:,} characters."
        raise Refused("XML_VALUE_TOO_LONG", text, line)


def screen_tree(root: etree._Element, limits: Limits) -> None:
    """Check what no valid document holds; called if the schema has refused it, before its faults are explained.

    Raises `Refused`: XML_TOO_DEEP, XML_XINCLUDE_FORBIDDEN, XML_VALUE_TOO_LONG, XML_TOO_MANY_ATTRIBUTES.
    """
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > limits.depth:
            text = f"The message nests elements more than {limits.depth} deep."
            raise Refused("XML_TOO_DEEP", text, element.sourceline)
        if str(element.tag).startswith(_XINCLUDE):
            text = "The message includes other documents by XInclude. Remove the XInclude elements."
            raise Refused("XML_XINCLUDE_FORBIDDEN", text, element.sourceline)
        _screen_attributes(element, limits)
        if len(element.text or "") > limits.text_characters:
            text = f"A value has more than {limits.text_characters:,} characters."
            raise Refused("XML_VALUE_TOO_LONG", text, element.sourceline)
