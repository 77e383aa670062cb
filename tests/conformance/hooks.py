"""What the tool has to be told about media types that it does not know: how to write a ZIP file, how to read lines."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import schemathesis


@schemathesis.serializer("application/zip")
def zip_file(_context: Any, value: Any) -> bytes:
    """Whatever was generated, as the one member of an archive; octets as they are."""
    if isinstance(value, bytes):
        return value
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("generated.json", json.dumps(value, default=repr))
    return written.getvalue()


@schemathesis.deserializer("application/x-ndjson")
def lines(_context: Any, response: Any) -> Any:
    """Every line by itself must fit the schema of a line: the last stands for all."""
    return [json.loads(line) for line in response.content.splitlines()][-1]
