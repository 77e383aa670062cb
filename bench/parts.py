"""What the sides that we compare with share with the product: its reader, rules, routing, adapters and merge.

They differ from the product in the pipeline only: how a declaration is stored, how agencies are asked, how it is
decided. `SW_CONFIG` names the configuration, as it does for the product.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import waitress
from flask import Flask, Response, request

from adapters.contract import Adapter, View
from adapters.registry import build_adapters
from singlewindow.agencies.agency import Agency
from singlewindow.agencies.loading import load_agencies
from singlewindow.agencies.routing import Routing, route
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical, fingerprint
from singlewindow.declarations.faults import Severity
from singlewindow.declarations.mrn import make_mrn
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.intake import Media
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import describe_fault, validate
from singlewindow.risk.terms import Terms, terms_of
from singlewindow.storage.engine.ids import new_id
from singlewindow.times import today

THREADS = 16
YEAR = 2026


@dataclass(frozen=True)
class Parts:
    """The product's pure parts, loaded once a process."""

    rulebooks: Rulebooks
    agencies: dict[str, Agency]
    adapters: dict[str, Adapter]


@cache
def parts() -> Parts:
    """The parts by the configuration that `SW_CONFIG` names."""
    config = Path(os.environ["SW_CONFIG"])
    agencies = load_agencies(config / "agencies")
    return Parts(load_rulebooks(config), agencies, build_adapters(agencies))


def _terms() -> Terms:
    return terms_of(parts().rulebooks, parts().rulebooks.home, today())


@dataclass(frozen=True)
class Lodging:
    """One valid declaration, ready to be stored."""

    id: int
    mrn: str
    party: str
    lrn: str
    media: str
    received: bytes
    received_sha256: bytes
    canonical: bytes
    content_sha256: bytes
    warnings: bytes
    routing: list[Routing]

    @property
    def asked(self) -> list[Routing]:
        """The agencies that are asked, with the items their interest rests on."""
        return [entry for entry in self.routing if entry.asked]


def answer(form: bytes, mrn: str, entry: Routing) -> Assessment:
    """One agency's answer about a canonical form."""
    tree = project(decode_canonical(form), parts().agencies[entry.agency].entitlement, entry.items)
    return parts().adapters[entry.agency].assess(View(mrn, 1, tree, _terms(), entry.items))


def create_app(party_of: Callable[[str], str | None], store: Callable[[Lodging], None]) -> Flask:
    """The one route that the load needs: key, rules, store, 202."""
    app = Flask("bench")

    @app.post("/v1/declarations")
    def lodge() -> Response:
        party = party_of(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if party is None:
            return Response("unknown key", 401)
        lodging = _read(party, request.get_data(), request.content_type or "")
        if lodging is None:
            return Response("not valid", 422)
        store(lodging)
        body = msgspec.json.encode({"mrn": lodging.mrn, "lrn": lodging.lrn, "status": "lodged"})
        return Response(body, 202, content_type="application/json")

    return app


def _read(party: str, content: bytes, media: str) -> Lodging | None:
    kind = Media.JSON if media == "application/json" else Media.XML
    validated = validate(content, kind, parts().rulebooks)
    if any(fault.severity is Severity.HARD for fault in validated.faults) or not validated.declaration.lrn:
        return None
    declaration, number = validated.declaration, new_id()
    form = canonical_bytes(declaration)
    return Lodging(
        id=number,
        mrn=make_mrn(YEAR, "GB", number),
        party=party,
        lrn=declaration.lrn or "",
        media=media,
        received=content,
        received_sha256=hashlib.sha256(content).digest(),
        canonical=form,
        content_sha256=fingerprint(form),
        warnings=msgspec.json.encode([describe_fault(fault, validated.enveloped) for fault in validated.faults]),
        routing=route(parts().agencies, declaration.tree, _terms()),
    )


def serve(app: Flask, port: int) -> None:
    """Answer requests until the process is ended."""
    waitress.serve(app, host="127.0.0.1", port=port, threads=THREADS, ident=None)
