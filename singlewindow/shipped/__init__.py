"""The data in the package: configuration, schemas, examples.

In the source tree they are folders at the top, and links in this folder lead there; in an installed package they are
folders in this one.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final


def package_folder(package: str, name: str) -> Path:
    """The real path of a folder in a package; raises RuntimeError if the package is not unpacked."""
    place = files(package) / name
    if not isinstance(place, Path):
        raise RuntimeError(f"{package} is in an archive and cannot be used from there. Install it with pip")
    return place.resolve()


CONFIG: Final = package_folder(__name__, "config")
SCHEMAS: Final = package_folder(__name__, "schemas")
EXAMPLES: Final = package_folder(__name__, "examples")
