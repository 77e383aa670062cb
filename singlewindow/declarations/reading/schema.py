"""Parses XML with everything dangerous switched off, and lets the XSD decide.

The compiled schema and the parsers are kept, because they are expensive to make.
"""

from __future__ import annotations

import threading
from functools import cache

from lxml import etree

from singlewindow.declarations.elements import DRIVER, SCHEMAS
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.message import Limits
from singlewindow.declarations.reading.screen import not_well_formed

_WIDE = 2_000
"""More siblings than even the largest ordinary declaration has."""
_SMALL = 20_000
"""A message of up to this many bytes is checked quickly, whatever is wrong with it."""

_WORDS = {
    "ERR_TAG_NAME_MISMATCH": "An end tag does not match its start tag.",
    "ERR_TAG_NOT_FINISHED": "The document ends before all elements are closed.",
    "ERR_HYPHEN_IN_COMMENT": "A comment contains two hyphens in a row.",
    "ERR_COMMENT_NOT_FINISHED": "A comment is not closed.",
    "ERR_DOCUMENT_END": "Something follows the root element.",
    "ERR_DOCUMENT_EMPTY": "It does not start with an element.",
    "ERR_UNDECLARED_ENTITY": "It uses an entity that XML does not define.",
    "WAR_UNDECLARED_ENTITY": "It uses an entity that XML does not define.",
    "ERR_ATTRIBUTE_REDEFINED": "An attribute is given twice.",
    "NS_ERR_UNDEFINED_NAMESPACE": "A namespace prefix is not declared.",
    "ERR_INVALID_CHAR": "It contains a character that XML does not allow.",
    "ERR_INVALID_CHARREF": "A character reference names a character that XML does not allow.",
}


class _PerThread(threading.local):
    """One parser for each reading thread: parsers are cheap, and may not be safe for two threads at once."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities="internal",
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            recover=False,
            remove_comments=True,
            remove_pis=True,
        )


_here = _PerThread()
_validating = threading.Lock()


@cache
def _compiled_schema() -> etree.XMLSchema:
    """The compiled schema, to be used by one thread at a time.

    There is only one: it is several megabytes, and with one for each thread it would never stay in the cache.
    """
    return etree.XMLSchema(file=str(SCHEMAS / DRIVER))


@cache
def _judging_parser() -> etree.XMLParser:
    return etree.XMLParser(encoding="utf-8", no_network=True, huge_tree=False, schema=_compiled_schema())


def parse(content: bytes, limits: Limits) -> etree._Element:
    """The root of a screened document; raises `Refused` if it is not well-formed or deeper than any parser."""
    try:
        return etree.fromstring(content, _here.parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:  # the fault is ours, not the message's
            raise MemoryError from None
        raise _parse_refusal(error, limits) from None


def _parse_refusal(error: etree.XMLSyntaxError, limits: Limits) -> Refused:
    line, column = error.position
    code = error.code
    if "depth" in str(error.msg):
        return Refused("XML_TOO_DEEP", f"The message nests elements more than {limits.depth} deep.", line)
    if code in (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG):
        return Refused("XML_VALUE_TOO_LONG", "The message has a value or a name that is too long.", line)
    name = next((word for word in _WORDS if getattr(etree.ErrorTypes, word, None) == code), "")
    words = _WORDS.get(name, "The markup is broken.")
    return not_well_formed(f"Line {line}, column {column}: {words}", line)


def is_valid(root: etree._Element, size: int = 0) -> bool:
    """Whether the XSD accepts the document; `size` are the bytes of the message, if a stranger has written it.

    lxml looks up the place of every fault among its siblings, so a flood of wrong siblings would cost its square.
    """
    if size > _SMALL and any(len(element) > _WIDE for element in root.iter(etree.Element)):
        return is_valid_as_text(root)
    with _validating:
        return bool(_compiled_schema().validate(root))


def is_valid_as_text(root: etree._Element) -> bool:
    """The same, checked while the document is parsed once more, so that faults have no places."""
    try:
        with _validating:
            etree.fromstring(etree.tostring(root, encoding="utf-8"), _judging_parser())
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        return False
    return True


def schema_complaints(root: etree._Element) -> list[tuple[int, str]]:
    """The XSD's own complaints, as (line, words): the safety net if our explanation finds nothing."""
    with _validating:
        _compiled_schema().validate(root)
        return [(entry.line, str(entry.message)) for entry in _compiled_schema().error_log]
