from __future__ import annotations

import json

import pytest

from singlewindow.audit.chain import EMPTY, STREAMS
from singlewindow.audit.checkpoint import Signer, new_key, read_checkpoints
from tests.unit.audit.trails import SIGNER, filled

LINE = filled(20).kept[0].line


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    trail = filled(20)
    (read,) = read_checkpoints([b"", trail.kept[0].line + b"\r\n"], [SIGNER.public])
    assert read == trail.kept[0]
    assert read.statement.heads == trail.heads()


def test_checkpoints_name_the_one_before_them() -> None:
    trail = filled(20)
    first, second = trail.kept[0], trail.sign()
    assert (first.statement.previous, second.statement.previous) == (None, first.digest)


@pytest.mark.parametrize("place", range(0, len(LINE), 7))
def test_a_checkpoint_with_any_byte_changed_is_refused(place: int) -> None:
    changed = bytearray(LINE)
    changed[place] ^= 1
    with pytest.raises(ValueError, match="Line 1 of the checkpoints"):
        read_checkpoints([bytes(changed)], [SIGNER.public])


def test_a_checkpoint_signed_with_another_key_is_refused() -> None:
    forged = filled(20)
    forged.kept.clear()
    forged.sign(Signer(new_key()))
    with pytest.raises(ValueError, match="was not given"):
        read_checkpoints([forged.kept[0].line], [SIGNER.public])


def test_the_key_that_a_checkpoint_names_must_be_the_one_that_signed_it() -> None:
    made = SIGNER.sign(1, 0, [EMPTY] * STREAMS, None)
    statement = json.loads(made.signed) | {"key": Signer(new_key()).public}
    line = made.signature.hex().encode() + b"\t" + json.dumps(statement).encode()
    with pytest.raises(ValueError, match="does not fit"):
        read_checkpoints([line], [])


@pytest.mark.parametrize("lines", [[], [b"", b"\n"], [b"hello"], [b"00\t{}"], [LINE, LINE[:-1]]])
def test_what_is_no_file_of_checkpoints_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        read_checkpoints(lines, [])


@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="`singlewindow audit keygen FILE`") as refused:
        Signer(text)
    assert "secret" not in str(refused.value)
    assert "AAAA" not in str(refused.value)


def test_a_key_written_and_read_again_is_the_same_key() -> None:
    pem = new_key()
    assert Signer(pem).public == Signer(pem).public != Signer(new_key()).public


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "file", [MARK + LINE + b"\n", LINE + b"\r\n", MARK + LINE + b"\r\n\r\n", MARK + LINE + b"\r\n" + MARK + LINE, LINE]
)
def test_checkpoints_that_came_through_windows_are_read_as_they_were(file: bytes) -> None:
    assert {read.line for read in read_checkpoints(file.splitlines(keepends=True), [SIGNER.public])} == {LINE}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", [b"", LINE + b"\r\n"])
def test_checkpoints_in_utf_16_are_told_how_to_be_turned_back(before: bytes, encoding: str) -> None:
    file = before + (LINE.decode() + "\r\n").encode(encoding)
    with pytest.raises(ValueError, match=r"The file of checkpoints is in UTF-16: .* Set-Content -Encoding utf8"):
        read_checkpoints(file.splitlines(), [])
