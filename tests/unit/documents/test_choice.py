"""The settings choose the store and the scanner."""

from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.bootstrap.documents import build_scanner, build_store
from singlewindow.documents.s3 import BucketStore
from singlewindow.documents.scanner import CommandScanner, IcapScanner, NoScanner
from singlewindow.documents.store import FolderStore
from singlewindow.settings import Settings


def test_documents_are_kept_in_the_data_folder_or_where_the_setting_says(tmp_path: Path) -> None:
    own, named = build_store(Settings(sw_data=str(tmp_path))), build_store(Settings(sw_documents=str(tmp_path / "x")))
    assert (own.waiting, named.waiting) == (tmp_path / "documents" / "incoming", tmp_path / "x" / "incoming")
    assert {type(own), type(named)} == {FolderStore}
    assert list(tmp_path.iterdir()) == [], "nothing is written before the first document"


def test_a_bucket_has_a_private_folder_of_this_process_beside_it() -> None:
    stores = [build_store(Settings(sw_documents="s3://papers/documents")) for _ in range(2)]
    assert {type(store) for store in stores} == {BucketStore}
    assert stores[0].waiting != stores[1].waiting
    for store in stores:
        assert store.waiting.stat().st_mode & 0o077 == 0
        store.waiting.rmdir()


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("", NoScanner), ("clamdscan --fdpass", CommandScanner), ("icap://127.0.0.1:1344/avscan", IcapScanner)],
)
def test_the_scanner_is_a_command_or_a_service_or_none(setting: str, kind: type) -> None:
    assert type(build_scanner(Settings(sw_scanner=setting))) is kind
