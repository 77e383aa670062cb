"""Listing and downloading supporting documents: as files to save, never as something for a browser to show."""

from __future__ import annotations

from typing import IO, cast
from urllib.parse import quote

from werkzeug.wsgi import FileWrapper

from singlewindow.access.permissions import Permission as May
from singlewindow.documents.store import CHUNK
from singlewindow.enquiries.documents import read_agency_documents, read_documents
from singlewindow.enquiries.shapes import DocumentList
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import BINARY, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route

NO_DOCUMENT = "There is no such document, or this caller may not see it"
HARMLESS = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"}


def get_documents(request: Request) -> Response:
    """What the party gave; to the auditor also what officers gave."""
    return _list(request, read_documents(request.context.engine, request.caller, request.path["mrn"]))


def get_document_bytes(request: Request) -> Response:
    """One of these."""
    return _download(request, read_documents(request.context.engine, request.caller, request.path["mrn"]))


def get_agency_documents(request: Request) -> Response:
    """The documents that the agency may read."""
    return _list(request, _of_agency(request))


def get_agency_document_bytes(request: Request) -> Response:
    """One of these."""
    return _download(request, _of_agency(request))


def _of_agency(request: Request) -> DocumentList | None:
    """None for another agency, as for one that does not exist."""
    code = request.path["code"]
    agency = request.context.agencies.get(code)
    if request.caller.agency != code or agency is None:
        return None
    return read_agency_documents(request.context.engine, agency, request.caller, request.path["mrn"])


def _list(request: Request, found: DocumentList | None) -> Response:
    if found is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    return Response(found, discloses={"mrns": [request.path["mrn"]]})


def _download(request: Request, found: DocumentList | None) -> Response:
    sha256 = request.path["sha256"]
    document = next((each for each in (found.documents if found else ()) if each.sha256 == sha256), None)
    if document is None:
        raise ProblemError("NOT_FOUND", NO_DOCUMENT)
    content = request.service.reception.store.open_document(sha256)
    headers = {
        "Content-Length": str(document.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
        "X-Document-Scan": document.scan,
        **HARMLESS,
    }
    discloses = {"mrns": [request.path["mrn"]], "documents": [sha256]}
    body = FileWrapper(cast(IO[bytes], content), CHUNK)  # which only reads and closes
    return Response(body, headers=headers, discloses=discloses)


BYTES = {"type": "string", "format": "binary"}
LIST = {200: ResponseShape("The documents, oldest first", DocumentList)}
DOWNLOAD = {200: ResponseShape("The bytes, as a file to save; `X-Document-Scan` says whether they were scanned", BYTES)}

ROUTES = (
    Route(
        method="GET", path="/v1/declarations/<mrn>/documents", handler=get_documents, permission=May.READ,
        discloses=Discloses.DOCUMENTS, summary="List the supporting documents that were given about a declaration",
        responses=LIST, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/documents/<sha256>", handler=get_document_bytes,
        permission=May.READ, discloses=Discloses.DOCUMENTS, produces=(BINARY,),
        summary="Download a supporting document", responses=DOWNLOAD, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/declarations/<mrn>/documents", handler=get_agency_documents,
        permission=May.DOCUMENTS, discloses=Discloses.DOCUMENTS,
        summary="List the supporting documents that your agency may read about a declaration",
        responses=LIST, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/declarations/<mrn>/documents/<sha256>",
        handler=get_agency_document_bytes, permission=May.DOCUMENTS, discloses=Discloses.DOCUMENTS, produces=(BINARY,),
        summary="Download one of these documents", responses=DOWNLOAD, problems=("NOT_FOUND",),
    ),
)  # fmt: skip
