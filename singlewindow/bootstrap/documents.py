"""Chooses the store of supporting documents, and the scanner that looks into them."""

from __future__ import annotations

import shlex
import tempfile
import threading
from pathlib import Path

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.documents.give import Reception
from singlewindow.documents.scanner import CommandScanner, IcapScanner, NoScanner, Scanner
from singlewindow.documents.store import DocumentStore, FolderStore
from singlewindow.settings import Settings

S3, ICAP = "s3://", "icap://"


def build_reception(context: ClearanceContext) -> Reception:
    """What receives documents; raises ValueError if a setting cannot be used."""
    settings = context.settings
    places = threading.BoundedSemaphore(settings.sw_documents_at_once)
    return Reception(context, build_store(settings), build_scanner(settings), places)


def build_store(settings: Settings) -> DocumentStore:
    """The store that SW_DOCUMENTS names; nothing is written before the first document."""
    if settings.sw_documents.startswith(S3):
        from singlewindow.documents.s3 import BucketStore  # noqa: PLC0415 - nobody else needs its library

        return BucketStore(settings.sw_documents, Path(tempfile.mkdtemp(prefix="singlewindow-")))
    return FolderStore(Path(settings.sw_documents or Path(settings.sw_data) / "documents"))


def build_scanner(settings: Settings) -> Scanner:
    """The scanner that SW_SCANNER names."""
    if settings.sw_scanner.startswith(ICAP):
        return IcapScanner(settings.sw_scanner, settings.sw_scanner_seconds)
    command = shlex.split(settings.sw_scanner)
    return CommandScanner(command, settings.sw_scanner_seconds) if command else NoScanner()
