"""Bodies and media types: what a request sends, and in which form it wants its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from werkzeug import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import RequestEntityTooLarge

from singlewindow.http.problems import ProblemError

UTF_8 = ("utf-8", "utf8")
CONTENT_PROBLEMS = ("UNSUPPORTED_MEDIA_TYPE", "CONTENT_ENCODING_UNSUPPORTED", "ENCODING_NOT_UTF8", "PAYLOAD_TOO_LARGE")
"""The problems of every route that reads a body."""
BODY_PROBLEMS = (*CONTENT_PROBLEMS, "EMPTY_BODY", "XML_NOT_WELL_FORMED", "JSON_MALFORMED", "UNKNOWN_DOCUMENT_TYPE")
"""The problems of every route that reads a message."""
REFUSALS = ("SCHEMA_INVALID", "UNKNOWN_FIELD", "UNKNOWN_CODE", "TOO_MANY_ITEMS", "TOTALS_MISMATCH",
            "INVALID_CHARACTERS", "VALUE_TOO_LONG", "VALUE_OUT_OF_RANGE", "INVALID_DATE", "RULE_VIOLATED",
            "NOT_SUPPORTED_YET", "PARTY_NOT_NAMED", "ACTING_FOR_REQUIRED", "DUPLICATE_LRN",
            "QUOTA_EXCEEDED")  # fmt: skip
"""The refusals of a declaration for what it says, or for who sends it."""


def acceptable_media(produces: Sequence[str], accept: MIMEAccept) -> tuple[str, ...]:
    """Those of `produces` that the Accept header prefers, all without one; raises the NOT_ACCEPTABLE problem."""
    if not accept:
        return tuple(produces)
    # Parameters such as charset=utf-8 are ignored: every answer satisfies them.
    plain = MIMEAccept([(media.partition(";")[0].strip(), quality) for media, quality in accept])
    wish = {media: plain.quality(media) for media in produces}
    best = max(wish.values())
    if best <= 0:
        detail = f"This call answers in {' or '.join(produces)}. Send one of these in Accept"
        raise ProblemError("NOT_ACCEPTABLE", detail)
    return tuple(media for media in produces if wish[media] == best)


def read_content(request: Request, consumes: Sequence[str]) -> tuple[str, bytes]:
    """Media type and bytes of the body; raises the problems with status 415, and PAYLOAD_TOO_LARGE."""
    media = _content_type(request, consumes)
    with _not_too_large(request):
        return media, request.get_data(cache=False)


def open_content(request: Request, consumes: Sequence[str]) -> tuple[str, IO[bytes]]:
    """Media type of the body, and its bytes as they come; raises the same problems."""
    media = _content_type(request, consumes)
    with _not_too_large(request):
        return media, request.stream


def _content_type(request: Request, consumes: Sequence[str]) -> str:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise ProblemError("CONTENT_ENCODING_UNSUPPORTED", "Send the body uncompressed, without a Content-Encoding")
    if request.mimetype not in consumes:
        detail = f"Send the body as {' or '.join(consumes)}, and say so in Content-Type"
        raise ProblemError("UNSUPPORTED_MEDIA_TYPE", detail)
    if request.mimetype_params.get("charset", UTF_8[0]).lower() not in UTF_8:
        raise ProblemError("ENCODING_NOT_UTF8", "Send the body in UTF-8. No other charset is accepted")
    return request.mimetype


@contextmanager
def _not_too_large(request: Request) -> Iterator[None]:
    try:
        yield
    except RequestEntityTooLarge as error:
        limit = request.max_content_length
        raise ProblemError("PAYLOAD_TOO_LARGE", f"The body may have at most {limit} bytes. Send less") from error
