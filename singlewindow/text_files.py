"""Text files that came through Windows: what was added to them on the way, and what of it means nothing.

A byte order mark before the first line and a carriage return behind each are passed over. A file that was written anew
in UTF-16 is refused in words: nothing is said of its content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

MARK: Final = b"\xef\xbb\xbf"
ENDS: Final = b"\r\n"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_TURN_BACK: Final = (
    "is in UTF-16: Windows has written it anew, as PowerShell's > and editors that save as Unicode do."
    " Fetch it again without a change (curl.exe -o FILE), or turn it back:"
    " Get-Content FILE | Set-Content -Encoding utf8 NEW"
)


def unmarked(beginning: bytes, name: str = "This file") -> bytes:
    """The beginning of a file without its byte order mark; raises ValueError where the file is in UTF-16."""
    if beginning.startswith(_UTF_16) or b"\0" in beginning[:2]:
        raise ValueError(f"{name} {_TURN_BACK}")
    return beginning.removeprefix(MARK)


def added(first_line: bytes) -> list[str]:
    """What Windows has added to a file with this first line, in words; nothing of it changes what the file says."""
    found = {"a byte order mark": first_line.startswith(MARK), "line ends of Windows (CRLF)": first_line.endswith(ENDS)}
    return [words for words, there in found.items() if there]


def read_text(path: Path, name: str) -> str:
    """A small text in UTF-8 without what Windows has added; raises ValueError, which never shows the text."""
    content = unmarked(path.read_bytes(), name)
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not in UTF-8; save it so, or make it again") from None
