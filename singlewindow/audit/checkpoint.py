"""Checkpoints: a signed statement of where every stream ends, which the auditor keeps out of the operator's reach.

A checkpoint is one line: the Ed25519 signature in hexadecimal, a tab, and the signed bytes, which are the statement in
JSON. A file of checkpoints holds one such line for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final, Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from singlewindow.audit.chain import STREAMS, Head
from singlewindow.text_files import without_mark

FORMAT: Final = "singlewindow checkpoint 1"
FILE: Final = "The file of checkpoints"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the streams ended at the moment `at` (microseconds since 1970 UTC), in the order of the streams.

    `previous` is the SHA-256 of the statement before this one, `key` the public key that this one is signed with, both
    in hexadecimal.
    """

    format: Literal["singlewindow checkpoint 1"] = FORMAT
    number: int
    at: int
    heads: list[Head]
    previous: str | None
    key: str

    def __post_init__(self) -> None:
        """Refuse a statement about other streams than ours."""
        if len(self.heads) != STREAMS:
            raise ValueError(f"it names {len(self.heads)} streams, but there are {STREAMS}")


class Checkpoint(NamedTuple):
    """A statement, its signed bytes, and the signature."""

    statement: Statement
    signed: bytes
    signature: bytes

    @property
    def line(self) -> bytes:
        """The checkpoint as the auditor gets it, without a line break."""
        return self.signature.hex().encode() + b"\t" + self.signed

    @property
    def digest(self) -> str:
        """The digest that the next checkpoint has as its `previous`."""
        return hashlib.sha256(self.signed).hexdigest()


class Signer:
    """The private key that signs checkpoints."""

    def __init__(self, pem: str) -> None:
        """Read a key as `new_key` writes it; raises ValueError, which never quotes it, if it is not one."""
        try:
            key = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("SW_AUDIT_KEY holds no Ed25519 key in PEM. `singlewindow audit keygen FILE` makes one")
        self._key = key
        self.public = public_of(key)

    def sign(self, number: int, at: int, heads: list[Head], previous: Checkpoint | None) -> Checkpoint:
        """The checkpoint with this number."""
        before = previous.digest if previous else None
        statement = Statement(number=number, at=at, heads=heads, previous=before, key=self.public)
        signed = msgspec.json.encode(statement)
        return Checkpoint(statement, signed, self._key.sign(signed))


def new_key() -> str:
    """A new private key in PEM."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_of(key: Ed25519PrivateKey) -> str:
    """The public key in hexadecimal, in the form that the auditor gets."""
    return key.public_key().public_bytes_raw().hex()


def read_checkpoints(lines: Iterable[bytes], keys: Collection[str]) -> list[Checkpoint]:
    """The checkpoints of a file, by number; empty lines, and what Windows adds to lines, are ignored.

    `keys` are the trusted public keys; without them, each checkpoint is checked with the key that it names. Raises
    ValueError for a line that is not a checkpoint, or is not signed with a trusted key.
    """
    numbered = enumerate(lines, start=1)
    found = [_read_line(text, number, keys) for number, line in numbered if (text := without_mark(line, FILE).strip())]
    if not found:
        raise ValueError("The file holds no checkpoint")
    return sorted(found, key=lambda checkpoint: checkpoint.statement.number)


def _read_line(line: bytes, number: int, keys: Collection[str]) -> Checkpoint:
    try:
        return read_checkpoint(line, keys)
    except ValueError as error:
        raise ValueError(f"Line {number} of the checkpoints: {error}") from error


def read_checkpoint(line: bytes, keys: Collection[str] = ()) -> Checkpoint:
    """One checkpoint, its signature checked; raises ValueError as `read_checkpoints` does."""
    head, _, signed = line.partition(b"\t")
    try:
        signature = bytes.fromhex(head.decode())
        statement = msgspec.json.decode(signed, type=Statement)
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(statement.key))
    except (ValueError, msgspec.MsgspecError) as error:
        raise ValueError(f"this is not a checkpoint ({error})") from error
    if keys and statement.key not in keys:
        raise ValueError(f"checkpoint {statement.number} is signed with the key {statement.key}, which was not given")
    try:
        public.verify(signature, signed)
    except InvalidSignature:
        raise ValueError(f"the signature of checkpoint {statement.number} does not fit: it was altered") from None
    return Checkpoint(statement, signed, signature)
