"""What the tool has to be told about media types that it does not know: how to write files, how to read lines."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import schemathesis

from singlewindow.documents.types import TYPES


@schemathesis.serializer("application/zip")
def zip_file(_context: Any, value: Any) -> bytes:
    """Whatever was generated, as the one member of an archive; octets as they are."""
    if isinstance(value, bytes):
        return value
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("generated.json", json.dumps(value, default=repr))
    return written.getvalue()


@schemathesis.serializer(*(media for media in TYPES if not media.endswith(("json", "xml", "plain"))))
def document(_context: Any, value: Any) -> bytes:
    """Octets as they are, anything else as JSON."""
    return value if isinstance(value, bytes) else json.dumps(value, default=repr).encode()


@schemathesis.deserializer("application/x-ndjson")
def lines(_context: Any, response: Any) -> Any:
    """Every line by itself must fit the schema of a line: the last stands for all."""
    return [json.loads(line) for line in response.content.splitlines()][-1]
