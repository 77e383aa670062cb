"""Supporting documents for tests, and whoever gives them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from singlewindow.clearance.context import ClearanceContext
from tests.integration.conftest import Caller
from tests.integration.documents import PISTOLS, tree

PDF: Final = "application/pdf"
LICENCE: Final = b"%PDF-1.7\nA licence for two pistols.\n%%EOF\n"


def two_items(lrn: str = "LRN1") -> dict[str, Any]:
    """A declaration of hand tools in item 1, with an invoice, and of pistols in item 2."""
    declared = tree(lrn, GoodsItemQuantity="2", TotalPackageQuantity="2")
    (tools,) = declared["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    (pistols,) = tree(commodity=PISTOLS, description="Pistols")["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    invoice = {"CategoryCode": "N", "TypeCode": "935", "ID": "INVOICE-9", "LPCOExemptionCode": "GE"}
    both = [tools | {"AdditionalDocument": [invoice]}, pistols | {"SequenceNumeric": "2"}]
    declared["GoodsShipment"]["GovernmentAgencyGoodsItem"] = both
    return declared


def sha256_of(content: bytes) -> str:
    """Its name."""
    return hashlib.sha256(content).hexdigest()


def path_of(mrn: str, content: bytes, agency: str = "") -> str:
    """Its address, that of an officer's file if an agency is named."""
    start = f"/v1/agencies/{agency}" if agency else "/v1"
    return f"{start}/declarations/{mrn}/documents/{sha256_of(content)}"


def give(caller: Caller, mrn: str, content: bytes = LICENCE, agency: str = "", **sent: Any) -> Any:
    """Give a document, a PDF where `content_type` says no other."""
    media = sent.pop("content_type", PDF)
    address = sent.pop("path", None) or path_of(mrn, content, agency)
    return caller.call("PUT", address, data=content, content_type=media, query_string=sent)


def download(caller: Caller, path: str, method: str = "GET") -> Any:
    """Download a document, whole; as a server would, the test's client then lets go of its file."""
    return caller.call(method, path, buffered=True)


def stored(context: ClearanceContext) -> list[str]:
    """The names of all files that are kept, and of those that wait."""
    folder = Path(context.settings.sw_documents)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
