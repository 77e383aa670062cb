"""Text files that came through Windows, which may have added to them.

A byte order mark before the first line and a carriage return after each line are ignored. A file that was rewritten in
UTF-16 is refused with advice, which never quotes its content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

MARK: Final = b"\xef\xbb\xbf"
ENDS: Final = b"\r\n"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_TURN_BACK: Final = (
    "is in UTF-16: a Windows program has rewritten it, such as PowerShell's > or an editor that saves as Unicode."
    " Fetch it again unchanged (curl.exe -o FILE), or convert it back:"
    " Get-Content FILE | Set-Content -Encoding utf8 NEW"
)


def without_mark(beginning: bytes, name: str = "This file") -> bytes:
    """The beginning of a file without its byte order mark; raises ValueError if the file is in UTF-16."""
    if beginning.startswith(_UTF_16) or b"\0" in beginning[:2]:
        raise ValueError(f"{name} {_TURN_BACK}")
    return beginning.removeprefix(MARK)


def windows_additions(first_line: bytes) -> list[str]:
    """What Windows has added to a file with this first line, in words; none of it changes the meaning of the file."""
    found = {"a byte order mark": first_line.startswith(MARK), "Windows line ends (CRLF)": first_line.endswith(ENDS)}
    return [words for words, there in found.items() if there]


def read_text(path: Path, name: str) -> str:
    """A small UTF-8 text without what Windows has added; raises ValueError, which never shows the text."""
    content = without_mark(path.read_bytes(), name)
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not in UTF-8. Save it in UTF-8, or make it again") from None
