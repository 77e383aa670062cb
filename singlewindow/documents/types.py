"""The closed list of the types of documents, how the first bytes of each look, and what a document may be called.

Nothing that a machine runs is on the list. The older office formats are not either: from outside nobody can tell
whether they hold macros.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from singlewindow.declarations.faults import Refused

HEAD_BYTES: Final = 4_096
"""As many of the first bytes are compared with the type."""
LONGEST_NAME: Final = 120

_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_ARCHIVE: Final = b"PK\x03\x04"
_FIRST_NAME: Final = slice(30, None)
"""Where the first member of a ZIP file is named (APPNOTE 4.3.7)."""
_OFFICE_PARTS: Final = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"customXml/")
_UNSAFE: Final = re.compile(r'[/\\:*?"<>|;%]')


class DocumentType(NamedTuple):
    """A type: how its file names end, and whether the first bytes are those of such a document."""

    ending: str
    fits: Callable[[bytes], bool]


def _starting(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _is_text(head: bytes) -> bool:
    try:  # the head may end in the middle of a character
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(text) is None


def _text_starting(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: _is_text(head) and head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(beginnings)


def _is_office(head: bytes) -> bool:
    return head.startswith(_ARCHIVE) and head[_FIRST_NAME].startswith(_OFFICE_PARTS)


def _is_open_document(media: str) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(_ARCHIVE) and head[_FIRST_NAME].startswith(b"mimetype" + media.encode())


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."
TYPES: Final[Mapping[str, DocumentType]] = MappingProxyType({
    "application/pdf": DocumentType(".pdf", _starting(b"%PDF-")),
    "image/jpeg": DocumentType(".jpg", _starting(b"\xff\xd8\xff")),
    "image/png": DocumentType(".png", _starting(b"\x89PNG\r\n\x1a\n")),
    "image/tiff": DocumentType(".tif", _starting(b"II*\x00", b"MM\x00*")),
    "application/xml": DocumentType(".xml", _text_starting(b"<")),
    "application/json": DocumentType(".json", _text_starting(b"{", b"[")),
    "text/csv": DocumentType(".csv", _is_text),
    "text/plain": DocumentType(".txt", _is_text),
    f"{_OFFICE}wordprocessingml.document": DocumentType(".docx", _is_office),
    f"{_OFFICE}spreadsheetml.sheet": DocumentType(".xlsx", _is_office),
    f"{_OPEN}text": DocumentType(".odt", _is_open_document(f"{_OPEN}text")),
    f"{_OPEN}spreadsheet": DocumentType(".ods", _is_open_document(f"{_OPEN}spreadsheet")),
})  # fmt: skip
"""By media type."""


def check_head(media: str, head: bytes) -> None:
    """Raises `Refused` if the first bytes are not those of a document of this type."""
    if not TYPES[media].fits(head):
        raise Refused("DOCUMENT_NOT_ITS_TYPE", f"The document does not begin like {media}. Name its own type.")


def file_name(given: str, media: str, sha256: str) -> str:
    """What the document is called: the last part of the name given, harmless everywhere, with the type's ending."""
    ending = TYPES[media].ending
    last = re.split(r"[/\\]", given)[-1]
    kept = _UNSAFE.sub("_", last).strip(". ").removesuffix(ending)[: LONGEST_NAME - len(ending)]
    return (kept or sha256[:12]) + ending
