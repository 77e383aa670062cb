"""Lodging: examines a message, prepares it, and stores it; used by every way in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Engine

from singlewindow.access.keys import Caller
from singlewindow.clearance.lodging.admission import (
    Quotas,
    Register,
    is_refusal,
    need_quota,
    not_admitted,
    not_here,
    of_lodger,
)
from singlewindow.clearance.lodging.group_commit import PATIENCE_SECONDS, GroupCommit
from singlewindow.clearance.lodging.preparation import Prepared, Rules, prepare_message
from singlewindow.clearance.lodging.sandboxed_reader import SandboxedReader, is_large
from singlewindow.clearance.lodging.store import Lodgement, Message, Stored, stands_already
from singlewindow.declarations.amending.requests import Request
from singlewindow.declarations.canonical import fingerprint
from singlewindow.declarations.faults import FAULTS_SHOWN, FaultReport, Found, Severity
from singlewindow.declarations.reading.message import Media
from singlewindow.declarations.validation import describe_fault
from singlewindow.declarations.writing.binding import other_form


@dataclass(frozen=True)
class Examined:
    """A message with its faults; those that forbid its sender to lodge it come first."""

    prepared: Prepared
    faults: Sequence[FaultReport]

    @property
    def forbidding(self) -> list[FaultReport]:
        """The hard faults, which forbid lodging it."""
        return [fault for fault in self.faults if fault.severity is Severity.HARD]

    @property
    def warnings(self) -> list[FaultReport]:
        """The warnings, which do not."""
        return [fault for fault in self.faults if fault.severity is Severity.WARNING]

    @property
    def found(self) -> Found:
        """The faults that an answer shows."""
        total = self.prepared.total + len(self.faults) - len(self.prepared.faults)
        return Found(self.faults[:FAULTS_SHOWN], total)


@dataclass(frozen=True)
class Requested:
    """A message that asks something about a declaration that was lodged before."""

    message: Message
    caller: Caller
    request: Request


@dataclass(frozen=True)
class Lodging:
    """The one way from bytes to a stored declaration; threads may share it."""

    engine: Engine
    rules: Rules
    sandbox: SandboxedReader
    register: Register
    quotas: Quotas
    writer: GroupCommit

    def examine(self, message: Message, caller: Caller, *, lodging: bool = False) -> Examined:
        """Whether this caller could lodge a message, and its faults; raises `Refused` or `Busy`.

        With `lodging`, also prepares what storing it needs. Nothing is stored.
        """
        prepared = self._prepare_message(message.content, message.media, lodging)
        header = prepared.header
        refusals = of_lodger(header.type_code, header.parties, caller, self.register)
        own = [describe_fault(refusal, header.enveloped) for refusal in refusals]
        return Examined(prepared, [*own, *prepared.faults])

    def examine_content(self, message: Message, caller: Caller | None) -> Examined:
        """A message with its faults, made ready to be stored; without a caller, whoever sends it."""
        if caller is not None:
            return self.examine(message, caller, lodging=True)
        prepared = self._prepare_message(message.content, message.media, lodging=True)
        return Examined(prepared, prepared.faults)

    def receive(self, message: Message, caller: Caller) -> Lodgement | Requested:
        """A declaration ready to be stored, or a request about one.

        Raises `Refused` if it cannot be read, `NotAdmitted`, or `Busy`.
        """
        examined = self.examine(message, caller, lodging=True)
        request = examined.prepared.request
        if request is not None and not examined.forbidding:
            return Requested(message, caller, request)
        return self._ready(message, caller, examined)

    def prepare(self, message: Message, caller: Caller) -> Lodgement:
        """A declaration ready to be stored; raises as `receive` does, and `NotAdmitted` for a request."""
        received = self.receive(message, caller)
        if isinstance(received, Requested):
            raise not_here()
        return received

    def _ready(self, message: Message, caller: Caller, examined: Examined) -> Lodgement:
        lodgement = Lodgement(
            caller, message, examined.prepared, fingerprint(examined.prepared.form), examined.warnings
        )
        forbidding = examined.forbidding
        if forbidding and not self._was_taken_before(lodgement, forbidding):
            raise not_admitted(forbidding, examined.found)
        need_quota(caller, self.quotas)
        return lodgement

    def _was_taken_before(self, lodgement: Lodgement, forbidding: Sequence[FaultReport]) -> bool:
        """Whether it was lodged under earlier rules: sent again, it gets its first answer despite new rules."""
        if not lodgement.prepared.form or any(is_refusal(fault.rule) for fault in forbidding):
            return False
        return stands_already(self.engine, lodgement.key, lodgement.content_sha256)

    def submit(self, lodgement: Lodgement) -> Future[Stored]:
        """Put a lodgement in line to be stored; `GroupCommit.submit` says how long to wait for its promise."""
        return self.writer.submit(lodgement)

    def store(self, lodgement: Lodgement) -> Stored:
        """Store a lodgement durably, once; raises the database's error or TimeoutError."""
        return self.submit(lodgement).result(PATIENCE_SECONDS)

    def other_form(self, content: bytes, media: Media) -> bytes:
        """A stored JSON document in XML, or the other way round; large ones are read in a process of their own."""
        if is_large(content):
            return self.sandbox.other_form(content, media)
        return other_form(content, media, self.rules.limits)

    def _prepare_message(self, content: bytes, media: Media, lodging: bool) -> Prepared:
        if is_large(content):
            return self.sandbox.prepare_message(content, media, lodging)
        return prepare_message(content, media, self.rules, lodging)
